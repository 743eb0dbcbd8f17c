"""Statement files in JSON: what was read and its control totals; no value of a row and no name is in it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.forms.statement_words import remark_text
from accounts.models import StatementFile, StatementIssue

ENDINGS = (
    "xlsx", "csv", "txt", "tsv", "xml", "camt", "ofx", "qfx", "sta", "mt940", "mt942", "940", "942", "fin", "swi",
)  # fmt: skip


class TotalSerializer(serializers.Serializer[Any]):
    """One currency and direction: how many rows, their sum in minor units."""

    currency = serializers.CharField()
    direction = serializers.CharField()
    count = serializers.IntegerField()
    sum_minor = serializers.IntegerField()


class JobSerializer(serializers.Serializer[Any]):
    """How far the work on the file is; `total` is null while it is not known."""

    state = serializers.CharField()
    stage = serializers.CharField()
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)


class StatementSerializer(serializers.ModelSerializer[StatementFile]):
    """One file of a case."""

    sha256 = serializers.SerializerMethodField()
    totals = TotalSerializer(
        many=True, help_text="Of all good rows, as they were compared before the commit; they stay."
    )
    taken = TotalSerializer(many=True, help_text="Of the rows that the commit brought into the ledger.")
    refusal_params = serializers.DictField(
        child=serializers.CharField(), help_text="Where the refusal stands in the file: cell, row, or OFX's number."
    )

    class Meta:
        model = StatementFile
        fields = [
            "id", "case", "institution", "answer", "adopted_from", "source", "status", "version", "layout", "encoding", "zone", "sha256",
            "rows_read", "rows_good", "rows_bad", "rows_left_out", "rows_known", "totals", "taken", "refusal", "refusal_params",
            "received_at", "committed_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_sha256(self, file: StatementFile) -> str:
        """Of the original, in hex."""
        return bytes(file.sha256).hex()


class StatementDetailSerializer(StatementSerializer):
    """One file with its work in the background."""

    job = serializers.SerializerMethodField()  # the context brings it: it is read before the file

    class Meta(StatementSerializer.Meta):
        fields = [*StatementSerializer.Meta.fields, "job"]
        read_only_fields = fields

    def get_job(self, _file: StatementFile) -> dict[str, Any] | None:
        """The newest job, null before the first."""
        job = self.context["job"]
        return dict(JobSerializer(job).data) if job is not None else None


class IssueSerializer(serializers.ModelSerializer[StatementIssue]):
    """A remark about one row: its line number, the field, the code and its sentence."""

    text = serializers.SerializerMethodField()

    class Meta:
        model = StatementIssue
        fields = ["row", "field", "code", "severity", "text"]
        read_only_fields = fields

    def get_text(self, issue: StatementIssue) -> str:
        """Rule and next step in the reader's language."""
        return remark_text(issue.code)


class CommitSerializer(serializers.Serializer[Any]):
    """What is taken: all good rows; `all_or_nothing` refuses while a row is bad."""

    all_or_nothing = serializers.BooleanField(default=False)
    leave_out_repeats = serializers.BooleanField(
        required=False,
        help_text="Needed where rows look like rows of an earlier file: true leaves them out as the same entries told again, false takes "
        "them as other payments.",
    )


class AdoptSerializer(serializers.Serializer[Any]):
    """The case that the file is brought into, and what allows its use there."""

    case = serializers.UUIDField()
    legal_basis = serializers.CharField(min_length=4, max_length=200)


class AnnounceSerializer(serializers.Serializer[Any]):
    """The file that is going to be sent: SHA-256 of its bytes in hex, how many, and the ending of its name."""

    sha256 = serializers.RegexField(r"\A[0-9a-f]{64}\Z")
    size = serializers.IntegerField(min_value=1)
    ending = serializers.ChoiceField(choices=ENDINGS)


class TicketSerializer(serializers.Serializer[Any]):
    """Where to send the bytes, and the ticket that goes with them."""

    ticket = serializers.CharField()
    upload = serializers.CharField()
    expires_at = serializers.DateTimeField()


class ReceiptSerializer(serializers.Serializer[Any]):
    """What the institution gets back: the file was received; what is in it stays with the police."""

    id = serializers.UUIDField()
    order = serializers.UUIDField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    received_at = serializers.DateTimeField()
