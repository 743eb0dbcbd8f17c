"""The kit's sentences in English and Simplified Chinese; numbers and names are filled in by the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LANGUAGES = ("en", "zh")
# case: (English title, Chinese title)
CASES: Mapping[str, tuple[str, str]] = {
    "valid": ("a valid event is taken, its message fetched, the order answered", "有效通知被接收，取回消息并反馈指令"),
    "duplicate": ("the same delivery three times has one effect", "同一投递重复三次，只执行一次"),
    "reorder": (
        "a cancellation that comes before its order prevents its execution",
        "撤销先于指令到达时，指令不被执行",
    ),
    "replay": ("a captured message sent again is refused", "截获后重放的消息被拒绝"),
    "late": ("a signature outside of 300 seconds is refused", "签名时间超出 300 秒的消息被拒绝"),
    "forged": ("a forged, foreign or missing signature is refused", "伪造、他人或缺失的签名被拒绝"),
    "wrong_recipient": ("a message for another bank is refused", "发给其他银行的消息被拒绝"),
    "altered": ("a body changed on the way is refused", "途中被篡改的正文被拒绝"),
    "malformed": (
        "signed bytes that are no event are refused without a crash",
        "签名有效但内容不合法的消息被拒绝且不崩溃",
    ),
    "slow": ("slow senders do not keep others waiting", "慢速发送者不拖慢其他消息"),
    "oversized": ("a body of two megabytes is refused", "两兆字节的正文被拒绝"),
    "unknown_topic": ("a topic of a later version is taken without effect", "未知主题被接收但不产生效果"),
    "alive": ("after all this a valid event is still taken", "经过以上测试后仍能接收有效通知"),
}
FINDINGS: Mapping[str, tuple[str, str]] = {
    "not_taken": ("answered {status} to a valid event; expected 2xx", "对有效通知返回 {status}，应返回 2xx"),
    "closed": ("closed the connection on a valid event; expected 2xx", "收到有效通知时断开连接，应返回 2xx"),
    "silent": ("no answer within 10 seconds ({variant})", "10 秒内没有应答（{variant}）"),
    "not_refused": ("answered {status} to: {variant}; expected 4xx", "对“{variant}”返回 {status}，应返回 4xx"),
    "not_fetched": ("the message was not fetched within {seconds:g} seconds", "{seconds:g} 秒内没有取回消息"),
    "not_answered": ("the order was not answered within {seconds:g} seconds", "{seconds:g} 秒内没有反馈指令"),
    "second_effect": ("gave {count} different answers to one order", "对同一指令给出 {count} 个不同的反馈"),
    "executed_cancelled": ("executed an order that was cancelled before", "执行了已先行撤销的指令"),
    "acted_on": ("acted on a message that must have no effect ({variant})", "对不应生效的消息采取了行动（{variant}）"),
}
VARIANTS: Mapping[str, tuple[str, str]] = {
    "valid": ("a valid event", "有效通知"),
    "replay": ("the same bytes again", "相同字节重放"),
    "old": ("signed 310 seconds ago", "310 秒前签名"),
    "future": ("signed 310 seconds in the future", "签名时间在 310 秒之后"),
    "other_key": ("signed by another key under the right key id", "用其他密钥冒用正确的密钥编号"),
    "unknown_key_id": ("an unknown key id", "未知的密钥编号"),
    "other_algorithm": ("another algorithm named", "声明了其他算法"),
    "unsigned": ("no signature", "没有签名"),
    "wrong_recipient": ("signed for another bank", "签给其他银行"),
    "old_digest": ("a changed body under the old digest", "正文被改，摘要未改"),
    "fitting_digest": ("a changed body with a fitting digest", "正文与摘要同时被改"),
    "no_json": ("broken JSON", "损坏的 JSON"),
    "array": ("an array instead of an object", "数组而非对象"),
    "too_deep": ("JSON nested 2000 levels", "嵌套 2000 层的 JSON"),
    "double_name": ("a name twice in one object", "同一对象中名称重复"),
    "empty": ("an empty body", "空正文"),
    "oversized": ("two megabytes", "两兆字节"),
    "unknown_topic": ("an unknown topic", "未知主题"),
}
STATUSES: Mapping[int, tuple[str, str]] = {0: ("a closed connection", "断开连接"), -1: ("nothing", "无应答")}
WORDS: Mapping[str, tuple[str, str]] = {
    "pass": ("pass", "通过"),
    "fail": ("FAIL", "不通过"),
    "passed": ("All {count} cases passed.", "全部 {count} 项通过。"),
    "failed": ("{failed} of {count} cases failed.", "{count} 项中有 {failed} 项不通过。"),
    "stage": ("test platform at {url}, key {key_id}: {public_key}", "测试平台 {url}，密钥 {key_id}：{public_key}"),
    "point": (
        "Point your test system's platform address there before you start; it must answer test orders by itself.",
        "开始前请把测试系统的平台地址指向此处；测试系统须能自动反馈测试指令。",
    ),
}


def word(language: str, name: str, **values: Any) -> str:
    """A short text."""
    return WORDS[name][LANGUAGES.index(language)].format(**values)


def title(language: str, case: str) -> str:
    """What a case asks for."""
    return CASES[case][LANGUAGES.index(language)]


def finding(language: str, name: str, values: Mapping[str, Any]) -> str:
    """One thing that was wrong."""
    index = LANGUAGES.index(language)
    filled = dict(values)
    if "variant" in filled:
        filled["variant"] = VARIANTS[filled["variant"]][index]
    if filled.get("status") in STATUSES:
        filled["status"] = STATUSES[filled["status"]][index]
    return FINDINGS[name][index].format(**filled)
