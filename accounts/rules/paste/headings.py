"""Names of columns and labels in Chinese and English, and which field they stand for; values are read
elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FIELDS = ("number", "name", "bank", "amount", "time")
IGNORED = "ignored"  # the payer's side and row numbers: known, but not what is asked for

# By field and rank: where two columns name the same field, the lower rank is meant ("收款账号" before
# "账号").
_NAMES: dict[tuple[str, int], str] = {
    ("number", 0): "收款账号 收款账户 收款卡号 收款方账号 收款人账号 收款帐号 转入账号 转入卡号 转入账户 "
    "嫌疑人账号 嫌疑账号 涉案账号 涉案账户 "
    "涉案卡号 目标账号 对方账号 对方账户 对方卡号 交易对手账卡号 payeeaccount beneficiaryaccount "
    "toaccount targetaccount",
    ("number", 1): "账号 帐号 卡号 银行卡号 银行卡 银行账号 银行账户 账户 帐户 账卡号 卡账号 账号卡号 交易卡号 交易账号 "
    "number account accountno "
    "accountnumber card cardno cardnumber iban acct",
    ("name", 0): "收款人 收款人姓名 收款户名 收款方 收款方户名 收款人户名 收款姓名 转入户名 对方户名 对方姓名 对手户名 嫌疑人姓名 payee "
    "payeename beneficiary beneficiaryname",
    ("name", 1): "户名 姓名 开户名 账户名 账户名称 账户开户名称 开户姓名 持卡人 户主 名称 name accountname holder accountholder holdername",
    ("bank", 0): "收款银行 收款开户行 收款行 收款方开户行 收款人开户行 转入银行 对方银行 对方开户行 对手开户银行 payeebank beneficiarybank",
    ("bank", 1): "开户行 开户银行 银行 银行名称 所属银行 发卡行 开户机构 开户网点 机构 支付机构 bank bankname institution issuer",
    ("amount", 0): "转账金额 交易金额 被骗金额 涉案金额 汇款金额 转出金额 amount amt transferamount transactionamount",
    ("amount", 1): "金额 数额 款项 损失金额 sum value",
    ("time", 0): "转账时间 交易时间 汇款时间 转出时间 交易日期时间 transfertime transactiontime timestamp datetime",
    ("time", 1): "时间 日期 交易日期 转账日期 日期时间 time date transactiondate",
    (IGNORED, 9): "序号 编号 行号 付款账号 付款账户 付款卡号 付款人 付款户名 付款银行 付款方 "
    "转出账号 转出卡号 转出户名 转出银行 汇款人 汇款账号 "
    "受害人 受害人账号 受害人姓名 被害人 被害人账号 no id payer payeraccount payername fromaccount "
    "sender remark remarks note "
    "备注 摘要 币种 currency 流水号 交易流水号 reference",
}  # fmt: skip
_BY_NAME: dict[str, tuple[str, int]] = {name: key for key, names in _NAMES.items() for name in names.split()}
_LONGEST = max(map(len, _BY_NAME))
_UNIT = re.compile(r"[(\[（【]([^)\]）】]{0,12})[)\]）】]")
_NO_LABELS = frozenset({"银行", "机构", "名称"})  # they begin names of banks and companies
_HAN_LABELS = sorted((n for n in _BY_NAME if n[0] > "\u2e80" and n not in _NO_LABELS), key=len, reverse=True)
_LATIN_LABELS = frozenset({"account", "number", "acct", "iban", "card", "name", "amount", "amt", "time", "date", "no"})


@dataclass(frozen=True, slots=True)
class Columns:
    """Which cell holds which field. `unit` is what the amount's heading says ("万元" -> "万")."""

    fields: tuple[str, ...]
    unit: str = ""


def heading_field(cell: str) -> tuple[str, int] | None:
    """(field, rank) of a folded heading cell or label, None when it is no known one."""
    return _BY_NAME.get(_word(_UNIT.sub("", cell)))


def read_headings(cells: list[str]) -> Columns | None:
    """Columns of a heading row; None when the cells are no headings.

    A row is a heading when it names the number or two other fields, at least half of its cells are
    known and none of them holds four digits. Of two columns for the same field the more precise counts,
    then the first.
    """
    known = [heading_field(cell) for cell in cells]
    named = {key[0] for key in known if key is not None and key[0] != IGNORED}
    if not named or (named != {"number"} and len(named) < 2):
        return None
    if 2 * sum(key is not None for key in known) <= sum(bool(cell.strip()) for cell in cells):
        return None
    if any(sum(c.isdigit() for c in cell) >= 4 or (":" in cell and len(cells) > 1) for cell in cells):
        return None
    chosen: dict[str, tuple[int, int]] = {}
    for at, key in enumerate(known):
        if key is not None and key[0] != IGNORED:
            chosen[key[0]] = min(chosen.get(key[0], (99, 0)), (key[1], at))
    fields = tuple(
        key[0] if key is not None and chosen.get(key[0], (0, -1))[1] == at else IGNORED for at, key in enumerate(known)
    )
    amount_at = chosen.get("amount", (0, -1))[1]
    return Columns(fields, _unit(cells[amount_at]) if amount_at >= 0 else "")


def split_labels(line: str) -> list[tuple[str, str]]:
    """(field, text) of "账号: 6222… 户名: 张三"; text before the first label has field ""."""
    marks: list[tuple[int, int, str]] = []
    for at, char in enumerate(line):
        if char in ":=" and (found := _label_before(line, at)):
            marks.append((found[0], at + 1, found[1]))
    if not marks:
        return [("", line)]
    ends = [start for start, _, _ in marks[1:]] + [len(line)]
    parts = [("", line[: marks[0][0]])]
    parts += [(field, line[start:end]) for (_, start, field), end in zip(marks, ends, strict=True)]
    return [(field, text) for field, text in ((f, t.strip(" \t,;、|")) for f, t in parts) if text]


def without_label(word: str) -> str:
    """A word without the label that it begins with or is: 卡号6222…, 户名张三, "amount"; "" when
    nothing is left.
    """
    if word.casefold() in _LATIN_LABELS:
        return ""
    for label in _HAN_LABELS:
        if word.startswith(label):
            return "" if _BY_NAME[label][0] == IGNORED else word[len(label) :]
    return word


def _label_before(line: str, end: int) -> tuple[int, str] | None:
    """Start and field of the longest label that ends right before `end` and is no tail of another word."""
    text = line[max(0, end - _LONGEST - 2) : end].rstrip()
    offset = max(0, end - _LONGEST - 2)
    for size in range(min(_LONGEST, len(text)), 1, -1):
        start = len(text) - size
        key = _BY_NAME.get(text[start:].casefold().replace(" ", ""))
        glued = start > 0 and text[start - 1].isascii() and text[start - 1].isalnum() and text[start].isascii()
        if key is not None and not glued and not text[start].isspace():
            return offset + start, key[0]
    return None


def _unit(cell: str) -> str:
    match = _UNIT.search(cell)
    word = match[1] if match else ""
    return next((unit for unit in ("亿", "万", "千") if unit in word), "")


def _word(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
