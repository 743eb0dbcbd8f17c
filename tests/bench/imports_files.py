"""Statement files of any size: the same rows for the same size, a quarter as many accounts as rows, about 100 bytes a row."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from openpyxl import Workbook

HEADINGS = (
    "交易卡号", "交易时间", "交易金额", "交易余额", "收付标志", "交易对手账卡号", "对手户名", "交易币种", "交易流水号", "摘要说明",
)  # fmt: skip
NAMES = ("张伟", "王芳", "李娜", "刘洋", "陈静", "杨磊", "赵敏", "周杰", "吴刚", "郑爽")
START = datetime(2026, 8, 1)  # noqa: DTZ001  # a bank's local time
PER_OWNER = 1000


def rows(count: int) -> Iterator[list[str]]:
    """Rows in order of time for each of count / 1000 owners, with balances that follow."""
    dice = random.Random(4)  # noqa: S311
    counters = max(10, count // 4)
    for number in range(count):
        place = number % PER_OWNER
        if place == 0:
            owner, balance, at = f"6222{number // PER_OWNER:015}", 10_000_000, START
        at += timedelta(seconds=dice.randrange(1, 7000))
        amount = int(dice.lognormvariate(10, 1.5)) + 1
        way = "出" if balance > amount and dice.random() < 0.5 else "进"
        balance += amount if way == "进" else -amount
        other = dice.randrange(counters)
        yield [
            owner, f"{at:%Y-%m-%d %H:%M:%S}", f"{amount / 100:.2f}", f"{balance / 100:.2f}", way, f"6217{other:015}",
            NAMES[other % 10], "CNY", f"{number:012}", "转账" if amount % 3 else "网上支付",
        ]  # fmt: skip


def write_csv(path: Path, count: int, *, more: int = 0) -> None:
    """The rows as UTF-8 CSV; `more` rows at the end that no other file has."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(rows(count))
        for number in range(more):
            writer.writerow([*next(rows(1))[:8], f"N{number:011}", "新"])


def write_xlsx(path: Path, count: int) -> None:
    """The rows as a workbook, every cell a text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("交易明细")
    sheet.append(HEADINGS)
    for row in rows(count):
        sheet.append(row)
    book.save(path)
