"""A statement of another case is brought into a case without upload: stored anew under that case's key, read and checked there.

Nothing reaches the ledger from here. ADR 0017: a case's rows are its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import StatementFile
from accounts.policy import FlowAction
from accounts.selectors.statements_elsewhere import statement_is_related
from accounts.services.statements.files import statement_ahead, statement_receive
from antifraud import policy
from antifraud.audit import diary
from antifraud.crypto.evidence import StoredEvidence, open_evidence
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Conflict, Invalid, WrongState
from antifraud.plain_text import without_numbers
from banks.models import User
from cases.models import Case

ROWS = StatementFile.objects.select_related("attachment", "institution", "answer__order", "case")
SHORTEST_BASIS, LONGEST_BASIS = 4, 200


@contextmanager
def statement_adopt_ahead(*, by: User, case_id: UUID, file_id: UUID) -> Iterator[StoredEvidence]:
    """The original, encrypted under the case's key before the unit of work of `statement_adopt`. Raises as that does."""
    case, source = _allowed(by, case_id, file_id)
    known = StatementFile.objects.filter(case=case, sha256=bytes(source.sha256)).exclude(
        status__in=["refused", "discarded"]
    )
    earlier = known.first()
    if earlier is not None:  # asked again in `statement_receive`; here it spares copying
        raise Conflict(code="statement_known", extra={"file": str(earlier.pk)})
    with open_evidence(source.attachment.storage_name) as original:
        original.name = f"statement.{source.attachment.media_kind}"  # the kind was read from the content
        with statement_ahead(case_id=case.pk, file=original) as stored:
            yield stored


def statement_adopt(
    *, by: User, case_id: UUID, file_id: UUID, stored: StoredEvidence, legal_basis: str
) -> StatementFile:
    """Receive the file of another case; both diaries say so, with what it rests on.

    Columns, owner, zone and institution are those that an officer settled there. Raises NotFound, Forbidden; Invalid
    (legal_basis, or file: neither the series nor an account of the case leads to it); WrongState for a file that was not
    taken into its ledger and for a closed case; Conflict `statement_known` where the case has these bytes.
    """
    case, source = _allowed(by, case_id, file_id)
    basis = without_numbers(legal_basis).strip()
    if not SHORTEST_BASIS <= len(basis) <= LONGEST_BASIS:
        text = _("Say what allows the use of this statement in this case, in 4 to 200 characters.")
        raise Invalid(fields={"legal_basis": [text]})
    reject_forbidden(legal_basis, field="legal_basis")
    if stored.sha256 != bytes(source.sha256).hex():
        raise ValueError("stored for another file")
    owner = source.owner_number.open() if source.owner_number is not None else None
    received = statement_receive(
        by=by, case=case, stored=stored, title=source.attachment.title.open(), source=StatementFile.Source.CASE,
        institution=source.institution, owner=(owner["number"], owner["name"]) if owner else None, zone=source.zone,
    )  # fmt: skip
    received.adopted_from = source
    received.mapping = source.mapping
    received.save(update_fields=["adopted_from", "mapping"])
    order = source.answer.order_id if source.answer else None
    diary.record(
        "statement.adopt", by=by, obj=received, case_id=case.pk, legal_basis=basis,
        detail={"from_case": source.case_id, "from_file": source.pk, "from_order": order},
    )  # fmt: skip
    diary.record(
        "statement.lend", by=by, obj=source, case_id=source.case_id, legal_basis=basis,
        detail={"to_case": case.pk, "to_file": received.pk},
    )  # fmt: skip
    return received


def _allowed(by: User, case_id: UUID, file_id: UUID) -> tuple[Case, StatementFile]:
    """Both, where the caller may act in both cases and one leads to the other."""
    case = policy.get(by, FlowAction.STATEMENT_IMPORT, Case.objects.all(), case_id)
    source = policy.get(by, FlowAction.STATEMENT_ADOPT, ROWS, file_id)
    if source.status != StatementFile.Status.COMMITTED or source.case_id == case.pk:
        raise WrongState(extra={"state": source.status, "verb": "adopt"})
    if not statement_is_related(user=by, case=case, file=source):
        text = _(
            "Neither a series nor an account of this case leads to the file. Ask the institution for it in this case."
        )
        raise Invalid(fields={"file": [text]})
    return case, source
