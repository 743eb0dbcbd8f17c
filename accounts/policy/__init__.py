"""Who may do what on floor 3: `Action` for accounts, orders, alerts and clocks; one enum more for each later noun."""

from __future__ import annotations

from accounts.policy.features import FeatureAction
from accounts.policy.flow import FlowAction
from accounts.policy.frontier import FrontierAction
from accounts.policy.orders import Action
from accounts.policy.refunds import RefundAction
from accounts.policy.series import SeriesAction

__all__ = ["Action", "FeatureAction", "FlowAction", "FrontierAction", "RefundAction", "SeriesAction"]
