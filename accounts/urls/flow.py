"""The fund flow of a case: traces, their pictures and files, the frontier, and a bank's view of its own accounts."""

from __future__ import annotations

from django.urls import path

from accounts.views import flow, flow_bank, flow_files, flow_tab, frontier, victims_traces, watches

urlpatterns = [
    path("cases/<uuid:case_id>/flow/", flow_tab.flow_tab_view, name="flow"),
    path("cases/<uuid:case_id>/flow/frontier/", frontier.frontier_view, name="frontier"),
    path("cases/<uuid:case_id>/flow/victims/", victims_traces.victims_trace_view, name="victims_trace"),
    path("flow/<uuid:run_id>/", flow.flow_run_view, name="flow_run"),
    path("flow/<uuid:run_id>/nodes/<int:node>/", flow.flow_node_view, name="flow_node"),
    path("flow/<uuid:run_id>/files/<slug:form>/", flow_files.flow_export_view, name="flow_export"),
    path("flow/<uuid:run_id>/files/<slug:form>/clear/", flow_files.flow_export_clear_view, name="flow_export_clear"),
    path("flow/<uuid:run_id>/difference/<uuid:other_id>/", flow.flow_difference_view, name="flow_difference"),
    path("queue/<uuid:order_id>/credits/", watches.watch_credits_view, name="watch_credits"),
    path("accounts/<uuid:account_id>/flow/", flow_bank.bank_flow_view, name="bank_flow"),
]
