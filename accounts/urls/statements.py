"""Statement files of a case, their rows, and the transfers recognised in them."""

from __future__ import annotations

from django.urls import path

from accounts.views import matches, statement_adopt, statement_lines, statement_map, statement_remarks, statements

urlpatterns = [
    path("cases/<uuid:case_id>/statements/", statements.case_statements_view, name="case_statements"),
    path("cases/<uuid:case_id>/statements/adopt/", statement_adopt.statement_adopt_view, name="statement_adopt"),
    path("cases/<uuid:case_id>/matches/", matches.case_matches_view, name="case_matches"),
    path("matches/<uuid:match_id>/undo/", matches.match_undo_view, name="match_undo"),
    path("matches/<uuid:match_id>/restore/", matches.match_restore_view, name="match_restore"),
    path("statements/<uuid:file_id>/", statements.statement_view, name="statement"),
    path("statements/<uuid:file_id>/progress/", statements.statement_progress, name="statement_progress"),
    path("statements/<uuid:file_id>/cancel/", statements.statement_cancel, name="statement_cancel"),
    path("statements/<uuid:file_id>/again/", statements.statement_retry, name="statement_retry"),
    path("statements/<uuid:file_id>/columns/", statement_map.statement_map_view, name="statement_map"),
    path("statements/<uuid:file_id>/columns/preview/", statement_map.statement_map_preview, name="statement_map_preview"),
    path("statements/<uuid:file_id>/remarks/", statement_remarks.statement_remarks_view, name="statement_remarks"),
    path(
        "statements/<uuid:file_id>/remarks/download/",
        statement_remarks.statement_remarks_download,
        name="statement_remarks_download",
    ),
    path("statements/<uuid:file_id>/commit/", statements.statement_commit_view, name="statement_commit"),
    path("statements/<uuid:file_id>/discard/", statements.statement_discard_view, name="statement_discard"),
    path("statements/<uuid:file_id>/lines/", statement_lines.statement_lines_view, name="statement_lines"),
    path(
        "statements/lines/<uuid:line_id>/reveal/", statement_lines.statement_line_reveal_view, name="statement_line_reveal"
    ),
    path(
        "statements/parties/<uuid:party_id>/<slug:field>/reveal/",
        statement_lines.ledger_account_reveal_view,
        name="ledger_account_reveal",
    ),
]  # fmt: skip
