"""`make chaos` and `make chaos-full`: the acceptance tests on real processes, one JSON line each, status 1 when one fails.

Options: --only 1,13 plays those tests alone; --smoke or --full choose the sizes; --seed repeats a run; --keep keeps the logs.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos import sizes
from tests.chaos.clocks import t8, t15
from tests.chaos.crashes import t1, t2, t5
from tests.chaos.duplicates import t12, t13, t14
from tests.chaos.outages import t3, t4
from tests.chaos.platform import Platform
from tests.chaos.pull import t16
from tests.chaos.result import Result
from tests.chaos.stage import Stage
from tests.chaos.stalls import t6
from tests.chaos.webhooks import t10, t11

# In this order: what leaves the platform as it was comes first, wrong clocks and moved time last.
TESTS: dict[int, Callable[[Stage], Result]] = {
    13: t13, 14: t14, 16: t16, 12: t12, 10: t10, 11: t11, 5: t5, 1: t1, 2: t2, 3: t3, 4: t4, 6: t6, 8: t8,
    15: t15,
}  # fmt: skip


# The guest's leases run out by themselves: it needs time, the web and the database, which its hosts leave alone.
GUEST, HOSTS = 16, (4, 3)


def play(stage: Stage, wanted: Sequence[int]) -> list[Result]:
    """The wanted tests on one platform, in their order, a quiet one beside a loud one."""
    results = []
    host = next((number for number in HOSTS if number in wanted and GUEST in wanted), None)
    with ThreadPoolExecutor(1) as room:
        for number in wanted:
            if number == GUEST and host is not None:
                continue
            beside = room.submit(play_one, stage, GUEST) if number == host else None
            results.append(play_one(stage, number))
            if beside is not None:
                results.append(beside.result())
    return results


def play_one(stage: Stage, number: int) -> Result:
    """One test and its line; a test that ends with an error is one that failed."""
    began = time.monotonic()
    try:
        result = TESTS[number](stage)
    except Exception as error:  # noqa: BLE001 (the other tests shall be played, the status tells)
        result = Result(number)
        result.fault(f"{type(error).__name__}: {error}")
    result.more["seconds"] = round(time.monotonic() - began, 1)
    print(result.line(), flush=True)
    return result


def run(wanted: Sequence[int], chosen: sizes.Sizes, seed: int, folder: Path) -> list[Result]:
    """One platform in `folder` for all of them."""
    began = time.monotonic()
    with Platform(folder) as platform:
        stage = Stage(platform, chosen, seed)
        platform.start_platform()
        stage.log(f"the platform is up after {time.monotonic() - began:.0f} s")
        return play(stage, wanted)


def chaos(wanted: Sequence[int], chosen: sizes.Sizes, *, seed: int, keep: bool = False) -> list[Result]:
    """A folder of its own, removed at the end unless something failed or `keep` is given."""
    folder = Path(tempfile.mkdtemp(prefix="antifraud-chaos-", dir="/tmp"))
    folder.chmod(0o755)
    results: list[Result] = []
    try:
        results = run(wanted, chosen, seed, folder)
    finally:
        if results and all(result.passed for result in results) and not keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"chaos: ledger, journals and logs are in {folder}", file=sys.stderr)
    return results


def main() -> int:
    """Exit status 0 only where every test was played and passed."""
    parser = argparse.ArgumentParser(prog="chaos")
    parser.add_argument("--only", default="", help="numbers of tests, separated by commas")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    options = parser.parse_args()
    wanted = [int(word) for word in options.only.split(",") if word] or list(TESTS)
    unknown = set(wanted) - set(TESTS)
    if unknown:
        parser.error(f"there is no test {sorted(unknown)}; there are {sorted(TESTS)}")
    chosen = sizes.SMOKE if options.smoke else sizes.FULL if options.full else sizes.SHORT
    print(f"chaos: seed {options.seed}, tests {wanted}", file=sys.stderr, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    results = chaos(wanted, chosen, seed=options.seed, keep=options.keep)
    failed = [result.test for result in results if not result.passed]
    print(f"chaos: {len(results)} tests, failed {failed}, {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 1 if failed or len(results) != len(wanted) else 0


if __name__ == "__main__":
    sys.exit(main())
