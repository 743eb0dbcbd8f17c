"""`antifraud-connector conformance`: start the stage, play the cases, print verdicts, write the report."""

from __future__ import annotations

import argparse
import base64
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from antifraud_connector import config, keys, wire
from antifraud_connector.conformance.bench import Bench, Notes
from antifraud_connector.conformance.cases import CASES
from antifraud_connector.conformance.stage import Stage, server
from antifraud_connector.conformance.texts import LANGUAGES, finding, title, word
from antifraud_connector.errors import ConnectorError

KEY_ID = "conformance-1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--url", required=True, help="your webhook address, as it is registered")
    parser.add_argument(
        "--institution", required=True, help="your institution's code: the recipient of the test messages"
    )
    parser.add_argument("--report", type=Path, help="write the verdicts to this JSON file")
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    parser.add_argument(
        "--listen", default="127.0.0.1:8787", help="where the test platform listens (default 127.0.0.1:8787)"
    )
    parser.add_argument("--platform-code", default="platform", help="the recipient that your answers must name")
    parser.add_argument(
        "--key", type=Path, default=Path("conformance-key.pem"), help="test signing key; made when absent"
    )
    parser.add_argument(
        "--bank-key", metavar="KEY_ID=PUBLIC_KEY", help="your key: your answers must then be signed with it"
    )
    parser.add_argument("--ca-file", type=Path, help="certificate authority of your endpoint")
    parser.add_argument("--wait", type=float, default=15.0, help="seconds for fetching and answering (default 15)")
    parser.add_argument("--case", action="append", choices=sorted(CASES), help="only this case; may be repeated")


def run(asked: argparse.Namespace) -> int:
    """Exit status 0 where every case passed, 1 where one failed. Raises ConnectorError."""
    config.check_url("--url", asked.url)
    address = config.listen(asked.listen, "--listen")
    bank_key = read_bank_key(asked.bank_key) if asked.bank_key else None
    if not asked.key.exists():
        keys.generate(asked.key)
    key = keys.signing_key(KEY_ID, asked.key, "--key")

    def stage_of(url: str) -> Stage:
        stage = Stage(url, code=asked.platform_code, institution=asked.institution, key=key)
        stage.bank_key = bank_key
        return stage

    try:
        listening, stage = server(address, stage_of)
    except OSError as error:
        raise ConnectorError(
            "--listen", f"{asked.listen} cannot be used ({error.strerror}).", "Choose another port."
        ) from error
    try:
        say = stage.listed()
        print(word(asked.language, "stage", url=stage.url, key_id=say["key_id"], public_key=say["public_key"]))
        print(word(asked.language, "point"), flush=True)
        context = wire.tls(asked.ca_file) if asked.url.startswith("https:") else None
        bench = Bench(asked.url, stage, wait=asked.wait, context=context)
        verdicts = [play(bench, name, asked.language) for name in CASES if name in (asked.case or CASES)]
    finally:
        listening.shutdown()
        listening.server_close()
    failed = sum(not verdict["passed"] for verdict in verdicts)
    print(word(asked.language, "failed" if failed else "passed", count=len(verdicts), failed=failed))
    if asked.report:
        write_report(asked, verdicts)
    return 1 if failed else 0


def read_bank_key(text: str) -> tuple[str, Ed25519PublicKey]:
    """Key id and key of `--bank-key`. Raises ConnectorError."""
    key_id, _, encoded = text.partition("=")
    try:
        return key_id, Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded, validate=True))
    except ValueError as error:
        step = "Copy both from `antifraud-connector keygen`."
        raise ConnectorError("--bank-key", "must be the key id, =, and the public key in base64.", step) from error


def play(bench: Bench, name: str, language: str) -> dict[str, Any]:
    """One case: play it, print its verdict at once."""
    notes, begin = Notes(), time.monotonic()
    CASES[name](bench, notes)
    found = [
        {"code": code, "text": finding(language, code, values), "values": values} for code, values in notes.findings
    ]
    passed = not found
    print(f"{word(language, 'pass' if passed else 'fail'):5} {name}: {title(language, name)}")
    for line in found:
        print(f"      - {line['text']}", flush=True)
    seconds = round(time.monotonic() - begin, 2)
    return {"case": name, "title": title(language, name), "passed": passed, "findings": found, "seconds": seconds}


def write_report(asked: argparse.Namespace, verdicts: list[dict[str, Any]]) -> None:
    """The verdicts as JSON."""
    document = {
        "schema": "antifraud.conformance/1", "url": asked.url, "institution": asked.institution, "at": datetime.now(UTC).isoformat(),
        "language": asked.language, "passed": all(verdict["passed"] for verdict in verdicts), "cases": verdicts,
    }  # fmt: skip
    asked.report.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
