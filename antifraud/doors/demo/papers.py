"""Files that come with answers: a statement as CSV and a scanned slip as PDF, both with invented content."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

from django.core.files.base import ContentFile

from antifraud.doors.demo.invented import Inventor

HEADINGS = (
    "交易卡号", "账户开户名称", "交易时间", "交易金额", "交易余额", "收付标志", "交易对手账卡号", "对手户名", "对手开户银行",
    "摘要说明", "交易币种", "交易是否成功", "交易流水号",
)  # fmt: skip


def statement_csv(inventor: Inventor, *, number: str, name: str, amount_minor: int, at: datetime) -> ContentFile[bytes]:
    """The victim's money coming in and leaving in a few steps."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(HEADINGS)
    balance = inventor.random.randint(10_000, 900_000)
    moment, left = at, amount_minor
    for serial in range(1, inventor.random.randint(4, 9)):
        comes_in = serial == 1
        amount = amount_minor if comes_in else min(left, round(amount_minor * inventor.random.uniform(0.15, 0.4)))
        left -= 0 if comes_in else amount
        balance += amount if comes_in else -amount
        lines.writerow([
            f"{number}\t", name, f"{moment:%Y%m%d%H%M%S}", f"{amount / 100:.2f}", f"{balance / 100:.2f}", "进" if comes_in else "出",
            inventor.wallet(), inventor.name(), "云付通支付", "转账", "CNY", "成功", f"LS{moment:%Y%m%d%H%M%S}{serial:03d}",
        ])  # fmt: skip
        moment += timedelta(minutes=inventor.random.randint(1, 25))
        if left <= 0:
            break
    return ContentFile(text.getvalue().encode("utf-8-sig"), name="statement.csv")


def slip_pdf(order_number: str) -> ContentFile[bytes]:
    """One page that says which order's receipt slip it stands for."""
    drawn = f"BT /F1 16 Tf 60 760 Td (Receipt slip of order {order_number} - demo scan) Tj ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for serial, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (serial, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return ContentFile(body + tail % (len(objects) + 1, table, len(objects) + 1, len(body)), name="slip.pdf")
