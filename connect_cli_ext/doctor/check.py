"""The outcome of one check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Check", "State", "fail", "ok", "warn"]


class State(str, Enum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One line of the report.

    Args:
        name: what was looked at.
        state: how it ended.
        detail: what was found.
        advice: what to do; empty if nothing.
    """

    name: str
    state: State
    detail: str
    advice: str = ""


def ok(name: str, detail: str) -> Check:
    """All is well."""
    return Check(name, State.OK, detail)


def warn(name: str, detail: str, advice: str) -> Check:
    """Something will not work, which not everybody needs."""
    return Check(name, State.WARN, detail, advice)


def fail(name: str, detail: str, advice: str) -> Check:
    """Something is wrong."""
    return Check(name, State.FAIL, detail, advice)
