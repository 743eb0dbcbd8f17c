"""The fields of an entry and the headings that stand for them: Chinese bank replies, wallets, English; no cells here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from accounts.rules.statements.batch import StatementError

MAX_COLUMNS = 200

# The 34 columns of a bank's reply (domain.md §6) come first in each line, then their aliases.
_HEADINGS: dict[str, str] = {
    "card": "交易卡号 卡号 账卡号 本方卡号 主卡号 银行卡号 查询卡号 本方账卡号 查询账号 cardnumber cardno",
    "account": "交易账号 账号 帐号 本方账号 本方帐号 交易帐号 账户账号 客户账号 主账号 账户 我方账号 支付宝账户 account accountnumber "
    "accountno accountid iban ownaccount acctno",
    "account_name": "账户开户名称 账户名称 户名 本方户名 本方姓名 开户名称 客户名称 客户姓名 交易户名 交易方户名 持卡人 账户户名 账户名 "
    "accountname accountholder holder owner",
    "account_id": "开户人证件号码 证件号码 证件号 本方证件号码 身份证号 客户证件号码 开户人证件号 交易证件号码 holderid",
    "counter": "交易对手账卡号 对方账号 对手账号 对方帐号 对方账卡号 交易对方账号 对手账户 对方卡号 对手卡号 交易对手账号 对手账卡号 "
    "对方账户 交易对方账卡号 对方帐户 收付方账号 交易对手卡号 对方账号卡号 counteraccount counterpartyaccount "
    "counterpartyiban counterpartyaccountnumber beneficiaryaccount otheraccount payeeaccount",
    "counter_name": "对手户名 对方户名 对方姓名 交易对方 对手名称 对方名称 交易对手名称 对方账户名称 交易对手户名 对手姓名 交易对方户名 "
    "对方账户名 收付方户名 交易对方名称 对方单位名称 counterparty counterpartyname countername payee payeename beneficiary "
    "beneficiaryname name",
    "counter_id": "对手身份证号 对方证件号码 对手证件号码 对方身份证号 交易对手证件号码 对方证件号",
    "counter_bank": "对手开户银行 对方开户行 对方行名 对手开户行 对方银行 交易对手开户行 对方开户银行 对方开户机构 对方行 交易对方开户行 "
    "对手银行 counterpartybank counterbank beneficiarybank bic counterpartybic",
    "at": "交易时间 交易日期时间 交易发生时间 交易时间戳 记账时间 入账时间 付款时间 交易创建时间 发生时间 datetime timestamp "
    "transactiontime transactiondatetime createtime",
    "date": "交易日期 记账日期 入账日期 交易日 日期 记账日 发生日期 date transactiondate bookingdate posteddate postingdate "
    "dateposted buchungstag",
    "time": "交易时分秒 交易时刻 时间 time timeofday",
    "direction": "收付标志 借贷标志 借贷方向 借贷 收支 收付 收付方向 进出标志 交易方向 出入账标志 资金收付标志 收支类型 资金流向 "
    "借贷标识 收付标识 出入账 收支方向 进出 借贷别 direction debitcredit drcr dc creditdebit creditdebitindicator "
    "cdtdbtind debitcreditindicator inout debitorcredit",
    "amount": "交易金额 金额 发生额 交易额 发生金额 交易金额元 人民币金额 amount transactionamount amt",
    "in_amount": "收入金额 存入金额 贷方金额 贷方发生额 收入 转入金额 存入 贷方 收方金额 进账金额 入账金额 credit creditamount deposit "
    "deposits moneyin paidin amountin in credits",
    "out_amount": "支出金额 支取金额 借方金额 借方发生额 支出 转出金额 支取 借方 付方金额 出账金额 debit debitamount withdrawal "
    "withdrawals moneyout paidout amountout out debits",
    "currency": "交易币种 币种 货币 币别 货币种类 交易货币 账户币种 currency ccy currencycode",
    "balance": "交易余额 余额 账户余额 交易后余额 可用余额 当前余额 本次余额 balance runningbalance balanceafter accountbalance",
    "cash": "现金标志 现金标识 现转标志 现转标识 cash",
    "success": "交易是否成功 是否成功 交易状态 当前状态 交易结果 成功标志 success status transactionstatus",
    "summary": "摘要说明 摘要 交易摘要 用途 附言 摘要描述 资金用途 商品说明 商品 商品名称 交易用途 summary description purpose memo "
    "narrative details particulars",
    "branch": "交易网点名称 网点名称 交易机构 交易机构名称 开户机构 交易行名 交易网点 branch branchname",
    "branch_code": "交易网点代码 网点代码 机构号 交易机构号 网点号 交易行号 branchcode",
    "place": "交易发生地 交易地点 交易地 发生地 交易地区 交易来源地 place location city",
    "voucher": "传票号 传票号码",
    "terminal": "终端号 终端编号 设备号 atm编号 terminal terminalid",
    "ip": "ip地址 ip 登录ip 交易ip 客户端ip ipaddress",
    "mac": "mac地址 mac macaddress",
    "counter_balance": "对手交易余额 对方余额 对手余额",
    "serial": "交易流水号 流水号 交易单号 交易订单号 交易号 业务流水号 核心流水号 主机流水号 交易序号 serial transactionid reference "
    "transactionreference referencenumber fitid txid",
    "journal": "日志号 日志流水号 journal",
    "voucher_kind": "凭证种类 凭证类型",
    "voucher_number": "凭证号 凭证号码 凭证编号 chequenumber checknumber",
    "teller": "交易柜员号 柜员号 柜员 操作柜员 teller",
    "merchant": "商户名称 商户 merchant merchantname",
    "merchant_number": "商户号 商户编号 商户代码 merchantid",
    "remark": "备注 备注说明 附加信息 remark remarks note notes comment",
    "kind": "交易类型 交易种类 业务类型 类型 交易方式 业务种类 交易分类 交易代码 渠道 type transactiontype kind category",
    "feedback": "查询反馈结果原因 反馈结果原因 查询反馈结果 反馈说明 反馈结果",
    "reference": "商户单号 商家订单号 订单号 关联流水号 银联流水号 支付流水号 endtoendid e2eid endtoendreference orderid",
}

FIELDS: tuple[str, ...] = tuple(_HEADINGS)
# What lands in Batch.details under its own name.
_DETAILS = (
    "account_id counter_id summary branch branch_code place voucher terminal ip mac counter_balance journal "
    "voucher_kind voucher_number teller merchant merchant_number remark kind feedback"
)
DETAIL_FIELDS = tuple(_DETAILS.split())

_REMARKS = re.compile(r"[(\[【〔].{0,30}?[)\]】〕]")
_HEADING_MARK = "="  # a mapping key "=CNY" is no heading but a constant


@lru_cache(maxsize=20_000)
def heading_key(text: str) -> str:
    """A heading without widths, case, blanks, signs and remarks in brackets: "收/支 " -> "收支", "金额(元)" -> "金额"."""
    folded = unicodedata.normalize("NFKC", text[:200]).casefold()
    kept = "".join(c for c in _REMARKS.sub("", folded) if c.isalnum())
    return kept or "".join(c for c in folded if c.isalnum())


_BY_KEY: dict[str, str] = {heading_key(word): field for field, words in _HEADINGS.items() for word in words.split()}


def known_field(heading: str) -> str:
    """The field that a heading stands for, "" where it is not known."""
    return _BY_KEY.get(heading_key(heading), "")


def headings_digest_text(headings: Sequence[str]) -> str:
    """The folded headings in order as one text: by its blind index a remembered mapping is found again."""
    return "\x1f".join(heading_key(heading) for heading in headings)


def recognise(headings: Sequence[str]) -> dict[int, str]:
    """{column: field} of the headings that are known; the first of two columns with the same field wins.

    Headings that repeat exactly are refused: which one holds cannot be known. Raises StatementError.
    """
    found: dict[int, str] = {}
    seen: dict[str, str] = {}
    for at, heading in enumerate(headings):
        field = known_field(heading)
        if not field:
            continue
        if field not in seen:
            found[at] = field
            seen[field] = heading_key(heading)
        elif seen[field] == heading_key(heading) and field in {"amount", "at", "direction", "counter", "account"}:
            raise StatementError("headings_repeated", field=field)
    return found


def apply_mapping(headings: Sequence[str], mapping: Mapping[str, str]) -> tuple[dict[int, str], dict[str, str]]:
    """({column: field}, {field: constant}) of what an officer named, over what is recognised.

    A heading mapped to "" is not used. A key "=CNY" gives the constant for its field. Raises StatementError.
    """
    named, constants = split_mapping(mapping)
    by_key = {heading_key(heading): at for at, heading in reversed(list(enumerate(headings)))}
    columns: dict[int, str] = {}
    touched: set[int] = set()
    for heading, field in named.items():
        at = by_key.get(heading_key(heading))
        if at is None:
            raise StatementError("mapping_unknown_heading")
        touched.add(at)
        if not field:
            continue
        if field in columns.values() or field in constants:
            raise StatementError("mapping_repeated", field=field)
        columns[at] = field
    taken = {*columns.values(), *constants}
    left = [heading if at not in touched else "" for at, heading in enumerate(headings)]
    columns.update({at: field for at, field in recognise(left).items() if field not in taken})
    return columns, constants


def split_mapping(mapping: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """({heading: field}, {field: constant}). Raises StatementError for a field that is not known."""
    named: dict[str, str] = {}
    constants: dict[str, str] = {}
    for heading, field in mapping.items():
        if field and field not in _HEADINGS:
            raise StatementError("mapping_unknown_field", field=field[:24])
        if heading.startswith(_HEADING_MARK) and field:
            constants[field] = heading[1:]
        else:
            named[heading] = field
    return named, constants


def missing_fields(fields: set[str], *, has_owner: bool) -> list[str]:
    """The fields without which no row can be read: whose account, when, how much, which way."""
    missing: list[str] = []
    if not has_owner and not fields & {"account", "card"}:
        missing.append("account")
    if not fields & {"at", "date"}:
        missing.append("at")
    if not fields & {"amount", "in_amount", "out_amount"}:
        missing.append("amount")
    if "currency" not in fields:
        missing.append("currency")
    return missing
