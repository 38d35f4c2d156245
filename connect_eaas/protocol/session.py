"""One session between a runner and the platform, without I/O: frames in, events out, and what is due to be sent.

The same machine serves both sides::

    session = Session(Side.RUNNER, now=clock(), features=(ACKNOWLEDGEMENTS,))
    session.send(SetupRequest(...))
    for frame in session.data_to_send():        # the caller must send these
        await socket.send(frame)
    for event in session.receive(frame, now):   # the caller should act on these
        ...

It reads no clock: ``now`` is seconds of any monotonic clock, and ``handshake_deadline`` says when ``handle_timeout``
is due. Nothing that the other side sends can raise or end the session: what is malformed, unknown or out of order
becomes a `FrameRejected` event. Our own mistakes raise `LocalProtocolError`.

The rules are two tables. `TRANSITIONS` says who may say what in which state and what comes of it, and both sides keep
to it when they send. `TOLERATED` says what a receiver forgives, because frames cross on the wire or because other
implementations are less strict. Facts: ``reference/websocket-protocol.md`` sections 2, 3 and 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from types import MappingProxyType
from typing import Final

from connect_eaas.protocol import codec
from connect_eaas.protocol.errors import (
    LocalProtocolError,
    MalformedFrameError,
    OutOfOrderError,
    RemoteProtocolError,
    UnknownMessageError,
)
from connect_eaas.protocol.messages import (
    ACKNOWLEDGEMENTS,
    Ack,
    Data,
    SetupRequest,
    SetupResponse,
    Shutdown,
    Task,
    WebTask,
)
from connect_eaas.protocol.session_events import (
    Acknowledged,
    Configured,
    Event,
    FrameRejected,
    HandshakeTimedOut,
    ResultReceived,
    SetupRequested,
    ShutdownReceived,
    TaskDeclined,
    TaskReceived,
    WebResultReceived,
    WebTaskReceived,
)

__all__ = ["HANDSHAKE_TIMEOUT_S", "TOLERATED", "TRANSITIONS", "Session", "Side", "State", "Tolerance"]

HANDSHAKE_TIMEOUT_S: Final = 5.0
"""The other side's handshake frame is due within this time (``reference/websocket-protocol.md`` section 2)."""

_UNKNOWN_TYPES_REMEMBERED: Final = 100


class _Word(Enum):
    # Members are singletons. Enum's own hash is a Python function, and the tables are read for each frame.
    __hash__ = object.__hash__


class Side(_Word):
    """Who speaks."""

    RUNNER = "runner"
    PLATFORM = "platform"

    @property
    def other(self) -> Side:
        """The side at the other end of the wire."""
        return Side.PLATFORM if self is Side.RUNNER else Side.RUNNER


class State(_Word):
    """Where a session stands."""

    START = "start"
    """Nothing was said yet: the runner's setup request is due."""
    SETUP = "setup"
    """The runner introduced itself: the platform's setup response is due."""
    OPEN = "open"
    """Configured: tasks, results and new configuration flow."""
    DRAINING = "draining"
    """A side said `shutdown`: no new tasks; results and acknowledgements still flow."""
    CLOSED = "closed"
    """Nothing flows any more."""


class Tolerance(Enum):
    """What a receiver does with a frame that `TRANSITIONS` does not allow."""

    ACCEPT = "accept"
    """Take it as if it had come in order."""
    HOLD = "hold"
    """Keep it until the session is configured."""
    DECLINE = "decline"
    """Report a task that will not be run; its lease returns to the platform when the session ends."""


_Rule = tuple[State, Side, str]

TRANSITIONS: Final = MappingProxyType[_Rule, State](
    {
        (State.START, Side.RUNNER, "setup_request"): State.SETUP,
        (State.START, Side.RUNNER, "shutdown"): State.DRAINING,
        (State.SETUP, Side.RUNNER, "shutdown"): State.DRAINING,
        (State.SETUP, Side.PLATFORM, "setup_response"): State.OPEN,
        (State.OPEN, Side.PLATFORM, "setup_response"): State.OPEN,
        (State.OPEN, Side.PLATFORM, "task"): State.OPEN,
        (State.OPEN, Side.PLATFORM, "web_task"): State.OPEN,
        (State.OPEN, Side.PLATFORM, "ack"): State.OPEN,
        (State.OPEN, Side.PLATFORM, "shutdown"): State.DRAINING,
        (State.OPEN, Side.RUNNER, "task"): State.OPEN,
        (State.OPEN, Side.RUNNER, "web_task"): State.OPEN,
        (State.OPEN, Side.RUNNER, "shutdown"): State.DRAINING,
        (State.DRAINING, Side.PLATFORM, "setup_response"): State.DRAINING,
        (State.DRAINING, Side.PLATFORM, "ack"): State.DRAINING,
        (State.DRAINING, Side.PLATFORM, "shutdown"): State.DRAINING,
        (State.DRAINING, Side.RUNNER, "task"): State.DRAINING,
        (State.DRAINING, Side.RUNNER, "web_task"): State.DRAINING,
        (State.DRAINING, Side.RUNNER, "shutdown"): State.DRAINING,
    }
)
"""(state, who speaks, message type) → next state. What is not here is not allowed."""

TOLERATED: Final = MappingProxyType[_Rule, Tolerance](
    {
        # The platform must configure first; a task that overtakes waits for its configuration instead of failing.
        (State.SETUP, Side.PLATFORM, "task"): Tolerance.HOLD,
        (State.SETUP, Side.PLATFORM, "web_task"): Tolerance.HOLD,
        (State.SETUP, Side.PLATFORM, "shutdown"): Tolerance.ACCEPT,
        # A runner that reconnects with results in hand may be impatient.
        (State.SETUP, Side.RUNNER, "task"): Tolerance.ACCEPT,
        (State.SETUP, Side.RUNNER, "web_task"): Tolerance.ACCEPT,
        # A task crosses with our `shutdown` on the wire.
        (State.DRAINING, Side.PLATFORM, "task"): Tolerance.DECLINE,
        (State.DRAINING, Side.PLATFORM, "web_task"): Tolerance.DECLINE,
    }
)
"""What a receiver forgives beyond `TRANSITIONS`."""


class Session:
    """The state machine of one session; see the module's text for how to drive it.

    Args:
        side: which side this is.
        now: seconds of a monotonic clock, when the socket opened.
        features: optional features that this side speaks; those that both name are in `features` afterwards.
        handshake_timeout_s: how long the other side's handshake frame may take.
        decode: frame → message; the door for older versions of the protocol.
        encode: message → frame.
    """

    def __init__(
        self,
        side: Side,
        *,
        now: float,
        features: Iterable[str] = (ACKNOWLEDGEMENTS,),
        handshake_timeout_s: float = HANDSHAKE_TIMEOUT_S,
        decode: Callable[[str | bytes], Data] = codec.decode,
        encode: Callable[[Data], str] = codec.encode,
    ) -> None:
        self.side = side
        self._sender = side.other
        self._state = State.START
        self._decode = decode
        self._encode = encode
        # What we offered, and what both sides named; the latter is empty until the handshake told.
        self._offered = frozenset(features)
        self._features: frozenset[str] = frozenset()
        # When the other side's handshake frame is overdue; None once it came, or when it no longer matters.
        self._handshake_deadline: float | None = now + handshake_timeout_s
        # True once a setup response was received (runner) or sent (platform).
        self._configured = False
        self._shutdown_sent = False
        self._shutdown_received = False
        # Frames that the caller has not fetched yet.
        self._outgoing: list[str] = []
        # Tasks that came before the configuration.
        self._held: list[Task | WebTask] = []
        # Unknown message types that were reported already.
        self._unknown_seen: set[str] = set()

    def __repr__(self) -> str:
        return f"<Session {self.side.value} {self._state.value}>"

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._state

    @property
    def features(self) -> frozenset[str]:
        """Features that both sides named in the handshake; empty before."""
        return self._features

    @property
    def configured(self) -> bool:
        """True once the platform's first setup response was received or sent."""
        return self._configured

    @property
    def shutdown_sent(self) -> bool:
        """True once this side said that it stops."""
        return self._shutdown_sent

    @property
    def shutdown_received(self) -> bool:
        """True once the other side said that it stops."""
        return self._shutdown_received

    @property
    def handshake_deadline(self) -> float | None:
        """When `handle_timeout` is due, on the clock of ``now``; None when nothing is awaited."""
        return self._handshake_deadline

    def may_send(self, message_type: str) -> bool:
        """True if a message of this type may be sent now."""
        if message_type == "ack" and ACKNOWLEDGEMENTS not in self._features:
            return False
        return (self._state, self.side, message_type) in TRANSITIONS

    def send(self, message: Data) -> None:
        """Queue a message; fetch it with `data_to_send`.

        ``features`` of setup messages are filled in here.

        Raises:
            LocalProtocolError: the state does not allow it, an `ack` was not agreed upon, or a runner's task has no
                output.
        """
        kind = message.model_type
        following = TRANSITIONS.get((self._state, self.side, kind))
        if following is None:
            raise LocalProtocolError(f"the {self.side.value} may not send {kind!r} in state {self._state.value!r}")
        # For tasks, which are most of all messages: `isinstance` of models is slow where it says no.
        if type(message) is Task:
            if self.side is Side.RUNNER and message.output is None:
                raise LocalProtocolError(f"a {kind!r} of the runner is a result: fill in its answer")
            self._outgoing.append(self._encode(message))
            self._state = following
            return
        if isinstance(message, Ack) and ACKNOWLEDGEMENTS not in self._features:
            raise LocalProtocolError("the runner did not ask for acknowledgements")
        if self.side is Side.RUNNER and isinstance(message, (Task, WebTask)) and not _is_answered(message):
            raise LocalProtocolError(f"a {kind!r} of the runner is a result: fill in its answer")
        if isinstance(message, SetupRequest):
            message = message.model_copy(update={"features": sorted(self._offered) or None})
        elif isinstance(message, SetupResponse):
            message = message.model_copy(update={"features": sorted(self._features) or None})
            self._configured = True
        elif isinstance(message, Shutdown):
            self._shutdown_sent = True
            # A runner that stops no longer needs its configuration.
            self._handshake_deadline = None
        self._outgoing.append(self._encode(message))
        self._state = following

    def data_to_send(self) -> list[str]:
        """Hand over the frames that are due, oldest first. The caller must send them in this order."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def receive(self, frame: str | bytes, now: float) -> list[Event]:
        """Take one frame and say what it means, in order.

        Raises:
            LocalProtocolError: the session is closed.
        """
        if self._state is State.CLOSED:
            raise LocalProtocolError("the session is closed: it takes no more frames")
        if self._handshake_deadline is not None and (events := self.handle_timeout(now)):
            return events
        try:
            message = self._decode(frame)
        except UnknownMessageError as error:
            return [self._reject_unknown(error)]
        except RemoteProtocolError as error:
            return [FrameRejected(error)]
        return self._receive_message(message)

    def handle_timeout(self, now: float) -> list[Event]:
        """End the session if the other side's handshake frame is overdue; call it at `handshake_deadline`."""
        if self._handshake_deadline is None or now < self._handshake_deadline:
            return []
        self.close()
        return [HandshakeTimedOut(waiting_for="setup_response" if self.side is Side.RUNNER else "setup_request")]

    def close(self) -> None:
        """The socket is gone, or about to be: nothing flows any more. May be called again."""
        self._state = State.CLOSED
        self._handshake_deadline = None
        self._outgoing.clear()
        self._held.clear()

    def _receive_message(self, message: Data) -> list[Event]:
        kind, sender = message.model_type, self._sender
        rule = (self._state, sender, kind)
        following = TRANSITIONS.get(rule)
        tolerance = TOLERATED.get(rule) if following is None else None
        if following is None and tolerance is None:
            text = f"the {sender.value} sent {kind!r} in state {self._state.value!r}"
            return [FrameRejected(OutOfOrderError(text, message_type=kind, state=self._state.value))]
        # What nearly all messages are; `isinstance` of models is slow where it says no.
        if following is not None and sender is Side.PLATFORM:
            if type(message) is Task:
                self._state = following
                return [TaskReceived(message)]
            if type(message) is Ack and ACKNOWLEDGEMENTS in self._features:
                self._state = following
                return [Acknowledged(message)]
        if isinstance(message, Ack) and ACKNOWLEDGEMENTS not in self._features:
            text = "the platform sent 'ack' without agreement"
            return [FrameRejected(OutOfOrderError(text, message_type=kind, state=self._state.value))]
        if sender is Side.RUNNER and isinstance(message, (Task, WebTask)) and not _is_answered(message):
            field = "output" if isinstance(message, Task) else "response"
            return [FrameRejected(MalformedFrameError(f"{kind}: data.{field}: a result must have it"))]
        if tolerance is Tolerance.HOLD and isinstance(message, (Task, WebTask)):
            self._held.append(message)
            return []
        if tolerance is Tolerance.DECLINE and isinstance(message, (Task, WebTask)):
            return [TaskDeclined(message)]
        if following is not None:
            self._state = following
        elif isinstance(message, Shutdown):
            self._state = State.DRAINING
        return self._events_of(message)

    def _events_of(self, message: Data) -> list[Event]:
        if isinstance(message, SetupRequest):
            self._features = self._offered.intersection(message.features or ())
            self._handshake_deadline = None
            return [SetupRequested(message)]
        if isinstance(message, SetupResponse):
            return self._configure(message)
        if isinstance(message, Task):
            return [TaskReceived(message) if self.side is Side.RUNNER else ResultReceived(message)]
        if isinstance(message, WebTask):
            return [WebTaskReceived(message) if self.side is Side.RUNNER else WebResultReceived(message)]
        if isinstance(message, Ack):
            return [Acknowledged(message)]
        self._shutdown_received = True
        self._handshake_deadline = None
        declined: list[Event] = [TaskDeclined(task) for task in self._held]
        self._held.clear()
        return [ShutdownReceived(), *declined]

    def _configure(self, response: SetupResponse) -> list[Event]:
        first = not self._configured
        if first:
            self._configured = True
            self._features = self._offered.intersection(response.features or ())
            self._handshake_deadline = None
        events: list[Event] = [Configured(response, first=first)]
        draining = self._state is State.DRAINING
        for task in self._held:
            if draining:
                events.append(TaskDeclined(task))
            else:
                events.append(TaskReceived(task) if isinstance(task, Task) else WebTaskReceived(task))
        self._held.clear()
        return events

    def _reject_unknown(self, error: UnknownMessageError) -> FrameRejected:
        repeated = error.message_type in self._unknown_seen
        if len(self._unknown_seen) < _UNKNOWN_TYPES_REMEMBERED:
            self._unknown_seen.add(error.message_type)
        return FrameRejected(error, repeated=repeated)


def _is_answered(message: Task | WebTask) -> bool:
    return (message.output if isinstance(message, Task) else message.response) is not None
