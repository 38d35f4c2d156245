"""The life of a task: its states as a table, and what a result does to it as a frozen decision.

Facts: ``reference/websocket-protocol.md`` section 6.1 (what each result means), ``reference/devops-api.md`` section 4.5
(names of the states). Where those leave room, the reading is written here:

* ``fail`` is final, ``retry`` is repeated with a growing pause, ten times, and then the task has failed. The tries are
  counted since the last ``reschedule``, so that a long «ask again later» does not use them up.
* A runner that vanished with a task has used up one try, so an object that kills its runner is not tried for ever.
* Interactive tasks are never repeated: somebody waits for the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from connect_devops.domain.errors import DevOpsError
from connect_eaas.events import INTERACTIVE
from connect_eaas.protocol.messages import MAX_MESSAGE_LENGTH, TaskOutput

__all__ = [
    "DONE",
    "TRANSITIONS",
    "WAITING",
    "Decision",
    "Fail",
    "HandBack",
    "Happening",
    "Reschedule",
    "Retry",
    "RetryPolicy",
    "Skip",
    "Status",
    "Succeed",
    "TransitionError",
    "decide",
    "decide_lost",
    "printable",
    "status_after",
]

Status = Literal["scheduled", "rescheduled", "processing", "succeeded", "failed", "retrying", "skipped"]
WAITING: Final[tuple[Status, ...]] = ("scheduled", "rescheduled", "retrying")
"""States in which a task waits for a session to take it (as soon as its time has come)."""
DONE: Final[tuple[Status, ...]] = ("succeeded", "failed", "skipped")
"""States in which nothing happens any more by itself."""

Happening = Literal["lease", "succeed", "skip", "fail", "retry", "reschedule", "hand_back", "resubmit", "supersede"]

TRANSITIONS: Final[Mapping[tuple[Status, Happening], Status]] = MappingProxyType(
    {
        ("scheduled", "lease"): "processing",
        ("rescheduled", "lease"): "processing",
        ("retrying", "lease"): "processing",
        ("processing", "succeed"): "succeeded",
        ("processing", "skip"): "skipped",
        ("processing", "fail"): "failed",
        ("processing", "retry"): "retrying",
        ("processing", "reschedule"): "rescheduled",
        ("processing", "hand_back"): "scheduled",
        # Nobody waits for an interactive answer any more, or an operator gave the task up.
        ("scheduled", "fail"): "failed",
        ("rescheduled", "fail"): "failed",
        ("retrying", "fail"): "failed",
        # An older task of the same object and event waits again: that one does the work.
        ("scheduled", "supersede"): "skipped",
        ("failed", "resubmit"): "scheduled",
        # Somebody does not want to wait for the next try.
        ("retrying", "resubmit"): "scheduled",
        ("rescheduled", "resubmit"): "scheduled",
    }
)


class TransitionError(DevOpsError):
    """This cannot happen to a task in that state. Who sees this has found a bug in the platform."""

    def __init__(self, status: str, happening: str) -> None:
        super().__init__(status, happening)
        self.status = status
        self.happening = happening

    def __str__(self) -> str:
        return f"A task that is {self.status} cannot {self.happening.replace('_', ' ')}."


def status_after(status: Status, happening: Happening) -> Status:
    """The state that ``happening`` brings a task into.

    Raises:
        TransitionError: the table has no such transition.
    """
    try:
        return TRANSITIONS[status, happening]
    except KeyError:
        raise TransitionError(status, happening) from None


@dataclass(frozen=True)
class RetryPolicy:
    """How often and after which pauses a task is tried again: 30 s, 1 min, 2 min … up to an hour."""

    limit: int = 10
    first: timedelta = timedelta(seconds=30)
    factor: float = 2.0
    longest: timedelta = timedelta(hours=1)

    def pause(self, used: int) -> timedelta:
        """The pause before the next try, when ``used`` tries have been used up already."""
        seconds = self.first.total_seconds()
        for _ in range(used):
            seconds *= self.factor
            if seconds >= self.longest.total_seconds():
                return self.longest
        return timedelta(seconds=seconds)


@dataclass(frozen=True)
class Succeed:
    """The work is done."""

    happening: Happening = field(default="succeed", init=False)


@dataclass(frozen=True)
class Skip:
    """There was nothing to do."""

    message: str | None = None
    happening: Happening = field(default="skip", init=False)


@dataclass(frozen=True)
class Fail:
    """The work failed for good; only a person can have it tried again."""

    message: str | None = None
    happening: Happening = field(default="fail", init=False)


@dataclass(frozen=True)
class Retry:
    """It is tried again at ``at``."""

    at: datetime
    message: str | None = None
    happening: Happening = field(default="retry", init=False)


@dataclass(frozen=True)
class Reschedule:
    """The handler asked to be called again at ``at``."""

    at: datetime
    happening: Happening = field(default="reschedule", init=False)


@dataclass(frozen=True)
class HandBack:
    """The runner gave the task back without having begun it; nothing is counted."""

    happening: Happening = field(default="hand_back", init=False)


Decision: TypeAlias = Succeed | Skip | Fail | Retry | Reschedule | HandBack

_LONGEST_COUNTDOWN_S: Final = 10 * 365 * 86_400
_NOT_REPEATED: Final = "Interactive tasks are not repeated."


def decide(
    output: TaskOutput, *, category: str, retries_used: int, now: datetime, policy: RetryPolicy = RetryPolicy()
) -> Decision:
    """What a result does to the task.

    Args:
        output: the runner's answer.
        category: the task's category.
        retries_used: tries used up since the last result other than ``retry``.
        now: the moment of the decision.
        policy: limits of repetition.
    """
    message = None if output.message is None else printable(output.message)
    if output.result == "success":
        return Succeed()
    if output.result == "skip":
        return Skip(message)
    if output.result == "fail":
        return Fail(message)
    if output.result == "delete":
        return Fail("The result 'delete' belongs to rows of a transformation, not to tasks.")
    if category == INTERACTIVE:
        return Fail(f"{message}\n{_NOT_REPEATED}"[-MAX_MESSAGE_LENGTH:] if message else _NOT_REPEATED)
    if output.result == "reschedule":
        return Reschedule(now + timedelta(seconds=min(max(output.countdown, 0), _LONGEST_COUNTDOWN_S)))
    return _again(message, retries_used, now, policy, policy.pause(retries_used))


def decide_lost(
    reason: str,
    *,
    category: str,
    retries_used: int,
    now: datetime,
    at_once: bool,
    policy: RetryPolicy = RetryPolicy(),
) -> Decision:
    """What happens to a task whose runner vanished or did not answer in time.

    Args:
        reason: what is known, for people.
        category: the task's category.
        retries_used: as for ``decide``.
        now: the moment of the decision.
        at_once: deliver it again without a pause (the runner is gone, a new one may take it); otherwise with the pause
            of a retry (the runner is there, but does not answer).
        policy: limits of repetition.
    """
    if category == INTERACTIVE:
        return Fail(reason)
    return _again(reason, retries_used, now, policy, timedelta(0) if at_once else policy.pause(retries_used))


def printable(message: str) -> str:
    """The message as it can be kept anywhere: at most 4000 characters, none that a database cannot hold."""
    return message[:MAX_MESSAGE_LENGTH].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _again(
    message: str | None, retries_used: int, now: datetime, policy: RetryPolicy, pause: timedelta
) -> Retry | Fail:
    if retries_used >= policy.limit:
        return Fail(message)
    return Retry(now + pause, message)
