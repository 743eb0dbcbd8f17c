"""What another connection commits between two statements of one request: each statement has a snapshot of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Model


class Between:
    """Runs `act` once, in a thread with a connection of its own, after the nth SELECT of any of the models' tables."""

    def __init__(self, models: tuple[type[Model], ...], nth: int, act: Callable[[], object]) -> None:
        self.tables = tuple(model._meta.db_table for model in models)
        self.left, self.act = nth, act

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if sql.startswith("SELECT") and any(f'FROM "{table}"' in sql for table in self.tables):
            self.left -= 1
            if self.left == 0:
                with ThreadPoolExecutor(1) as other:
                    other.submit(self._run).result()
        return answer

    def _run(self) -> None:
        try:
            self.act()
        finally:
            connection.close()


@contextmanager
def between(models: tuple[type[Model], ...], nth: int, act: Callable[[], object]) -> Iterator[None]:
    """As `Between`, for the statements of the block; fails where they were fewer."""
    found = Between(models, nth, act)
    with connection.execute_wrapper(found):
        yield
    assert found.left <= 0, "the tables were read fewer times"
