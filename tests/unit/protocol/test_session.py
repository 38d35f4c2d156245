"""The session machine, side by side: what each may say, what it forgives, and what it reports."""

from __future__ import annotations

import itertools
import json

import pytest

from connect_eaas.protocol import codec
from connect_eaas.protocol.errors import (
    LocalProtocolError,
    MalformedFrameError,
    OutOfOrderError,
    UnknownMessageError,
)
from connect_eaas.protocol.messages import (
    ACKNOWLEDGEMENTS,
    Ack,
    Data,
    HttpRequest,
    HttpResponse,
    SetupRequest,
    SetupResponse,
    Shutdown,
    Task,
    TaskInput,
    TaskOptions,
    TaskOutput,
    WebTask,
    WebTaskOptions,
)
from connect_eaas.protocol.session import TOLERATED, TRANSITIONS, Session, Side, State
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
    WebTaskReceived,
)

ALL_TYPES = ("setup_request", "setup_response", "task", "web_task", "ack", "shutdown")


def a_task(number: int = 1, *, answered: bool = False) -> Task:
    return Task(
        options=TaskOptions(task_id=f"TQ-{number}", task_category="background", correlation_id=f"lease-{number}"),
        input=TaskInput(event_type="asset_purchase_request_processing", object_id="PR-1"),
        output=TaskOutput(result="success") if answered else None,
    )


def a_web_task(*, answered: bool = False) -> WebTask:
    return WebTask(
        options=WebTaskOptions(correlation_id="c", reply_to="r"),
        request=HttpRequest(method="GET", url="/api/x"),
        response=HttpResponse(status=200) if answered else None,
    )


def message_of(kind: str, speaker: Side) -> Data:
    answered = speaker is Side.RUNNER
    messages: dict[str, Data] = {
        "setup_request": SetupRequest(features=[ACKNOWLEDGEMENTS]),
        "setup_response": SetupResponse(features=[ACKNOWLEDGEMENTS]),
        "task": a_task(answered=answered),
        "web_task": a_web_task(answered=answered),
        "ack": Ack(task_id="TQ-1"),
        "shutdown": Shutdown(),
    }
    return messages[kind]


def pass_on(sender: Session, receiver: Session, now: float = 0.0) -> list[Event]:
    """Carry all due frames over a perfect wire."""
    return [event for frame in sender.data_to_send() for event in receiver.receive(frame, now)]


def pair() -> tuple[Session, Session]:
    return Session(Side.RUNNER, now=0.0), Session(Side.PLATFORM, now=0.0)


def opened() -> tuple[Session, Session]:
    runner, platform = pair()
    runner.send(SetupRequest())
    pass_on(runner, platform)
    platform.send(SetupResponse())
    pass_on(platform, runner)
    return runner, platform


def in_state(side: Side, state: State) -> Session:
    """A session of this side, brought to the state through its public door."""
    runner, platform = pair()
    if state is not State.START:
        runner.send(SetupRequest())
        pass_on(runner, platform)
    if state in (State.OPEN, State.DRAINING):
        platform.send(SetupResponse())
        pass_on(platform, runner)
    if state is State.DRAINING:
        runner.send(Shutdown())
        pass_on(runner, platform)
    session = runner if side is Side.RUNNER else platform
    if state is State.CLOSED:
        session.close()
    assert session.state is state
    return session


def test_handshake_opens_both_sides() -> None:
    runner, platform = pair()

    runner.send(SetupRequest(runner_version="1.2.3"))
    (asked,) = pass_on(runner, platform)
    assert isinstance(asked, SetupRequested)
    assert asked.request.runner_version == "1.2.3"
    platform.send(SetupResponse(environment_type="test"))
    (configured,) = pass_on(platform, runner)

    assert isinstance(configured, Configured)
    assert configured.first
    assert configured.response.environment_type == "test"
    assert runner.state is platform.state is State.OPEN
    assert runner.configured
    assert platform.configured


def test_feature_is_used_only_when_both_sides_name_it() -> None:
    runner, platform = opened()
    assert runner.features == platform.features == {ACKNOWLEDGEMENTS}

    silent = Session(Side.RUNNER, now=0.0, features=())
    platform = Session(Side.PLATFORM, now=0.0)
    silent.send(SetupRequest())
    pass_on(silent, platform)
    platform.send(SetupResponse())
    (frame,) = platform.data_to_send()

    assert json.loads(frame)["data"]["features"] is None
    assert platform.features == frozenset()
    assert not platform.may_send("ack")
    with pytest.raises(LocalProtocolError, match="acknowledgements"):
        platform.send(Ack(task_id="TQ-1"))


def test_acknowledgement_without_agreement_is_rejected() -> None:
    runner = Session(Side.RUNNER, now=0.0, features=())
    runner.send(SetupRequest())
    runner.receive(codec.encode(SetupResponse()), 0.0)

    (event,) = runner.receive(codec.encode(Ack(task_id="TQ-1")), 0.0)

    assert isinstance(event, FrameRejected)
    assert isinstance(event.error, OutOfOrderError)


def test_task_and_its_result_keep_their_options() -> None:
    runner, platform = opened()
    platform.send(a_task())
    (received,) = pass_on(platform, runner)
    assert isinstance(received, TaskReceived)

    runner.send(received.task.model_copy(update={"output": TaskOutput(result="skip", message="no")}))
    (result,) = pass_on(runner, platform)
    assert isinstance(result, ResultReceived)
    assert result.task.options == a_task().options
    assert result.task.options.lease == "lease-1"
    platform.send(Ack(task_id="TQ-1", correlation_id="lease-1"))
    (acknowledged,) = pass_on(platform, runner)

    assert isinstance(acknowledged, Acknowledged)
    assert acknowledged.ack.correlation_id == "lease-1"


def test_task_before_the_configuration_waits_for_it() -> None:
    runner = Session(Side.RUNNER, now=0.0)
    runner.send(SetupRequest())

    assert runner.receive(codec.encode(a_task(1)), 0.1) == []
    assert runner.receive(codec.encode(a_web_task()), 0.1) == []
    configured, first, second = runner.receive(codec.encode(SetupResponse()), 0.2)

    assert isinstance(configured, Configured)
    assert isinstance(first, TaskReceived)
    assert first.task == a_task(1)
    assert isinstance(second, WebTaskReceived)


def test_later_configuration_is_not_first() -> None:
    runner, platform = opened()
    platform.send(SetupResponse(variables=[]))
    (event,) = pass_on(platform, runner)

    assert isinstance(event, Configured)
    assert not event.first
    assert event.response.variables == []


def test_runner_that_stops_gets_no_tasks_but_its_results_are_read() -> None:
    runner, platform = opened()
    platform.send(a_task(1))
    pass_on(platform, runner)
    platform.send(a_task(2))  # still on the wire when the runner says that it stops

    runner.send(Shutdown())
    assert pass_on(runner, platform) == [ShutdownReceived()]
    assert pass_on(platform, runner) == [TaskDeclined(a_task(2))]
    assert not platform.may_send("task")
    with pytest.raises(LocalProtocolError, match="'task' in state 'draining'"):
        platform.send(a_task(3))
    runner.send(a_task(1, answered=True))

    (event,) = pass_on(runner, platform)
    assert isinstance(event, ResultReceived)
    platform.send(Ack(task_id="TQ-1"))
    assert isinstance(pass_on(platform, runner)[0], Acknowledged)


def test_platform_stops_the_runner() -> None:
    runner, platform = opened()
    platform.send(Shutdown())

    assert pass_on(platform, runner) == [ShutdownReceived()]
    assert runner.state is State.DRAINING
    assert runner.shutdown_received
    assert not runner.shutdown_sent


def test_runner_may_stop_before_it_is_configured() -> None:
    runner, platform = pair()
    runner.send(SetupRequest())
    pass_on(runner, platform)
    runner.receive(codec.encode(a_task()), 0.0)
    runner.send(Shutdown())

    assert runner.handshake_deadline is None
    assert pass_on(runner, platform) == [ShutdownReceived()]
    platform.send(SetupResponse())
    configured, declined = pass_on(platform, runner)
    assert isinstance(configured, Configured)
    assert declined == TaskDeclined(a_task())


@pytest.mark.parametrize(("side", "missing"), [(Side.RUNNER, "setup_response"), (Side.PLATFORM, "setup_request")])
def test_handshake_deadline(side: Side, missing: str) -> None:
    session = Session(side, now=100.0)
    if side is Side.RUNNER:
        session.send(SetupRequest())

    assert session.handshake_deadline == 105.0
    assert session.handle_timeout(104.9) == []
    assert session.handle_timeout(105.0) == [HandshakeTimedOut(waiting_for=missing)]
    assert session.state is State.CLOSED
    assert session.handle_timeout(200.0) == []


def test_frame_after_the_deadline_does_not_open_the_session() -> None:
    runner = Session(Side.RUNNER, now=0.0)
    runner.send(SetupRequest())

    assert runner.receive(codec.encode(SetupResponse()), 5.5) == [HandshakeTimedOut(waiting_for="setup_response")]


def test_no_deadline_once_open() -> None:
    runner, platform = opened()
    assert runner.handshake_deadline is None
    assert platform.handshake_deadline is None
    assert runner.handle_timeout(1e9) == []


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "nonsense",
        "[]",
        "null",
        b"\xff\xfe",
        "{}",
        '{"version": 2}',
        '{"version": 3, "message_type": "task", "data": null}',
        '{"version": 2, "message_type": "task", "data": null}',
        '{"version": 2, "message_type": "task", "data": {"options": {}, "input": 3}}',
        '{"version": 2, "message_type": ["task"], "data": {}}',
        "[" * 100_000,
    ],
)
@pytest.mark.parametrize("side", Side)
def test_malformed_frame_is_reported_and_survived(side: Side, frame: str | bytes) -> None:
    session = in_state(side, State.OPEN)

    (event,) = session.receive(frame, 1.0)

    assert isinstance(event, FrameRejected)
    assert isinstance(event.error, MalformedFrameError)
    assert session.state is State.OPEN


def test_malformed_field_is_named_and_its_value_is_not_shown() -> None:
    session = in_state(Side.RUNNER, State.OPEN)
    frame = {"options": {"task_id": {"key": "ApiKey SU-1:secret"}, "task_category": "background"}, "input": {}}

    (event,) = session.receive(json.dumps({"version": 2, "message_type": "task", "data": frame}), 1.0)

    assert isinstance(event, FrameRejected)
    assert "data.options.task_id" in str(event.error)
    assert "secret" not in str(event.error)


def test_unknown_type_is_reported_once() -> None:
    session = in_state(Side.RUNNER, State.OPEN)
    frame = '{"version": 2, "message_type": "web_setup_request", "data": {}}'

    (first,) = session.receive(frame, 1.0)
    (second,) = session.receive(frame, 1.0)

    assert isinstance(first, FrameRejected)
    assert isinstance(first.error, UnknownMessageError)
    assert (first.repeated, isinstance(second, FrameRejected) and second.repeated) == (False, True)


def test_result_without_output_is_malformed() -> None:
    platform = in_state(Side.PLATFORM, State.OPEN)

    (event,) = platform.receive(codec.encode(a_task()), 1.0)

    assert isinstance(event, FrameRejected)
    assert "data.output" in str(event.error)
    runner = in_state(Side.RUNNER, State.OPEN)
    with pytest.raises(LocalProtocolError, match="fill in its answer"):
        runner.send(a_task())


@pytest.mark.parametrize(("state", "side", "kind"), list(itertools.product(State, Side, ALL_TYPES)))
def test_a_side_may_send_exactly_what_the_table_says(state: State, side: Side, kind: str) -> None:
    session = in_state(side, state)
    following = TRANSITIONS.get((state, side, kind))

    if following is None:
        assert not session.may_send(kind)
        with pytest.raises(LocalProtocolError):
            session.send(message_of(kind, side))
        assert session.state is state
        assert session.data_to_send() == []
    else:
        assert session.may_send(kind)
        session.send(message_of(kind, side))
        assert session.state is following
        assert len(session.data_to_send()) == 1


@pytest.mark.parametrize(
    ("state", "side", "kind"),
    [rule for rule in itertools.product(State, Side, ALL_TYPES) if rule[0] is not State.CLOSED],
)
def test_a_side_reports_what_neither_table_allows(state: State, side: Side, kind: str) -> None:
    receiver = in_state(side.other, state)
    rule = (state, side, kind)

    events = receiver.receive(codec.encode(message_of(kind, side)), 1.0)

    if rule in TRANSITIONS:
        assert receiver.state is TRANSITIONS[rule]
        assert not any(isinstance(event, FrameRejected) for event in events)
    elif rule in TOLERATED:
        assert not any(isinstance(event, FrameRejected) for event in events)
    else:
        (event,) = events
        assert isinstance(event, FrameRejected)
        assert isinstance(event.error, OutOfOrderError)
        assert event.error.message_type == kind
        assert receiver.state is state


def test_closed_session_takes_nothing() -> None:
    runner, _ = opened()
    runner.close()
    runner.close()

    assert runner.data_to_send() == []
    with pytest.raises(LocalProtocolError, match="closed"):
        runner.receive(codec.encode(a_task()), 1.0)
