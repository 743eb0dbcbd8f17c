"""The API's paths of floor 1."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from banks.api.institutions import InstitutionViewSet

router = SimpleRouter()
router.register("institutions", InstitutionViewSet, basename="api-institution")
urlpatterns = router.urls
