"""The bodies of the demo city as tables: institutions, their people's roles, card prefixes and names of banks."""

from __future__ import annotations

from typing import NamedTuple

from banks.rules.bank_names import NameRow
from banks.rules.card_prefixes import PrefixRow


class Body(NamedTuple):
    """One institution. `short` begins its people's user names; `weight`: how often accounts are kept there."""

    code: str
    short: str
    kind: str
    name: str
    name_zh: str
    parent: str = ""
    bank_code: str = ""
    connected: bool = True
    weight: int = 0


BODIES: tuple[Body, ...] = (
    Body("yh-centre", "centre", "centre", "Yunhai Anti-Fraud Centre", "云海市反诈中心"),
    Body("yh-bureau", "bureau", "police", "Yunhai Public Security Bureau", "云海市公安局"),
    Body("yh-donghu", "donghu", "police", "Donghu District Police", "云海市公安局东湖分局", parent="yh-bureau"),
    Body("yh-nanpu", "nanpu", "police", "Nanpu District Police", "云海市公安局南浦分局", parent="yh-bureau"),
    Body("yh-beiling", "beiling", "police", "Beiling District Police", "云海市公安局北岭分局", parent="yh-bureau"),
    Body(
        "icbc", "icbc", "bank", "Industrial and Commercial Bank of China", "中国工商银行", bank_code="ICBC", weight=20
    ),
    Body("icbc-binhe", "binhe", "bank", "ICBC Yunhai Binhe Sub-branch", "中国工商银行云海滨河支行", parent="icbc"),
    Body("abc", "abc", "bank", "Agricultural Bank of China", "中国农业银行", bank_code="ABC", weight=18),
    Body("boc", "boc", "bank", "Bank of China", "中国银行", bank_code="BOC", weight=11),
    Body("ccb", "ccb", "bank", "China Construction Bank", "中国建设银行", bank_code="CCB", weight=18),
    Body("bocom", "bocom", "bank", "Bank of Communications", "交通银行", bank_code="COMM", weight=7),
    Body("cmb", "cmb", "bank", "China Merchants Bank", "招商银行", bank_code="CMB", weight=9),
    Body("psbc", "psbc", "bank", "Postal Savings Bank of China", "中国邮政储蓄银行", bank_code="PSBC", weight=12),
    Body("citic", "citic", "bank", "China CITIC Bank", "中信银行", bank_code="CITIC", weight=5),
    Body("donghu-rural", "rural", "bank", "Donghu Village Bank", "东湖村镇银行", connected=False),
    Body("yunfu", "yunfu", "payment", "Yunfu Pay", "云付通支付"),
    Body("yh-mobile", "mobile", "telecom", "Yunhai Mobile", "云海移动通信"),
    Body("yh-office", "oversight", "oversight", "Joint Oversight Office of Yunhai", "云海市打击治理电信网络诈骗联席办"),
)
DISTRICTS = ("yh-donghu", "yh-nanpu", "yh-beiling")

# kind -> (second part of the user name, role)
_POLICE = (
    ("analyst", "analyst"), ("second", "analyst"), ("approver", "approver"), ("duty", "duty_officer"),
    ("supervisor", "supervisor"),
)  # fmt: skip
_BANK = (("officer", "risk_officer"), ("supervisor", "risk_supervisor"), ("system", "machine"))
ROLES: dict[str, tuple[tuple[str, str], ...]] = {
    "centre": _POLICE,
    "police": _POLICE,
    "bank": _BANK,
    "payment": _BANK,
    "telecom": _BANK,
    "oversight": (("supervisor", "supervisor"), ("auditor", "auditor")),
    "platform": (("admin", "administrator"),),
}


class LogIn(NamedTuple):
    """One line of `demo_logins`."""

    username: str
    what_for: str


LOG_INS: tuple[LogIn, ...] = (
    LogIn("donghu.analyst", "police analyst: files cases, drafts orders"),
    LogIn("donghu.second", "second officer: confirms emergency stops"),
    LogIn("donghu.approver", "approver: approves and rejects orders"),
    LogIn("donghu.supervisor", "unit supervisor: assessment of the unit"),
    LogIn("centre.analyst", "analyst of the anti-fraud centre: all cases of the city"),
    LogIn("centre.supervisor", "supervisor of the centre: assessment of the city"),
    LogIn("icbc.officer", "risk officer of a bank: answers orders"),
    LogIn("icbc.supervisor", "risk supervisor of a bank: assessment of the bank"),
    LogIn("binhe.officer", "risk officer of a sub-branch: orders routed to it"),
    LogIn("mobile.officer", "risk officer of the telecom operator"),
    LogIn("oversight.supervisor", "oversight office: assessment of all sides"),
    LogIn("platform.admin", "administrator: institutions and users, no case"),
)
MADE_FIRST, MADE_LAST = "centre.analyst", "platform.admin"  # the marks of a loading that began, and that ended

# Well-known prefixes of debit cards; only hints, so a few for each bank are enough. (bank, prefixes, digits)
_PREFIXES = (
    ("ICBC", "622202 622203 622208 621226 621225 621281 620058", 19),
    ("ABC", "622848 622845 622846 622841 621282 621671", 19),
    ("BOC", "621661 621660 621663 621756 621785 456351 601382", 19),
    ("CCB", "621700 622700 621284 436742 621081 621467", 19),
    ("COMM", "622260 622261 622262 621069", 19),
    ("CMB", "622588 621483 621485 621486 622609", 16),
    ("PSBC", "622188 621799 621098 621095 622150", 19),
    ("CITIC", "622690 622691 621771 621772", 16),
    ("CEB", "622662 622660", 16),
    ("CMBC", "622622 622615", 16),
    ("SPDB", "622518 622521", 16),
    ("CIB", "622908 622909", 18),
    ("GDB", "622568", 19),
    ("HXBANK", "622630 622632", 16),
    ("SPABANK", "622298", 16),
)
PREFIXES = tuple(
    PrefixRow(prefix, bank, "DC", digits) for bank, prefixes, digits in _PREFIXES for prefix in prefixes.split()
)
_NAMES = {
    "ICBC": "中国工商银行 工商银行 工行",
    "ABC": "中国农业银行 农业银行 农行",
    "BOC": "中国银行 中行",
    "CCB": "中国建设银行 建设银行 建行",
    "COMM": "交通银行 交行",
    "CMB": "招商银行 招行",
    "PSBC": "中国邮政储蓄银行 邮政储蓄银行 邮储银行 邮储",
    "CITIC": "中信银行 中信",
    "CEB": "中国光大银行 光大银行",
    "CMBC": "中国民生银行 民生银行",
    "SPDB": "上海浦东发展银行 浦发银行",
    "CIB": "兴业银行",
    "GDB": "广发银行",
    "HXBANK": "华夏银行",
    "SPABANK": "平安银行",
}
NAMES = tuple(NameRow(code, name) for code, names in _NAMES.items() for name in names.split())
