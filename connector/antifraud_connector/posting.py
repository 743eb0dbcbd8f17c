"""What is still to be told to the platform, and what the platform said to it; the requests themselves are in `platform_api`."""

from __future__ import annotations

import time
from typing import Any

from antifraud_connector.book import Post, delay
from antifraud_connector.journal import Journal, attend, put_day

FOLDERS = {"order": "orders", "alert": "alerts/notices"}
_DUE = """
SELECT s.subject_id, s.kind, s.acknowledge, a.no, a.body, a.key FROM subjects s
LEFT JOIN answers a ON a.subject_id = s.subject_id AND a.state = 'due'
WHERE (s.acknowledge = 'due' OR a.no IS NOT NULL) AND s.post_at <= ? ORDER BY s.priority, s.seen_at LIMIT 1
"""
_COUNT = """
UPDATE subjects SET holds_due = 1, answer_seq = max(answer_seq, (SELECT count(*) FROM answers a
  WHERE a.subject_id = subjects.subject_id AND a.state = 'posted')) WHERE subject_id = ?
"""


class Outbox:
    """The posts of one journal."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def next(self) -> tuple[str, Post] | None:
        """The most urgent post that is due, and its path; an order's acknowledgement goes before its answer."""
        row = self.journal.row(_DUE, time.time())
        if row is None:
            return None
        subject, base = row["subject_id"], f"{FOLDERS[row['kind']]}/{row['subject_id']}"
        if row["acknowledge"] == "due":
            return f"{base}/acknowledge/", Post(subject, "acknowledge", 0, b"{}", f"acknowledge-{subject}")
        return f"{base}/answer/", Post(subject, "answer", row["no"], row["body"], row["key"])

    def accepted(self, post: Post, said: dict[str, Any]) -> None:
        """2xx: told, once and for all. `said` is the order as the platform has it now."""
        with self.journal.change() as db:
            db.execute("DELETE FROM attention WHERE kind = 'post' AND subject_id = ?", (post.subject_id,))
            if post.kind == "acknowledge":
                db.execute("UPDATE subjects SET acknowledge = 'done' WHERE subject_id = ?", (post.subject_id,))
                state = "acknowledged"
            else:
                told = "UPDATE answers SET state = 'posted', posted_at = ? WHERE subject_id = ? AND no = ?"
                db.execute(told, (time.time(), post.subject_id, post.answer_no))
                db.execute(_COUNT, (post.subject_id,))
                state = "answered"
            db.execute(
                "UPDATE subjects SET state = CASE cancelled WHEN 1 THEN 'cancelled' ELSE ? END, changed_at = ?,"
                " post_at = 0, post_tries = 0 WHERE subject_id = ?",
                (state, time.time(), post.subject_id),
            )
            if said.get("available_at") is not None:
                put_day(db, post.subject_id, said["available_at"])

    def refused(self, post: Post, code: str, detail: str) -> None:
        """The platform will never take it. A refused acknowledgement needs nobody: the order has moved on."""
        problem = f"{code}: {detail}"
        with self.journal.change() as db:
            if post.kind == "acknowledge":
                db.execute("UPDATE subjects SET acknowledge = 'refused' WHERE subject_id = ?", (post.subject_id,))
            else:
                state = "elsewhere" if code == "wrong_state" else "refused"
                wanted = "UPDATE answers SET state = ?, problem = ? WHERE subject_id = ? AND no = ?"
                db.execute(wanted, (state, problem[:2000], post.subject_id, post.answer_no))
                attend(db, "answer", post.subject_id, f"The platform did not take answer {post.answer_no}: {problem}.")
            wanted = "UPDATE subjects SET post_at = 0, post_tries = 0, changed_at = ? WHERE subject_id = ?"
            db.execute(wanted, (time.time(), post.subject_id))

    def later(self, post: Post, seconds: float | None) -> None:
        """No usable answer: the same bytes go again, for as long as it takes."""
        with self.journal.change() as db:
            found = db.execute("SELECT post_tries FROM subjects WHERE subject_id = ?", (post.subject_id,)).fetchone()
            pause = max(seconds or 0.0, delay(found[0] + 1))
            wanted = "UPDATE subjects SET post_at = ?, post_tries = post_tries + 1 WHERE subject_id = ?"
            db.execute(wanted, (time.time() + pause, post.subject_id))

    def send_again(self, subject_id: str) -> bool:
        """The platform has forgotten an answer (a restore): the same bytes and key are due again."""
        with self.journal.change() as db:
            again = db.execute(
                "UPDATE answers SET state = 'due' WHERE subject_id = ? AND state = 'posted' AND length(body) > 0",
                (subject_id,),
            )
            if again.rowcount:
                wanted = (
                    "UPDATE subjects SET answer_seq = answer_seq - ?, post_at = 0, post_tries = 0 WHERE subject_id = ?"
                )
                db.execute(wanted, (again.rowcount, subject_id))
            return bool(again.rowcount)
