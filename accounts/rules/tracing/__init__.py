"""Following money through a ledger: FIFO, pro rata, lowest intermediate balance, reach; rows come from a `Reader`.

`trace` is the whole of it. Where the rows come from (SQL) is `selectors.tracing`; who may ask is `services.traces`.
"""

from __future__ import annotations

from accounts.rules.tracing.difference import difference, params_difference
from accounts.rules.tracing.engine import Traced, trace
from accounts.rules.tracing.messages import MESSAGES
from accounts.rules.tracing.params import Params, ParamsError
from accounts.rules.tracing.result import Edge, Node, Result
from accounts.rules.tracing.rows import Place, Reader, Row, Seed, Stretch

__all__ = [
    "MESSAGES",
    "Edge",
    "Node",
    "Params",
    "ParamsError",
    "Place",
    "Reader",
    "Result",
    "Row",
    "Seed",
    "Stretch",
    "Traced",
    "difference",
    "params_difference",
    "trace",
]
