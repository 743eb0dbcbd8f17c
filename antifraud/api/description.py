"""The API's description as a file and as a page; what it says of every operation is in `schema`."""

from __future__ import annotations

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularSwaggerSplitView, SpectacularYAMLAPIView

from antifraud.api.authentication import SessionAuthentication
from antifraud.api.permissions import LoggedIn


class SchemaView(SpectacularYAMLAPIView):
    """The description of exactly those operations that the reader's role has."""

    permission_classes = [LoggedIn]


# Swagger's own page needs one inline style; this address alone gets the looser rule, scripts stay strict.
@method_decorator(csp_update({"style-src": [UNSAFE_INLINE]}), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """The description as a page, for people who are logged in; all files come from this server."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [LoggedIn]
