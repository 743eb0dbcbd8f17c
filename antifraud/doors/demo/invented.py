"""Invented persons, numbers and words from one seed; numbers keep a run of zeros or a region that does not exist,
so that they are nobody's."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

from faker import Faker

from antifraud.doors.demo.bodies import PREFIXES
from cases.rules.fraud_types import FRAUD_TYPES

CITY = "云海市"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"

# What people of each class report, and how much they typically lose (yuan).
STORIES: dict[str, tuple[int, tuple[str, ...]]] = {
    "rebate": (28_000, (
        "受害人被拉入“点赞返现”群，做了几单小额任务得到返利后，被要求垫付大额联单任务，无法提现后报案。",
        "受害人下载陌生应用做刷单任务，前三单本金和佣金到账，第四单被告知操作失误须补单，连续转账后对方失联。",
    )),
    "ecommerce_service": (52_000, (
        "对方自称某购物平台客服，称快递丢失双倍理赔，引导受害人开启屏幕共享后转走账户资金。",
        "对方称受害人误开会员，不取消将每月扣费，指导其在手机银行向“安全账户”转账。",
    )),
    "investment": (160_000, (
        "受害人在直播群内听“老师”讲课，下载投资软件入金，账面盈利后申请提现被要求缴纳保证金。",
        "受害人经网友介绍投资虚拟货币，平台显示高额收益，追加投入后平台关闭。",
    )),
    "loan_card": (21_000, (
        "受害人申请网络贷款，对方称银行卡号填错导致账户冻结，要求先交解冻费和流水认证金。",
    )),
    "credit_record": (64_000, (
        "对方称受害人大学期间注册的贷款账户影响征信，须在各平台借款后转入指定账户“清零”。",
    )),
    "shopping": (5_200, (
        "受害人在二手平台购买手机，对方要求在平台外付款，付款后被拉黑。",
        "受害人在社交群购买演出票，付款后对方以系统卡单为由要求再次付款。",
    )),
    "authority": (230_000, (
        "对方自称外地公安民警，称受害人身份信息涉嫌洗钱，出示“通缉令”，要求将资金转入“核查账户”。",
    )),
    "acquaintance": (86_000, (
        "有人冒用单位领导头像添加受害人，以急需向客户付款为由要求其代为转账。",
    )),
    "game": (3_600, ("受害人出售游戏账号，对方引导其在虚假交易网站充值解冻。",)),
    "romance": (110_000, ("受害人在交友软件结识网友，对方以家人住院、项目周转为由多次借款。",)),
    "online_illicit": (11_000, ("受害人被引诱在赌博网站充值，账户余额无法提现。",)),
    "military": (43_000, ("对方自称部队采购人员，要求受害人代购其他物资并先行垫付货款。",)),
    "other": (18_000, ("受害人接到陌生来电后按对方指示转账，具体手法仍在核实。",)),
}  # fmt: skip


class Inventor:
    """All that is invented for the city; the same seed gives the same people, numbers and words in the same order."""

    def __init__(self, seed: int | str) -> None:
        self.random = random.Random(f"city {seed}")  # noqa: S311  invented people, not secrets
        self._zh = Faker("zh_CN")
        self._en = Faker("en_US")
        for faker in (self._zh, self._en):
            faker.seed_instance(f"city {seed}")
        self._prefixes: dict[str, list[tuple[str, int]]] = {}
        for row in PREFIXES:
            self._prefixes.setdefault(row.bank_code, []).append((row.prefix, row.length))
        self._used: set[str] = set()

    def name(self) -> str:
        """A Chinese name."""
        return str(self._zh.name())

    def foreign_name(self) -> str:
        """A name in Latin letters, as foreigners and company accounts have it."""
        return str(self._en.name())

    def phone(self) -> str:
        """A mobile number with four zeros after its prefix."""
        return self._once(lambda: f"1{self.random.choice('3589')}{self.random.randint(0, 9)}0000{self._digits(4)}")

    def id_number(self) -> str:
        """An identity number of a region (99) that does not exist, with a right check digit."""
        born = date(1958, 1, 1) + timedelta(days=self.random.randint(0, 17_000))
        body = f"990102{born:%Y%m%d}{self._digits(3)}"
        return body + _CHECK[sum(int(c) * w for c, w in zip(body, _WEIGHTS, strict=True)) % 11]

    def card(self, bank_code: str) -> str:
        """A card of a bank's prefix with zeros in the middle and a right Luhn digit."""
        prefix, length = self.random.choice(self._prefixes[bank_code])
        zeros = length - len(prefix) - 7
        return self._once(lambda: _with_luhn(prefix + "0" * zeros + self._digits(6)))

    def corporate(self) -> str:
        """A company's account number: 20 digits."""
        return self._once(lambda: "9900" + self._digits(16))

    def wallet(self) -> str:
        """A payment account."""
        return self._once(lambda: "YF" + self._digits(14))

    def company(self) -> str:
        """A trading company of the city."""
        return CITY + self.random.choice("恒瑞嘉泰鑫盛宏远") + self.random.choice("通达丰源汇诚") + "贸易有限公司"

    def loss(self, fraud_type: str) -> int:
        """Reported loss in minor units, spread around what is typical for the class."""
        yuan = STORIES[fraud_type][0] * self.random.lognormvariate(0, 0.6)
        return max(800, round(yuan / 100) * 100) * 100

    def narrative(self, fraud_type: str) -> str:
        """What happened, in the officer's words."""
        return self.random.choice(STORIES[fraud_type][1])

    def fraud_types(self, count: int) -> list[str]:
        """`count` classes in the real mix: each its rounded share, at least one "other", in a shuffled order."""
        shares = {code: (row.share or 0.02) * count for code, row in FRAUD_TYPES.items()}
        whole = {code: int(share) for code, share in shares.items()}
        rest = sorted(shares, key=lambda code: shares[code] - whole[code], reverse=True)
        for code in rest[: count - sum(whole.values())]:
            whole[code] += 1
        mixed = [code for code, number in whole.items() for _n in range(number)][:count]
        self.random.shuffle(mixed)
        return mixed

    def _digits(self, count: int) -> str:
        return "".join(self.random.choice("0123456789") for _n in range(count))

    def _once(self, make: Callable[[], str]) -> str:
        while True:
            value = make()
            if value not in self._used:
                self._used.add(value)
                return value


def _with_luhn(body: str) -> str:
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    values = [int(c) for c in reversed(body)]
    total = sum(doubled[v] for v in values[::2]) + sum(values[1::2])
    return f"{body}{-total % 10}"


def incident_number(at: datetime, serial: int) -> str:
    """The number of the emergency call desk."""
    return f"JJ{at:%Y%m%d}{serial:04d}"
