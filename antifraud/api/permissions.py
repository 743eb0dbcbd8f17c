"""DRF's question "may this request go on?" handed to the policy; what each role may do is in the floors' `policy` rooms."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission

from antifraud import policy
from antifraud.errors import Forbidden


class DenyAll(BasePermission):
    """The default: a view that does not say who may use it can be used by nobody."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """Never."""
        return False

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        """Never."""
        return False


class LoggedIn(BasePermission):
    """Any active user or machine client: for what is the same for all, such as the description of the API."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """Whether somebody was authenticated."""
        return request.user is not None and bool(request.user.is_authenticated)


class ByPolicy(LoggedIn):
    """Asks the policy for the action that the view names in `policy_actions`; a missing entry means no.

    Without an object the question is whether the role has the action at all. Objects are fetched through
    `policy.get`, which asks for the row; `has_object_permission` asks again for a view that fetched otherwise.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        """False where nobody is logged in (401) or the action is not the role's (403)."""
        if not super().has_permission(request, view):
            return False
        if view.action is None or request.method == "OPTIONS":
            raise MethodNotAllowed(request.method)
        action = view.policy_actions.get(view.action)
        if action is None:
            return False
        try:
            policy.require(request.user, action)
        except Forbidden:
            return False
        return True

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        """Raises NotFound for an object out of reach and Forbidden for one that is only known."""
        policy.require(request.user, view.policy_actions[view.action], obj)
        return True
