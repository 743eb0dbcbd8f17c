"""accounts.rules.picture: places, crossings, groups, cycles as returns; and that 500 accounts are laid out while nobody waits."""

from __future__ import annotations

import random
import re
import time
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.rules.picture import MOST_DRAWN, Dot, Drawing, Line, draw_layers, draw_sankey, draw_times, grouped
from accounts.rules.picture.layers import time_ticks
from accounts.rules.picture.ordering import crossings, ordered
from accounts.rules.picture.sankey import without_cycles
from accounts.rules.picture.shapes import joined

SECOND = 1_000_000


def dot(key: int, level: int = 0, amount: int = 100, at: int = 0, bank: str = "a", **more: bool) -> Dot:
    return Dot(key, level, bank, amount, at * SECOND, **more)


def line(src: int, dst: int, amount: int = 100, at: int = 0, **more: bool) -> Line:
    return Line(src, dst, amount, at * SECOND, **more)


def chain() -> tuple[list[Dot], list[Line]]:
    return (
        [dot(1), dot(2, 1, at=1), dot(3, 2, at=2), dot(4, 2, at=3)],
        [line(1, 2, 300, 1), line(2, 3, 200, 2), line(2, 4, 100, 3)],
    )


def test_columns_follow_the_levels_and_widths_the_amounts() -> None:
    picture = draw_layers(*chain())
    x = {box.key: box.x for box in picture.boxes}
    assert x[1] < x[2] < x[3] == x[4]
    assert [tick.value for tick in picture.ticks] == [0, 1, 2]
    width = {(ribbon.src, ribbon.dst): ribbon.width for ribbon in picture.ribbons}
    assert width[1, 2] == 3 * width[2, 4] > 0
    assert all(box.right <= picture.width and box.y + box.height <= picture.height for box in picture.boxes)


def test_payments_between_the_same_two_are_one_ribbon_that_says_how_many() -> None:
    picture = draw_layers([dot(1), dot(2, 1)], [line(1, 2, 5, 2), line(1, 2, 7, 1)])
    assert [(ribbon.amount, ribbon.count, ribbon.at) for ribbon in picture.ribbons] == [(12, 2, SECOND)]


def test_the_order_of_a_layer_undoes_crossings() -> None:
    layers = {0: [1, 2, 3], 1: [6, 5, 4]}
    lines = [line(1, 4), line(2, 5), line(3, 6)]
    assert crossings([[1, 2, 3], [6, 5, 4]], lines) == 3
    found, left = ordered(layers, lines)
    assert left == 0
    assert found in ([[1, 2, 3], [4, 5, 6]], [[3, 2, 1], [6, 5, 4]])


def test_a_first_sweep_down_that_changes_nothing_is_not_the_last() -> None:
    lines = [line(1, 5), line(2, 4), line(3, 5)]
    found, left = ordered({0: [1, 2, 3], 1: [4, 5]}, lines)
    assert left == crossings(found, lines) == 0


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=24))
def test_crossings_are_counted_like_by_hand(pairs: set[tuple[int, int]]) -> None:
    lines = [line(a, 100 + b) for a, b in pairs]
    by_hand = sum(1 for a, b in pairs for c, d in pairs if a < c and b > d)
    assert crossings([list(range(8)), [100 + n for n in range(8)]], lines) == by_hand


def test_money_that_comes_back_is_drawn_as_a_return_below() -> None:
    picture = draw_layers([dot(1), dot(2, 1, at=1)], [line(1, 2, 100, 1), line(2, 1, 40, 2, is_return=True)])
    back = next(ribbon for ribbon in picture.ribbons if ribbon.src == 2)
    assert back.is_return
    assert back.label_y > max(box.y + box.height for box in picture.boxes)
    assert not next(ribbon for ribbon in picture.ribbons if ribbon.src == 1).is_return


def test_on_the_time_axis_seven_layers_in_23_seconds_stand_apart() -> None:
    dots = [dot(n, n, at=n * 23 // 7) for n in range(8)]
    lines = [line(n, n + 1, 100, (n + 1) * 23 // 7) for n in range(7)]
    picture = draw_times(dots, lines)
    places = [box.x for box in sorted(picture.boxes, key=lambda box: int(box.key))]
    assert places == sorted(places)
    assert len(set(places)) == 8
    _assert_apart(picture)
    assert not [ribbon for ribbon in picture.ribbons if ribbon.is_return], "hardly later is not back"
    steps = {b.value - a.value for a, b in zip(picture.ticks, picture.ticks[1:], strict=False)}
    assert steps == {5 * SECOND}


def test_ticks_are_round_and_few() -> None:
    for span in (0, 1, 23, 86_400, 40_000_000):
        ticks = time_ticks(1_000 * SECOND, (1_000 + span) * SECOND, 1e-6)
        assert 1 <= len(ticks) <= 9


GRAPHS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 10**12), st.integers(0, 99)), max_size=40
).map(lambda rows: [line(a, b, amount, at) for a, b, amount, at in rows if a != b])


@given(GRAPHS)
def test_a_sankey_has_no_cycle_and_loses_no_payment(lines: list[Line]) -> None:
    kept, returns = without_cycles(joined(lines))
    assert sum(each.amount for each in (*kept, *returns)) == sum(each.amount for each in lines)
    above: dict[object, set[object]] = {}
    for each in kept:
        above.setdefault(each.dst, set()).add(each.src)
    left = {key for each in kept for key in (each.src, each.dst)}
    while free := {key for key in left if not above.get(key, set()) & left}:
        left -= free
    assert left == set(), "a cycle is left"


@given(GRAPHS)
def test_a_sankey_keeps_one_scale_for_all_bands(lines: list[Line]) -> None:
    picture = draw_sankey([dot(n, n) for n in range(10)], lines)
    assert all(re.fullmatch(r"[-MLC0-9. e+]+", ribbon.path) for ribbon in picture.ribbons)
    scales = [
        ribbon.width / ribbon.amount
        for ribbon in picture.ribbons
        if not ribbon.is_return and ribbon.width > 1.0 and ribbon.amount
    ]
    assert not scales or max(scales) - min(scales) < 0.01 * max(scales) + 0.006 / min(
        ribbon.amount for ribbon in picture.ribbons
    )


@given(GRAPHS, st.randoms(use_true_random=False))
def test_the_same_trace_gives_the_same_picture_in_whatever_order(lines: list[Line], chance: random.Random) -> None:
    dots = [dot(n, n % 4, at=n) for n in range(10)]
    for draw in (draw_layers, draw_times, draw_sankey):
        first = draw(dots, lines)
        shuffled, turned = lines[:], dots[:]
        chance.shuffle(shuffled)
        chance.shuffle(turned)
        assert draw(turned, shuffled) == first


def _assert_apart(picture: Drawing) -> None:
    for at, one in enumerate(picture.boxes):
        for other in picture.boxes[at + 1 :]:
            beside = one.right <= other.x or other.right <= one.x
            assert beside or abs(one.y - other.y) >= one.height, (one, other)


def big(count: int, seed: int = 7) -> tuple[list[Dot], list[Line]]:
    chance = random.Random(seed)  # noqa: S311 (a picture, no secret)
    dots = [dot(0, 0, 10**8, is_pinned=True)]
    lines = []
    for key in range(1, count):
        payer = dots[chance.randrange(max(0, key - 60), key)]
        dots.append(dot(key, payer.level + 1, chance.randrange(1, 10**8), key, f"bank{key % 17}"))
        lines.append(line(int(payer.key), key, dots[-1].amount, key))
        if key % 5 == 0:
            lines.append(line(key, chance.randrange(key), 100, key))
    return dots, lines


def test_up_to_500_accounts_are_drawn_one_by_one_and_quickly() -> None:
    dots, lines = big(MOST_DRAWN)
    assert grouped(dots, lines) == (dots, lines, {})
    for draw in (draw_layers, draw_times, draw_sankey):
        began = time.process_time()
        picture = draw(dots, lines)
        spent = time.process_time() - began
        print(f"picture: {draw.__name__} {len(picture.boxes)} boxes {len(lines)} lines {spent * 1000:.0f} ms")
        assert spent < 1.5
        assert len(picture.boxes) == MOST_DRAWN
    _assert_apart(draw_layers(dots, lines))
    _assert_apart(draw_times(dots, lines))


def test_more_are_grouped_by_bank_and_level() -> None:
    dots, lines = big(3_000)
    few, between, members = grouped(dots, lines)
    assert len(few) <= MOST_DRAWN
    assert 0 in {each.key for each in few}, "a victim stays alone"
    inside = Counter(key for keys in members.values() for key in keys)
    assert set(inside.values()) == {1}
    assert set(inside) | {each.key for each in few if each.key not in members} == {each.key for each in dots}
    level = {each.key: each.level for each in dots}
    bank = {each.key: each.bank for each in dots}
    for key, keys in members.items():
        word, number, name = str(key).split(":")
        assert (word, {level[each] for each in keys}) == ("g", {int(number)})
        assert name == "*" or {bank[each] for each in keys} == {name}
    assert sum(each.amount for each in few) == sum(each.amount for each in dots)
    assert between
    assert all(each.src != each.dst for each in between)


@settings(max_examples=20)
@given(st.integers(2, 40), st.integers(1, 60))
def test_groups_keep_within_the_room(most: int, banks: int) -> None:
    dots = [dot(n, n % 2, n, bank=f"b{n % banks}") for n in range(100)]
    few, _lines, members = grouped(dots, [], most)
    assert len(few) <= most
    assert sum(len(keys) for keys in members.values()) + len(few) - len(members) == 100
