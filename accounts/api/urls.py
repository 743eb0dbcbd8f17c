"""The API's paths of floor 3."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from accounts.api.accounts import AccountViewSet, HoldViewSet
from accounts.api.orders import OrderViewSet
from accounts.api.queue import QueueViewSet

router = SimpleRouter()
router.register("accounts", AccountViewSet, basename="api-account")
router.register("orders", OrderViewSet, basename="api-order")
router.register("holds", HoldViewSet, basename="api-hold")
router.register("queue", QueueViewSet, basename="api-queue")
urlpatterns = router.urls
