"""`python -m tests.chaos.skewed SECONDS WORDS…`: a command of the platform under a clock that is wrong by SECONDS.

What is moved is all that Python reads as wall clock in that process and in those that it forks (time.time, datetime.now
and their like, by time-machine). Not moved: the monotonic clock, and the database server's clock.
"""

from __future__ import annotations

import datetime
import runpy
import sys

import time_machine


def main() -> None:
    """Move the clock before anything of the platform is imported, then become the command."""
    skew = float(sys.argv[1])
    moved = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=skew)
    time_machine.travel(moved, tick=True).start()
    words = sys.argv[2:]
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    main()
