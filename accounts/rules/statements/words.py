"""Small vocabularies of statement cells: direction, success, cash, device, account numbers; one text in, one value out."""

from __future__ import annotations

import ipaddress
import re
from unicodedata import is_normalized

from accounts.rules.numbers import read_number
from accounts.rules.statements.memo import Fault
from antifraud.plain_text import fold

MAX_TEXT = 500
_NOTHING = frozenset(
    {"", "-", "--", "---", "—", "——", "/", "\\", "\\N", "NULL", "NONE", "N/A", "NA", "NIL", "无", "空"}
)
_EXCEL_TEXT = re.compile(r'="(.*)"')

_IN_WORDS = (
    "进 贷 贷方 收 收入 收方 进账 入 入账 转入 存入 存 进项 C CR CRDT CREDIT CREDITED IN + 1 01 收款 来账 贷记 贷(收入) 贷方发生额 "
    "DEPOSIT INCOME INCOMING PLUS H HABEN"
)
_OUT_WORDS = (
    "出 借 借方 付 支 支出 付方 出账 转出 支取 取 出项 D DR DBIT DEBIT DEBITED OUT 0 00 02 付款 往账 借记 借(支出) 借方发生额 "
    "WITHDRAWAL EXPENSE OUTGOING MINUS S SOLL"
)
_DIRECTIONS = dict.fromkeys(_IN_WORDS.split(), "in") | dict.fromkeys(_OUT_WORDS.split(), "out") | {"-": "out"}
_NEUTRAL = frozenset({"/", "不计收支", "其他", "其它", "中性交易", "NEUTRAL"})
_CODED = frozenset({"0", "1", "00", "01", "02"})
_KINDS_IN = ("充值", "退款", "转入零钱", "提现失败", "赎回", "收益")
_KINDS_OUT = ("提现", "转出", "零钱通转出", "还款", "申购")

_FAILED_WORDS = (
    "失败 否 F N NO FALSE FAIL FAILED FAILURE 01失败 未成功 不成功 已撤销 撤销 已冲正 冲正 交易关闭 已关闭 "
    "交易失败 支付失败 等待付款 未支付 处理中 REJECTED CANCELLED CANCELED REVERSED DECLINED PENDING 01-失败 "
    "1-失败 失败交易"
)
_SUCCEEDED_WORDS = (
    "成功 是 S Y YES TRUE OK SUCCESS SUCCEEDED SUCCESSFUL COMPLETED BOOKED POSTED 交易成功 支付成功 已转账 "
    "已收钱 对方已收钱 朋友已收钱 已存入零钱 充值完成 提现已到账 已全额退款 退款成功 还款成功 转账成功 已完成 "
    "正常 00-成功 0-成功 00成功 已支付 资金转移 代付成功"
)
_FAILED, _SUCCEEDED = frozenset(_FAILED_WORDS.split()), frozenset(_SUCCEEDED_WORDS.split())
_PARTLY_REFUNDED = re.compile(r"已退款.*")
_NO_ACCOUNT = re.compile(
    r"查无|无此|不存在|没有?查询?到|未查到|未查询到|无交易|无明细|无记录|没有交易|非本行|NO (?:RECORD|DATA|SUCH)",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"^\W*(?:合计|总计|小计|本页|累计|总笔数|共计|交易笔数|打印|说明|注[:：]|TOTAL|SUM\b|END OF)", re.IGNORECASE
)
_CASH_SUMMARY = re.compile(r"现金|取现|存现|ATM ?取|ATM ?存|柜台取|CASH (?:WITHDRAWAL|DEPOSIT)|\bCWD\b", re.IGNORECASE)
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_MAC = re.compile(r"[0-9A-F]{12}")
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]{1,3}")


def clean(text: str) -> str:
    """The cell's text without blanks around it, invisible characters and words for nothing; at most 500 characters."""
    stripped = text.strip()
    if not _is_plain(stripped):
        stripped = fold(stripped[: 4 * MAX_TEXT]).strip()
    if len(stripped) < 5 and stripped.upper() in _NOTHING:
        return ""
    if stripped[0] == "=" and (match := _EXCEL_TEXT.fullmatch(stripped)):
        stripped = match[1].strip()
    return stripped[:MAX_TEXT]


def _is_plain(text: str) -> bool:
    """Whether folding would change nothing; asked first, since folding walks through the characters one by one."""
    if not text.isprintable():
        return False
    return text.isascii() or (is_normalized("NFKC", text) and not _SELECTORS.search(text))


def account_number(text: str) -> str | Fault:
    """Normal form of the row's own account; "" for an empty cell."""
    return _number(text, "account")


def counter_number(text: str) -> str | Fault:
    """Normal form of the counterpart's account; "" for an empty cell. Masked numbers are a Fault that keeps the row."""
    return _number(text, "counter")


def _number(text: str, side: str) -> str | Fault:
    plain = text.strip()
    if plain.isdigit() and plain.isascii() and 4 <= len(plain) <= 34:
        return plain if plain.strip("0") else ""
    plain = clean(plain)
    if not plain:
        return ""
    reading = read_number(plain)
    if not reading.problems:
        return reading.number if reading.number.strip("0") else ""
    if _SCIENTIFIC.fullmatch(fold(plain).strip().upper()):
        return Fault(f"{side}_scientific")
    return Fault(f"{side}_unreadable")


def looks_rounded(number: str) -> bool:
    """18 or 19 digits of which all after the 15th are zeros, as a spreadsheet program makes of a card number.

    With fewer digits after the 15th, chance does so too often.
    """
    return 18 <= len(number) <= 19 and number.isdigit() and not number[15:].strip("0")


def direction_word(text: str) -> str | Fault:
    """ "in", "out", "neutral" (wallets), "" for an empty cell; coded digits are in and out like words."""
    word = fold(text[:20]).strip().upper()
    if word in _DIRECTIONS:
        return _DIRECTIONS[word]
    if word in _NEUTRAL:
        return "neutral"
    if word in _NOTHING:
        return ""
    return _DIRECTIONS.get(word.rstrip("方"), "") or Fault("direction_unreadable")


def is_coded(text: str) -> bool:
    """Whether a direction is a digit, which institutions use both ways round."""
    return text.strip() in _CODED


def direction_of_kind(kind: str) -> str:
    """What a wallet's kind of entry says where it is neither income nor expense, else ""."""
    if any(word in kind for word in _KINDS_IN):
        return "in"
    return "out" if any(word in kind for word in _KINDS_OUT) else ""


def success_word(text: str) -> str:
    """ "" = counts, else the code: not_successful, success_unknown."""
    word = fold(text[:40]).strip().upper()
    if word in _SUCCEEDED or word in _NOTHING:
        return ""
    if word in _FAILED or "失败" in word or "关闭" in word:
        return "not_successful"
    return "" if _PARTLY_REFUNDED.fullmatch(word) or "成功" in word else "success_unknown"


def is_cash_word(text: str) -> bool:
    """现金标志: the words for cash; 转账 and 其它 are not. Codes differ between institutions and say nothing."""
    word = fold(text[:20]).strip().upper()
    return word in {"现金", "现", "CASH", "是", "Y", "YES", "TRUE"} or word.startswith("现金")


def is_cash_summary(text: str) -> bool:
    """Whether the summary says that cash was paid in or out."""
    return bool(_CASH_SUMMARY.search(text))


def says_no_account(text: str) -> bool:
    """The institution's way of saying that there is nothing to report (查无此卡 …)."""
    return bool(_NO_ACCOUNT.search(text))


def says_total(text: str) -> bool:
    """The first words of a total or of a remark below the entries."""
    return bool(_TOTAL.match(text.strip()))


def mac_address(text: str) -> str:
    """12 hexadecimal digits in capitals, "" for what is none or stands for none."""
    if _MAC.fullmatch(text):
        digits = text
    else:
        plain = text[:40] if text.isascii() else fold(text[:40])
        digits = "".join(filter(str.isalnum, plain.upper()))
    return digits if _MAC.fullmatch(digits) and digits.strip("0") and digits.strip("F") else ""


def ip_address(text: str) -> str:
    """A public address in its normal form; addresses that many share (private, local) say nothing about a device."""
    plain = text.strip()
    net, _, host = plain.rpartition(".")
    if ":" not in net and host.isdigit() and host.isascii() and len(host) <= 3 and int(host) <= 255:
        return f"{net}.{int(host)}" if _public_net(net) else ""
    plain = fold(plain[:60]).strip()
    try:
        address = ipaddress.ip_address(plain.partition(":")[0] if plain.count(":") == 1 else plain)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address) if (mapped or address).is_global else ""


def _public_net(net: str) -> bool:
    """Whether three numbers begin a public IPv4 address (IANA's register of special addresses)."""
    try:
        first, second, third = map(int, net.split("."))
    except ValueError:
        return False
    if not (0 < first < 224 and 0 <= second <= 255 and 0 <= third <= 255) or first in {10, 127}:
        return False
    return not (
        (first == 100 and 64 <= second <= 127)
        or (first == 172 and 16 <= second <= 31)
        or (first, second) in {(169, 254), (192, 168), (198, 18), (198, 19)}
        or (first, second, third) in {(192, 0, 0), (192, 0, 2), (198, 51, 100), (203, 0, 113)}
    )
