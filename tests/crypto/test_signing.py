"""The profile antifraud-1: what was signed holds, what was changed in any bit does not (T26)."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from antifraud.crypto import key_document, keyring, signing
from antifraud.crypto.key_document import KeyClass
from antifraud.crypto.signing import PublicKey, Signer, Verified
from antifraud.errors import AppError

NOW = 1_800_000_000
START = datetime.fromtimestamp(NOW, UTC) - timedelta(days=1)
URI = "https://exchange.example/api/v1/orders/0f8fad5b-d9cb-469f-a165-70867728950e/answer/"
BODY = '{"outcome":"executed","handled_by":"王"}'.encode()
FLIPS = 1000


def signer(name: str) -> Signer:
    """A key pair that only this name has."""
    private = Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"."))
    return Signer(name, private.sign)


def public(name: str, **more: Any) -> PublicKey:
    raw = Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b".")).public_key().public_bytes_raw()
    return PublicKey(name, raw, more.pop("not_before", START), **more)


def signed(*names: str, **more: Any) -> dict[str, str]:
    given: dict[str, Any] = {
        "method": "POST", "target_uri": URI, "body": BODY, "message_id": "m-1", "recipient": "platform", "now": NOW,
    } | more  # fmt: skip
    return signing.sign_request(**given, signers=[signer(name) for name in names or ("old",)])


def check(headers: dict[str, str], **more: Any) -> Verified:
    given: dict[str, Any] = {
        "method": "POST", "target_uri": URI, "body": BODY, "recipient": "platform", "now": NOW, "keys": [public("old"), public("new")],
    } | more  # fmt: skip
    return signing.verify_request(headers=headers, **given)


def code(act: Callable[[], Any]) -> str:
    with pytest.raises(AppError) as refused:
        act()
    return refused.value.code


def flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_the_base_is_the_one_of_the_rfc() -> None:
    seen: list[bytes] = []
    spy = Signer("old", lambda message: seen.append(message) or bytes(64))  # type: ignore[func-returns-value]
    headers = signing.sign_request(
        method="POST", target_uri=URI, body=b"", message_id="m-1", recipient="platform", now=NOW, signers=[spy]
    )
    components = '("@method" "@target-uri" "content-digest" "antifraud-message-id" "antifraud-recipient")'
    assert seen == [
        (
            f'"@method": POST\n"@target-uri": {URI}\n'
            '"content-digest": sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\n'
            '"antifraud-message-id": m-1\n"antifraud-recipient": platform\n'
            f'"@signature-params": {components};created={NOW};keyid="old";alg="ed25519"'
        ).encode()
    ]
    assert headers["Signature-Input"] == f'af={components};created={NOW};keyid="old";alg="ed25519"'
    assert headers["Signature"] == f"af=:{'A' * 86}==:"


@pytest.mark.parametrize("names", [("old",), ("new", "old")])
@pytest.mark.parametrize("body", [b"", BODY, bytes(range(256)) * 100])
@pytest.mark.parametrize("age", [-300, 0, 300])
def test_valid_messages_pass(names: tuple[str, ...], body: bytes, age: int) -> None:
    headers = signed(*names, body=body, now=NOW - age)
    assert check(headers, body=body) == Verified(names[0], NOW - age, "m-1")
    assert check({name.upper(): value for name, value in headers.items()}, body=body).key_id == names[0]


@pytest.mark.parametrize("names", [("old",), ("new", "old")])
def test_a_thousand_flipped_bits_are_a_thousand_refusals(names: tuple[str, ...]) -> None:
    """Every header value, the body, the method and the address; the seed is fixed, so that a failure can be found again."""
    rng = random.Random(26)  # noqa: S311
    headers = signed(*names)
    parts: dict[str, Any] = {**headers, "body": BODY, "method": "POST", "target_uri": URI}
    sizes = {name: len(value if isinstance(value, bytes) else value.encode()) * 8 for name, value in parts.items()}
    refused = 0
    for _time in range(FLIPS):
        (name,) = rng.choices(list(sizes), list(sizes.values()))
        value = parts[name]
        raw = flipped(value if isinstance(value, bytes) else value.encode(), rng.randrange(sizes[name]))
        changed: Any = raw if name == "body" else raw.decode("latin-1")
        sent = {**headers, name: changed} if name in headers else headers
        more = {} if name in headers else {name: changed}
        assert check(headers).key_id == names[0]
        refused += bool(code(lambda sent=sent, more=more: check(sent, **more)))  # type: ignore[misc]
    assert refused == FLIPS


@pytest.mark.parametrize("name", ["Signature", "Signature-Input", "Content-Digest"])
def test_no_bit_of_a_header_is_spare(name: str) -> None:
    headers = signed()
    raw = headers[name].encode()
    for bit in range(len(raw) * 8):
        changed = {**headers, name: flipped(raw, bit).decode("latin-1")}
        assert code(lambda changed=changed: check(changed))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Signature": None}, "signature_malformed"),
        ({"Signature-Input": None}, "signature_malformed"),
        ({"Signature": None, "Signature-Input": None}, "signature_missing"),
        ({"Content-Digest": None}, "signature_malformed"),
        ({"Antifraud-Message-Id": None}, "signature_malformed"),
        ({"Antifraud-Recipient": None}, "signature_malformed"),
        ({"Antifraud-Message-Id": "m-2"}, "signature_invalid"),
        ({"Antifraud-Message-Id": "m-1, m-1"}, "signature_malformed"),
        ({"Antifraud-Message-Id": "m" * 65}, "signature_malformed"),
        ({"Antifraud-Recipient": "platform, platform"}, "signature_malformed"),
        ({"signature": "twice"}, "signature_malformed"),
        ({"Content-Digest": "sha-512=:AAAA:"}, "digest_mismatch"),
    ],
)
def test_headers_that_are_not_as_sent(change: dict[str, str | None], expected: str) -> None:
    headers = {name: value for name, value in (signed() | change).items() if value is not None}
    assert code(lambda: check(headers)) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('alg="ed25519"', 'alg="hmac-sha256"'),
        ('alg="ed25519"', 'alg="none"'),
        (';alg="ed25519"', ""),
        ("af=", "sig1="),
        ("af=", "af2="),
        (' "antifraud-recipient"', ""),
        ('"@method" "@target-uri"', '"@target-uri" "@method"'),
        ('keyid="old"', 'keyid="old";expires=9999999999'),
        (f";created={NOW}", ""),
        (f"created={NOW}", f"created=0{NOW}"),
        (f"created={NOW}", f"created={NOW}.0"),
        (";created", "; created"),
    ],
)
def test_another_algorithm_label_order_or_parameter_is_refused(old: str, new: str) -> None:
    headers = signed()
    assert old in headers["Signature-Input"]
    headers["Signature-Input"] = headers["Signature-Input"].replace(old, new)
    assert code(lambda: check(headers)) == "signature_malformed"


def test_another_spelling_of_the_same_signature_is_refused() -> None:
    headers = signed()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    before, last = headers["Signature"][:-4], headers["Signature"][-4]
    headers["Signature"] = f"{before}{letters[letters.index(last) ^ 1]}==:"
    assert code(lambda: check(headers)) == "signature_malformed"


def test_what_was_meant_for_somebody_else() -> None:
    assert code(lambda: check(signed(recipient="bank_b"))) == "wrong_recipient"
    assert code(lambda: check(signed(), method="PUT")) == "signature_invalid"
    assert code(lambda: check(signed(), target_uri=URI + "?x=1")) == "signature_invalid"
    assert code(lambda: check(signed(), keys=[public("new")])) == "key_unknown"


def test_another_banks_key_under_the_same_name() -> None:
    stranger = PublicKey("old", public("stranger").public_key, START)
    assert code(lambda: check(signed(), keys=[stranger])) == "signature_invalid"


def test_a_body_written_anew_is_refused() -> None:
    assert code(lambda: check(signed(), body=BODY.replace(b",", b", "))) == "digest_mismatch"


@pytest.mark.parametrize("age", [-301, 301, 10**6])
def test_outside_of_the_window(age: int) -> None:
    old = public("old", not_before=datetime(2000, 1, 1, tzinfo=UTC))
    assert code(lambda: check(signed(now=NOW - age), keys=[old])) == "signature_expired"


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"not_before": START + timedelta(days=2)}, "key_unknown"),
        ({"not_after": START + timedelta(days=1)}, "key_unknown"),
        ({"revoked_at": START + timedelta(days=1)}, "key_revoked"),
    ],
)
def test_keys_outside_of_their_time(bounds: dict[str, datetime], expected: str) -> None:
    assert code(lambda: check(signed(), keys=[public("old", **bounds)])) == expected


def test_both_signatures_of_an_overlap_must_hold() -> None:
    revoked = public("old", revoked_at=START)
    assert code(lambda: check(signed("new", "old"), keys=[public("new"), revoked])) == "key_revoked"
    assert code(lambda: check(signed("new", "old"), keys=[public("new")])) == "key_unknown"
    assert code(lambda: check(signed("old", "old"))) == "signature_malformed"


@pytest.mark.parametrize("status", [200, 204, 304, 401, 500])
def test_answers_are_bound_to_their_question(status: int) -> None:
    terms: dict[str, Any] = {"status": status, "body": b"", "recipient": "bank_a", "method": "GET", "target_uri": URI}
    headers = signing.sign_response(**terms, message_id="r-1", now=NOW, signers=[signer("new")])
    known: dict[str, Any] = {"headers": headers, "keys": [public("new")], "now": NOW}
    assert signing.verify_response(**terms, **known) == Verified("new", NOW, "r-1")
    for change in ({"status": 201}, {"method": "POST"}, {"target_uri": URI + "x"}):
        assert code(lambda change=change: signing.verify_response(**(terms | change), **known)) == "signature_invalid"  # type: ignore[misc]
    assert code(lambda: signing.verify_response(**(terms | {"body": b" "}), **known)) == "digest_mismatch"
    assert code(lambda: signing.verify_response(**(terms | {"recipient": "bank_b"}), **known)) == "wrong_recipient"
    request = {name: terms[name] for name in ("body", "recipient", "method", "target_uri")}
    assert code(lambda: signing.verify_request(**request, **known)) == "signature_malformed"


@pytest.mark.parametrize("word", ["", "two words", "中", "a" * 65, 'a"b', "a\nb"])
def test_names_outside_of_the_profile_are_never_signed(word: str) -> None:
    for name in ("message_id", "recipient"):
        with pytest.raises(ValueError, match="1 to 64"):
            signed(**{name: word})


# -- the platform's own keys -----------------------------------------------------------------------


def platform_keys() -> list[PublicKey]:
    return [
        PublicKey(key.id, key.public_key, key.not_before, key.not_after, key.revoked_at)
        for key in keyring.current().published_keys()
    ]


def own_request() -> dict[str, str]:
    return signing.sign_request(method="POST", target_uri=URI, body=BODY, message_id="m-1", recipient="bank_a")


def change_file(path: Path, change: Callable[[key_document.Document], key_document.Document]) -> None:
    key_document.replace(path, change(key_document.read(path, private=True)))


def own_check(headers: dict[str, str]) -> Verified:
    return check(headers, recipient="bank_a", keys=platform_keys(), now=None)


def test_after_a_rotation_both_keys_sign_for_seven_days(key_file: Path) -> None:
    (first,) = keyring.current().signer_ids()
    assert own_check(own_request()).key_id == first
    change_file(key_file, lambda document: key_document.with_new_active(document, KeyClass.SIGNING))
    second, again = keyring.current().signer_ids()
    assert again == first != second
    headers = own_request()
    assert own_check(headers).key_id == second
    assert [part.split("=")[0] for part in headers["Signature"].split(", ")] == ["af", "af2"]
    old, new = keyring.current().published_keys()
    assert old.not_after is not None
    assert new.not_after is None
    assert timedelta(days=7) - timedelta(minutes=1) < old.not_after - datetime.now(UTC) <= timedelta(days=7)


def test_after_the_overlap_the_new_key_signs_alone(key_file: Path) -> None:
    (first,) = keyring.current().signer_ids()
    change_file(key_file, lambda document: key_document.with_new_active(document, KeyClass.SIGNING))
    text = key_file.read_text()
    end = key_document.read(key_file, private=True)[KeyClass.SIGNING].keys[first].not_after
    assert end is not None
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    change_file(key_file, lambda _old: key_document.parse(text.replace(end.isoformat(), past), source="test"))
    assert len(keyring.current().signer_ids()) == 1
    assert first not in keyring.current().signer_ids()
    with pytest.raises(keyring.KeyRefused):
        keyring.current().sign_as(first, b"m")


def test_a_third_key_leaves_two_signatures(key_file: Path) -> None:
    for _time in range(2):
        change_file(key_file, lambda document: key_document.with_new_active(document, KeyClass.SIGNING))
    assert len(keyring.current().signer_ids()) == 3
    assert len(own_request()["Signature"].split(", ")) == 2
    assert own_check(own_request()).key_id == keyring.current().signer_ids()[0]


def test_a_revoked_key_signs_nothing_more_in_a_running_process(key_file: Path) -> None:
    (first,) = keyring.current().signer_ids()
    before = own_request()
    change_file(key_file, lambda document: key_document.with_revoked(document, first))
    (second,) = keyring.current().signer_ids()
    assert second != first
    assert own_check(own_request()).key_id == second
    assert code(lambda: own_check(before)) == "key_revoked"
    assert {key.id: bool(key.revoked_at) for key in keyring.current().published_keys()} == {first: True, second: False}


def test_the_older_key_goes_on_alone_where_the_new_one_is_revoked(key_file: Path) -> None:
    (first,) = keyring.current().signer_ids()
    change_file(key_file, lambda document: key_document.with_new_active(document, KeyClass.SIGNING))
    second = keyring.current().signer_ids()[0]
    change_file(key_file, lambda document: key_document.with_revoked(document, second))
    assert keyring.current().signer_ids() == [first]
    assert keyring.current().published_keys()[0].not_after is None
    assert keyring.current().sign(b"m")[0] == first
