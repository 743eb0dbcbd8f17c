"""Returns of money: police's pages, the bank's payouts, release cascades."""

from __future__ import annotations

from django.urls import path

from accounts.views import cascades, payouts, refund_decision, refund_draft, refund_papers, refunds

urlpatterns = [
    path("cases/<uuid:case_id>/refunds/", refunds.case_refunds_view, name="case_refunds"),
    path("cases/<uuid:case_id>/refunds/new/", refund_draft.refund_new_view, name="refund_new"),
    path("holds/<uuid:hold_id>/cascade/", cascades.cascade_view, name="cascade"),
    path("refunds/", refunds.refund_list, name="refunds"),
    path("refunds/payouts/", payouts.payout_list, name="payouts"),
    path("refunds/payouts/<uuid:refund_id>/", payouts.payout_view, name="payout"),
    path(
        "refunds/objections/<uuid:objection_id>/decide/",
        refund_decision.objection_decide_view,
        name="objection_decide",
    ),
    path(
        "refunds/objections/<uuid:objection_id>/<slug:field>/reveal/",
        refund_decision.objection_reveal_view,
        name="objection_reveal",
    ),
    path("refunds/<uuid:refund_id>/", refunds.refund_detail_view, name="refund"),
    path("refunds/<uuid:refund_id>/renew/", refund_draft.refund_renew_view, name="refund_renew"),
    path("refunds/<uuid:refund_id>/decide/", refund_decision.refund_decide_view, name="refund_decide"),
    path("refunds/<uuid:refund_id>/record/", payouts.payout_record_view, name="refund_record"),
    path("refunds/<uuid:refund_id>/decision.pdf", refund_papers.decision_pdf_view, name="refund_pdf"),
    path("refunds/<uuid:refund_id>/step/<slug:verb>/", refunds.refund_step_view, name="refund_step"),
    path("refunds/<uuid:refund_id>/objections/", refund_decision.objection_lodge_view, name="objection_lodge"),
    path("refunds/<uuid:refund_id>/notice/reveal/", refund_papers.notice_reveal_view, name="refund_notice_reveal"),
    path(
        "refunds/<uuid:refund_id>/rounds/<int:round_number>/notice/",
        refund_papers.notice_print_view,
        name="refund_notice_print",
    ),
    path(
        "refunds/<uuid:refund_id>/rounds/<int:round_number>/export/<slug:form>/",
        refund_papers.refund_export_view,
        name="refund_export",
    ),
    path(
        "refunds/<uuid:refund_id>/rounds/<int:round_number>/export/<slug:form>/clear/",
        refund_papers.refund_export_clear_view,
        name="refund_export_clear",
    ),
    path(
        "refunds/<uuid:refund_id>/shares/<uuid:share_id>/give-up/",
        refund_decision.share_give_up_view,
        name="share_give_up",
    ),
    path("refunds/<uuid:refund_id>/shares/<uuid:share_id>/proof/", refund_papers.proof_view, name="share_proof"),
    path(
        "refunds/<uuid:refund_id>/shares/<uuid:share_id>/<slug:field>/reveal/",
        refund_papers.payee_reveal_view,
        name="payee_reveal",
    ),
]
