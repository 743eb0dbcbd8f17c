"""Which words are a bank and which a name; the words only, no directory of banks is asked."""

from __future__ import annotations

from typing import Literal

Kind = Literal["bank", "name", "noise"]

_BANK_PARTS_TEXT = (
    "银行 信用社 信用联社 农商 农信 邮储 支付宝 财付通 微信 云闪付 支行 分行 分理处 营业部 储蓄所 支付 钱包 数字人民币"
)
_BANK_PARTS = tuple(_BANK_PARTS_TEXT.split())
_BANK_WORDS_TEXT = (
    "工行 建行 农行 中行 交行 招行 民生 兴业 光大 华夏 平安 浦发 中信 广发 招商 浙商 渤海 恒丰 邮政 "
    "工商 农业 建设 交通 "
    "icbc ccb abc boc bocom comm cmb citic ceb cmbc spdb psbc hxb gdb cib spabank hsbc dbs ocbc uob "
    "alipay tenpay "
    "wechat wechatpay paypal"
)
_BANK_WORDS = frozenset(_BANK_WORDS_TEXT.split())
_NOISE_TEXT = (
    "转账 转帐 汇款 转入 转出 转给 收款 付款 打款 人民币 嫌疑人 嫌疑 涉案 账户 一级卡 二级卡 一级 "
    "二级 银行卡 储蓄卡 信用卡 备注 "
    "手机银行 网银 atm 共 计 合计 total to the"
)
_NOISE = frozenset(_NOISE_TEXT.split())
_MAX_NAME = 100


def split_texts(words: list[str]) -> list[tuple[Kind, str]]:
    """Words without numbers, times and amounts -> banks, names and what is neither, in the order of writing.

    Chinese words stand alone; Latin words next to each other belong together. A Latin run that holds
    "bank" is cut after it ("Bank of China" after its third word): before the cut stands the bank, after
    it the name.
    """
    found: list[tuple[Kind, str]] = []
    latin: list[str] = []
    for word in words:
        if _is_latin(word):
            latin.append(word)
            continue
        found += _latin_texts(latin)
        latin = []
        if word.casefold() not in _NOISE:
            found.append((_kind(word), word.strip("()[]<>:=-/.。")))
    found += _latin_texts(latin)
    return [(kind, text) for kind, text in found if any(c.isalpha() for c in text)]


def _latin_texts(words: list[str]) -> list[tuple[Kind, str]]:
    if not words:
        return []
    lower = [word.casefold().strip(".") for word in words]
    banks = [at for at, word in enumerate(lower) if word.endswith("bank")]
    if banks:
        cut = banks[0] + 1
        if cut < len(words) and lower[cut] == "of":
            cut += 2
        texts: list[tuple[Kind, str]] = [("bank", " ".join(words[:cut]))]
        return texts + _latin_texts(words[cut:])
    head, tail = (0, len(words))
    before: list[tuple[Kind, str]] = []
    after: list[tuple[Kind, str]] = []
    if lower[0] in _BANK_WORDS:
        before, head = [("bank", words[0])], 1
    elif lower[-1] in _BANK_WORDS:
        after, tail = [("bank", words[-1])], len(words) - 1
    name = " ".join(word for word in words[head:tail] if word.casefold() not in _NOISE)
    kind: Kind = "noise" if len(name) > _MAX_NAME or any(c.isdigit() for c in name) else "name"
    return before + ([(kind, name)] if name else []) + after


def _kind(word: str) -> Kind:
    if word in _BANK_WORDS or any(part in word for part in _BANK_PARTS):
        return "bank"
    return "noise" if len(word) > _MAX_NAME or any(c.isdigit() for c in word) else "name"


def _is_latin(word: str) -> bool:
    return all(ord(c) < 0x2E80 for c in word)
