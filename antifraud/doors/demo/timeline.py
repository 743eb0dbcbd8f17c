"""Many stories at once, each a generator that yields when it goes on; the clock is moved to each moment in its turn."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Any

from antifraud.doors.demo.clock import move_to

Story = Generator[datetime, None, Any]


class Timeline:
    """Stories in the order of time. What a story would do after `end` is not done: it is under way.

    `between` is done after each `every` moments, and at the end.
    """

    def __init__(self, end: datetime, between: Callable[[], None], every: int) -> None:
        self.end = end
        self.between, self.every = between, every
        self.moments = 0
        self._serial = itertools.count()
        self._waiting: list[tuple[datetime, int, Story]] = []

    def add(self, story: Story) -> None:
        """Begin a story: up to its first `yield` nothing is done."""
        self._go_on(story)

    def at(self, moment: datetime, act: Callable[[], Any]) -> None:
        """One act at one moment."""

        def story() -> Story:
            yield moment
            act()

        self.add(story())

    def run(self) -> None:
        """Play everything up to the end."""
        while self._waiting:
            moment, _serial, story = heapq.heappop(self._waiting)
            move_to(moment)
            self._go_on(story)
            self.moments += 1
            if self.moments % self.every == 0:
                self.between()
        self.between()

    def _go_on(self, story: Story) -> None:
        moment = next(story, None)
        if moment is not None and moment <= self.end:
            heapq.heappush(self._waiting, (moment, next(self._serial), story))
        elif moment is not None:
            story.close()


class Pace:
    """The time of one story; each step says how much later the next one is."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def after(self, minutes: float = 0, *, hours: float = 0, seconds: float = 0) -> datetime:
        """So much later."""
        self.now += timedelta(minutes=minutes, hours=hours, seconds=seconds)
        return self.now

    def until(self, moment: datetime) -> datetime:
        """At that moment, or now where it has passed."""
        self.now = max(self.now, moment)
        return self.now
