"""What a category makes of a task: a method to call, or an outcome without one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from connect_eaas.protocol.messages import TaskOutput

__all__ = ["Call", "CallPlan", "Settled"]


@dataclass(slots=True)
class Call:
    """Call this method with this argument."""

    method: str
    argument: Any = field(repr=False)


@dataclass(slots=True)
class Settled:
    """No method is called; this is the outcome."""

    output: TaskOutput


CallPlan = Call | Settled
"""What to do with a task."""
