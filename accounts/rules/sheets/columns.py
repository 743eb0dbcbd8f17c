"""The columns of the sheets and how their headings are recognised, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from antifraud.plain_text import fold

Kind = Literal["text", "word", "number", "phone", "amount", "time", "integer", "id", "shown"]

COLUMN_LABELS: dict[str, str] = {
    "order_id": "Order identifier",
    "order_version": "Order version",
    "case_number": "Case number",
    "order_kind": "Order kind",
    "account_number": "Account number",
    "account_name": "Account name",
    "account_bank": "Institution that keeps the account",
    "to_all": "Show to all addressees",
    "asked_amount": "Amount asked for",
    "answer_due_at": "Answer due",
    "outcome": "Outcome",
    "reason": "Reason",
    "reason_text": "Explanation",
    "suggested_institution": "Suggested institution",
    "mismatch_field": "Differing field",
    "effective_from": "Effective from",
    "expires_at": "Expires at",
    "mode": "Mode",
    "executed": "Amount executed",
    "balance": "Balance",
    "previously_frozen": "Previously frozen",
    "free": "Free amount",
    "currency": "Currency",
    "waiting_rank": "Rank in the waiting list",
    "prior_body": "Prior freeze: body",
    "prior_amount": "Prior freeze: amount",
    "prior_expires_at": "Prior freeze: expiry",
    "handled_by": "Handling person",
    "handled_phone": "Phone of the handling person",
    "second_person": "Second person",
    "branch": "Executing branch",
    "hop_institution": "Next hop: institution",
    "hop_number": "Next hop: account number",
    "hop_name": "Next hop: account name",
    "hop_amount": "Next hop: amount",
    "hop_at": "Next hop: time",
    "incident_number": "Incident number",
    "fraud_type": "Fraud type",
    "sub_type": "Sub-type",
    "narrative": "What happened",
    "reported_at": "Reported at",
    "occurred_at": "Occurred at",
    "loss": "Loss",
    "victim_name": "Victim",
    "victim_id_number": "Victim's identity number",
    "victim_phone": "Victim's phone",
    "victim_bank": "Victim's bank",
    "victim_number": "Victim's account number",
    "target_number": "Receiving account number",
    "target_bank": "Receiving bank",
    "target_name": "Receiving account name",
    "transfer_amount": "Transfer amount",
    "transfer_at": "Transfer time",
    "channel": "Channel",
    "reference": "Reference",
}
COLUMN_NAMES_ZH: dict[str, str] = {
    "order_id": "指令标识",
    "order_version": "指令版本",
    "case_number": "案件编号",
    "order_kind": "指令类型",
    "account_number": "账号",
    "account_name": "户名",
    "account_bank": "开户机构",
    "to_all": "所有接收机构可见",
    "asked_amount": "申请金额",
    "answer_due_at": "反馈期限",
    "outcome": "执行结果",
    "reason": "原因",
    "reason_text": "说明",
    "suggested_institution": "建议机构",
    "mismatch_field": "不符项",
    "effective_from": "生效时间",
    "expires_at": "到期时间",
    "mode": "方式",
    "executed": "执行金额",
    "balance": "账户余额",
    "previously_frozen": "在先冻结金额",
    "free": "可用金额",
    "currency": "币种",
    "waiting_rank": "轮候顺位",
    "prior_body": "在先冻结机关",
    "prior_amount": "在先冻结额度",
    "prior_expires_at": "在先冻结到期日",
    "handled_by": "经办人",
    "handled_phone": "经办人电话",
    "second_person": "复核人",
    "branch": "执行网点",
    "hop_institution": "下级机构",
    "hop_number": "下级账号",
    "hop_name": "下级户名",
    "hop_amount": "下级金额",
    "hop_at": "下级时间",
    "incident_number": "警情编号",
    "fraud_type": "诈骗类型",
    "sub_type": "诈骗子类",
    "narrative": "简要案情",
    "reported_at": "报案时间",
    "occurred_at": "案发时间",
    "loss": "损失金额",
    "victim_name": "受害人姓名",
    "victim_id_number": "受害人证件号码",
    "victim_phone": "受害人电话",
    "victim_bank": "受害人开户行",
    "victim_number": "受害人账号",
    "target_number": "收款账号",
    "target_bank": "收款银行",
    "target_name": "收款户名",
    "transfer_amount": "转账金额",
    "transfer_at": "转账时间",
    "channel": "转账渠道",
    "reference": "流水号",
}

_NOTE = re.compile(r"[(\[][^)\]]{0,40}[)\]]")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `needed`: the sheet must have it. `required`: each row must fill it. `shown`: for
    people only.

    `words` maps every accepted word (lower case) to its value, for columns of kind "word". `of_case`:
    the value belongs to the case of several rows, so only its first row must give it.
    """

    name: str
    kind: Kind
    needed: bool = False
    required: bool = False
    of_case: bool = False
    max_length: int = 200
    words: Mapping[str, str] = field(default_factory=dict)


def headings(columns: Sequence[Column], *, chinese: bool) -> list[str]:
    """Headings of a template in the order of the columns."""
    names = COLUMN_NAMES_ZH if chinese else COLUMN_LABELS
    return [names[column.name] for column in columns]


def heading_words(columns: Iterable[Column]) -> dict[str, Column]:
    """Every recognised heading, in its compared form, with its column."""
    return {
        compared(word): column
        for column in columns
        for word in (column.name, COLUMN_LABELS[column.name], COLUMN_NAMES_ZH[column.name])
    }


def compared(text: str) -> str:
    """Headings and words are compared without case, width, blanks, punctuation and notes in brackets."""
    return "".join(c for c in _NOTE.sub("", fold(text)).casefold() if c.isalnum())


def word_table(*tables: Mapping[str, str]) -> dict[str, str]:
    """{code: label, …} tables -> every code and label in compared form with its code."""
    return {compared(word): code for table in tables for code, label in table.items() for word in (code, label)}
