"""The command line: run, check-config, keygen, status, answer, sync, conformance; what they do is in the modules they call."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from antifraud_connector import VERSION, config, keys, plugins, retention, running, strict_json, sync
from antifraud_connector.book import Book
from antifraud_connector.conformance import command as conformance
from antifraud_connector.errors import ConnectorError, RefusedFault, TransportFault
from antifraud_connector.journal import Journal
from antifraud_connector.platform_api import Platform

DEFAULT_CONFIG = "antifraud-connector.toml"


def main(words: Sequence[str] | None = None) -> int:
    """Exit status 0: done, 1: something differs or failed, 2: a person must correct something first."""
    asked = _parser().parse_args(words)
    try:
        status: int = asked.work(asked)
        return status
    except ConnectorError as error:
        print(f"{error.field}: {error.rule}\n  -> {error.next_step}", file=sys.stderr)
        return 2
    except (TransportFault, RefusedFault) as error:
        print(f"the platform: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="antifraud-connector", description="A bank's side of the anti-fraud platform."
    )
    parser.add_argument("--version", action="version", version=VERSION)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--config", type=Path, default=Path(DEFAULT_CONFIG), help=f"settings file (default {DEFAULT_CONFIG})"
    )
    verbs = parser.add_subparsers(required=True, metavar="verb")

    def verb(name: str, work: Any, text: str, *, with_config: bool = True) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=text, description=text, parents=[shared] if with_config else [])
        made.set_defaults(work=work)
        return made

    verb("run", _run, "Receive orders, hand them over, post acknowledgements and answers, until SIGTERM.")
    verb(
        "check-config", _check, "Check the settings, the files they name, the log-in and the platform's keys."
    ).add_argument("--offline", action="store_true", help="do not ask the platform")
    key = verb(
        "keygen", _keygen, "Make an Ed25519 key pair and print the public key for registration.", with_config=False
    )
    key.add_argument("file", type=Path, help="new file for the private key")
    key.add_argument("--institution", required=True, help="your institution's code")
    verb(
        "status", _status, "What is open, and what a person must look at; exit status 1 where there is something."
    ).add_argument("--json", action="store_true")
    by_hand = verb("answer", _answer, "Give an order's answer by hand, for instance after the platform refused one.")
    by_hand.add_argument("order", help="order id")
    by_hand.add_argument("file", type=Path, help="the answer as JSON")
    compare = verb(
        "sync",
        _sync,
        "Compare the books with the platform and mend what can be mended; exit status 1 where they differ.",
    )
    compare.add_argument(
        "--day", type=date.fromisoformat, action="append", help="UTC day (default: yesterday and today)"
    )
    conformance.add_arguments(
        verb("conformance", conformance.run, "Test a bank's own webhook endpoint.", with_config=False)
    )
    return parser


def _run(asked: argparse.Namespace) -> int:
    return running.run(config.load(asked.config))


def _check(asked: argparse.Namespace) -> int:
    found = config.load(asked.config)
    found.secret()
    platform = Platform(found)
    plugins.make(found)
    Journal(found.file("journal.file")).close()
    print("settings, files and plug-in: ok")
    if platform.signing is not None:
        print(
            f"answers are signed as {platform.signing.key_id}, public key {keys.printed(platform.signing.private.public_key())}"
        )
    else:
        print("answers are not signed: no signing.key_id")
    if not asked.offline:
        platform.get("orders/?limit=1")
        print(f"log-in at {found.text('platform.url')}: ok, answers are the platform's own")
    return 0


def _keygen(asked: argparse.Namespace) -> int:
    public = keys.generate(asked.file)
    print(f"key id      {keys.suggested_id(asked.institution, public)}")
    print(f"public key  {keys.printed(public)}")
    print(f"fingerprint {keys.fingerprint(public)}")
    print(
        f"private key {asked.file} (keep it secret; register key id and public key, compare the fingerprint by telephone)"
    )
    return 0


def _status(asked: argparse.Namespace) -> int:
    journal = Journal(config.load(asked.config).file("journal.file"))
    count = {
        name: journal.rows(statement)[0][0]
        for name, statement in (
            ("orders", "SELECT count(*) FROM subjects WHERE kind = 'order'"),
            ("alerts", "SELECT count(*) FROM subjects WHERE kind = 'alert'"),
            ("messages to fetch", "SELECT count(*) FROM deliveries WHERE fetched = 0"),
            (
                "waiting for the plug-in",
                "SELECT count(*) FROM subjects WHERE effect IN ('waiting', 'handing', 'later')",
            ),
            ("acknowledgements to post", "SELECT count(*) FROM subjects WHERE acknowledge = 'due'"),
            ("answers to post", "SELECT count(*) FROM answers WHERE state = 'due'"),
            ("answers accepted", "SELECT count(*) FROM answers WHERE state = 'posted'"),
        )
    }
    matters = [dict(row) for row in journal.rows("SELECT * FROM attention ORDER BY at")]
    if asked.json:
        print(json.dumps({"counts": count, "attention": matters}, ensure_ascii=False))
    else:
        for name, number in count.items():
            print(f"{name:26} {number}")
        for row in matters:
            at = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(row["at"]))
            print(f"! {at} {row['kind']} {row['subject_id']}: {row['text']}")
    return 1 if matters else 0


def _answer(asked: argparse.Namespace) -> int:
    journal = Journal(config.load(asked.config).file("journal.file"))
    try:
        answer = strict_json.read(asked.file.read_bytes())
    except (OSError, ValueError) as error:
        raise ConnectorError(str(asked.file), f"is no JSON object ({error}).", "Correct the file.") from error
    try:
        Book(journal).answer_by_hand(asked.order, answer)
    except ValueError as error:
        raise ConnectorError(asked.order, f"{error}.", "Look at `antifraud-connector status`.") from error
    print("the answer is in the journal; the running connector posts it")
    return 0


def _sync(asked: argparse.Namespace) -> int:
    engine = running.build(config.load(asked.config))
    today = datetime.now(UTC).date()
    for day in asked.day or []:
        if not retention.is_complete(engine.journal, day):
            rule = f"{day} cannot be compared: rows from before {retention.erased_before(engine.journal)} were erased."
            raise ConnectorError("--day", rule, "Choose a later day. Older ones are in the platform's own records.")
    reports = [sync.sync_day(engine, day) for day in asked.day or [today - timedelta(days=1), today]]
    reports.append(sync.sync_holds(engine))
    for report in reports:
        name = f"{report.scope} {report.day}".strip()
        print(f"{name}: {'equal' if report.equal else 'different'} ({report.count} at the platform)")
        for line in report.differences:
            print(f"  {line}")
        for what, ids in (
            ("ordered again", report.repaired),
            ("answer sent again", report.resent),
            ("for people", report.for_people),
        ):
            if ids:
                print(f"  {what}: {', '.join(ids)}")
    return 0 if all(report.equal for report in reports) else 1
