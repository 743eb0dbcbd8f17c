"""What allauth may do here: log people in; nobody signs up by himself."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from banks.models import User

NO_LOG_IN = {User.Role.MACHINE, User.Role.SYSTEM}


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by the administrator; machine users and the platform's own user have no log-in page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person, or None where the password is wrong, the account is off or no person's, or its institution has left."""
        user: User | None = super().authenticate(request, **credentials)
        if user is None or user.role in NO_LOG_IN or not (user.is_active and user.institution.is_active):
            return None
        return user
