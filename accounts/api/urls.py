"""The API's paths of floor 3."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from accounts.api.accounts import AccountViewSet, HoldViewSet
from accounts.api.alerts import AlertViewSet, NoticeViewSet
from accounts.api.clock import ClockViewSet
from accounts.api.flow import AccountFlowViewSet, WatchViewSet
from accounts.api.orders import OrderViewSet
from accounts.api.queue import QueueViewSet
from accounts.api.refund_proofs import PayoutProofViewSet, ProofContentViewSet
from accounts.api.refunds import PayoutViewSet
from accounts.api.statements import OrderStatementViewSet, StatementContentViewSet, StatementViewSet
from accounts.api.sync import SyncViewSet
from accounts.api.traces import CaseTraceViewSet, TraceViewSet

router = SimpleRouter()
router.register("accounts", AccountViewSet, basename="api-account")
router.register("orders", OrderViewSet, basename="api-order")
router.register("holds", HoldViewSet, basename="api-hold")
router.register("queue", QueueViewSet, basename="api-queue")
router.register("alerts/notices", NoticeViewSet, basename="api-notice")
router.register("alerts", AlertViewSet, basename="api-alert")
router.register("orders", ClockViewSet, basename="api-order-clock")
router.register("orders", OrderStatementViewSet, basename="api-order-statement")
router.register("statements", StatementContentViewSet, basename="api-statement-content")
router.register("statements", StatementViewSet, basename="api-statement")
router.register("orders", WatchViewSet, basename="api-order-watch")
router.register("accounts", AccountFlowViewSet, basename="api-account-flow")
router.register("refunds", ProofContentViewSet, basename="api-refund-content")
router.register("refunds", PayoutProofViewSet, basename="api-refund-proof")
router.register("refunds", PayoutViewSet, basename="api-refund")
router.register("cases", CaseTraceViewSet, basename="api-case-trace")
router.register("traces", TraceViewSet, basename="api-trace")
router.register("sync", SyncViewSet, basename="api-sync")
urlpatterns = router.urls
