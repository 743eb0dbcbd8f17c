"""The API's paths of floor 3."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from accounts.api.accounts import AccountViewSet, HoldViewSet
from accounts.api.alerts import AlertViewSet, NoticeViewSet
from accounts.api.clock import ClockViewSet
from accounts.api.orders import OrderViewSet
from accounts.api.queue import QueueViewSet
from accounts.api.sync import SyncViewSet

router = SimpleRouter()
router.register("accounts", AccountViewSet, basename="api-account")
router.register("orders", OrderViewSet, basename="api-order")
router.register("holds", HoldViewSet, basename="api-hold")
router.register("queue", QueueViewSet, basename="api-queue")
router.register("alerts/notices", NoticeViewSet, basename="api-notice")
router.register("alerts", AlertViewSet, basename="api-alert")
router.register("orders", ClockViewSet, basename="api-order-clock")
router.register("sync", SyncViewSet, basename="api-sync")
urlpatterns = router.urls
