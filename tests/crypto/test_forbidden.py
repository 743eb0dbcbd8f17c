"""Codes and passwords are refused however they are written; a story about them is not."""

from __future__ import annotations

import contextlib
import time

import pytest

from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Invalid

REFUSED = [
    "密码123456",
    "密码：123456",
    "银行卡密码是 1 2 3 4 5 6",
    "支付密码为１２３４５６",
    "取款密码：一二三四五六",
    "他的密码是abc123!",
    "密码:Qwert",
    "密码Abc123456",
    "验证码 483920",
    "验证码是：4839",
    "短信验证码为483-920",
    "动态口令 12345678",
    "CVV 123",
    "cvv2:123",
    "CVN2 ＝ 123",
    "卡背面安全码123",
    "PIN 1234",
    "PIN code is 1234",
    "pin: 1234",
    "P\u200bIN 1234",
    "my password is hunter22",
    "the password was hunter!x",
    "password1234x",
    "password=secret",
    "pwd: x9$kk",
    "OTP 483920",
    "one-time code: 483920",
    "the verification code was 4839",
]
ALLOWED = [
    "",
    "骗子要求受害人提供验证码。",
    "对方让我把密码告诉他，我没有说。",
    "密码被盗，转账5000元，卡号6222021234560123",
    "验证码发到13812345678",
    "He asked for the PIN and I refused. The loss is 5000.",
    "pinned message 1234",
    "spinning 1234",
    "account 6222021234560123, 2026-05-04, 5000.00",
    "密码箱一个",
    "安全码头12345号",
    "The password was reset on 4 May.",
    "Mr Tan 1234 is the holder",
]


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        reject_forbidden(f"前文。{text}。后文", field="story")
    assert list(caught.value.fields) == ["story"]
    message = str(caught.value.fields["story"][0])
    assert "must not be stored" in message
    assert not any(char.isdigit() for char in message)


@pytest.mark.parametrize("text", ALLOWED)
def test_allowed(text: str) -> None:
    reject_forbidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "密码" * 20_000,
        "pin " * 20_000,
        "密码:" + " " * 40_000,
        "1 " * 40_000,
        "密码" + "a" * 60_000,
        "password-" * 10_000,
    ],
)
def test_long_text_is_judged_quickly(text: str) -> None:
    start = time.process_time()
    with contextlib.suppress(Invalid):
        reject_forbidden(text)
    assert time.process_time() - start < 2
