"""What a session reports to its owner."""

from __future__ import annotations

from dataclasses import dataclass

from connect_eaas.protocol.errors import RemoteProtocolError
from connect_eaas.protocol.messages import Ack, SetupRequest, SetupResponse, Task, WebTask

__all__ = [
    "Acknowledged",
    "Configured",
    "Event",
    "FrameRejected",
    "HandshakeTimedOut",
    "ResultReceived",
    "SetupRequested",
    "ShutdownReceived",
    "TaskDeclined",
    "TaskReceived",
    "WebResultReceived",
    "WebTaskReceived",
]


@dataclass(frozen=True)
class SetupRequested:
    """Platform: a runner introduced itself; answer with a setup response."""

    request: SetupRequest


@dataclass(frozen=True)
class Configured:
    """Runner: configuration came; ``first`` is False for those that are pushed later."""

    response: SetupResponse
    first: bool


@dataclass(frozen=True)
class TaskReceived:
    """Runner: a task to run."""

    task: Task


@dataclass(frozen=True)
class TaskDeclined:
    """Runner: a task came while the session drains. Don't run it; the platform gets it back when the session ends."""

    task: Task | WebTask


@dataclass(frozen=True)
class ResultReceived:
    """Platform: the result of a task; whether its lease still holds is for the queue to say."""

    task: Task


@dataclass(frozen=True)
class WebTaskReceived:
    """Runner: an HTTP call to answer."""

    task: WebTask


@dataclass(frozen=True)
class WebResultReceived:
    """Platform: the answer to an HTTP call."""

    task: WebTask


@dataclass(frozen=True)
class Acknowledged:
    """Runner: the platform settled this result; it may be forgotten."""

    ack: Ack


@dataclass(frozen=True)
class ShutdownReceived:
    """The other side stops. Platform: send no more tasks, keep reading. Runner: stop as on a signal."""


@dataclass(frozen=True)
class FrameRejected:
    """A frame was malformed, unknown or out of order; it had no effect. ``repeated``: the same unknown type again."""

    error: RemoteProtocolError
    repeated: bool = False


@dataclass(frozen=True)
class HandshakeTimedOut:
    """The other side's handshake frame did not come in time; the session is closed, so close the socket."""

    waiting_for: str


Event = (
    SetupRequested
    | Configured
    | TaskReceived
    | TaskDeclined
    | ResultReceived
    | WebTaskReceived
    | WebResultReceived
    | Acknowledged
    | ShutdownReceived
    | FrameRejected
    | HandshakeTimedOut
)
"""Everything that `Session.receive` and `Session.handle_timeout` can report."""
