"""The tables of floor 1."""

from __future__ import annotations

from banks.models.card_prefix import BankName, CardPrefix
from banks.models.clock import AppClock
from banks.models.credential import MachineClient
from banks.models.endpoint import WebhookEndpoint
from banks.models.institution import Agreement, CalendarDay, Institution, IssuePower, LegalProfile, WorkCalendar
from banks.models.key import InstitutionKey, SeenMessage, SignedMessage
from banks.models.lane import Attempt, Delivery, Lane
from banks.models.notification import Notification
from banks.models.platform import PlatformState
from banks.models.user import User

__all__ = [
    "Agreement", "AppClock", "Attempt", "BankName", "CalendarDay", "CardPrefix", "Delivery", "Institution",
    "InstitutionKey", "IssuePower", "Lane", "LegalProfile", "MachineClient", "Notification", "PlatformState",
    "SeenMessage", "SignedMessage", "User", "WebhookEndpoint", "WorkCalendar",
]  # fmt: skip
