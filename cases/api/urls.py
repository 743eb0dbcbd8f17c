"""The API's paths of floor 2."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from cases.api.cases import CaseViewSet

router = SimpleRouter()
router.register("cases", CaseViewSet, basename="api-case")
urlpatterns = router.urls
