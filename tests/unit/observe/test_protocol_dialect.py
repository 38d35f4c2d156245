"""A platform's session with runners of both versions: own samples in the shapes of version 1."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.protocol import codec
from connect_eaas.protocol.dialect import Dialect, decode_from_platform
from connect_eaas.protocol.errors import (
    LocalProtocolError,
    MalformedFrameError,
    RemoteProtocolError,
    UnknownMessageError,
)
from connect_eaas.protocol.messages import (
    Ack,
    Logging,
    LogMeta,
    SetupRequest,
    SetupResponse,
    Task,
    TaskInput,
    TaskOptions,
    TaskOutput,
    Variable,
)
from connect_eaas.protocol.session import Session, Side, State
from connect_eaas.protocol.session_events import (
    Configured,
    FrameRejected,
    ResultReceived,
    SetupRequested,
    ShutdownReceived,
    TaskReceived,
)

CAPABILITIES = {
    "capabilities": {"asset_purchase_request_processing": ["pending"]},
    "variables": [{"name": "COLOUR", "initial_value": "red", "secure": False}],
    "schedulables": [{"method": "tidy", "name": "Tidy up", "description": "Every night"}],
    "readme_url": "https://example.org/readme",
    "changelog_url": "https://example.org/changes",
    "runner_version": "24.9",
}
TASK = Task(
    options=TaskOptions(
        task_id="TQ-1", task_category="background", correlation_id="lease-1", reply_to="hub", api_key="ApiKey secret"
    ),
    input=TaskInput(event_type="asset_purchase_request_processing", object_id="PR-1", data={"a": 1}),
)


def frame(message_type: str, data: Any, **more: Any) -> str:
    return json.dumps({"message_type": message_type, "data": data, **more})


def session() -> tuple[Session, Dialect]:
    dialect = Dialect()
    return Session(Side.PLATFORM, now=0.0, decode=dialect.decode, encode=dialect.encode), dialect


def test_whole_conversation_with_a_runner_of_version_1() -> None:
    platform, dialect = session()
    (event,) = platform.receive(frame("capabilities", CAPABILITIES), 0.1)
    assert isinstance(event, SetupRequested)
    assert dialect.version == 1
    assert event.request.event_subscriptions == {"asset_purchase_request_processing": ["pending"]}
    assert event.request.runner_version == "24.9"
    assert event.request.schedulables is not None
    assert event.request.schedulables[0].method == "tidy"

    platform.send(
        SetupResponse(
            variables=[Variable(name="COLOUR", value="green"), Variable(name="KEY", value="x", secure=True)],
            environment_type="test",
            logging=Logging(
                log_level="DEBUG", meta=LogMeta(service_id="SRVC-1", products=["PRD-1", "PRD-2"], hub_id="HB-1")
            ),
        )
    )
    (sent,) = map(json.loads, platform.data_to_send())
    assert sent["message_type"] == "configuration"
    assert "version" not in sent
    assert sent["data"]["configuration"] == {"COLOUR": "green", "KEY": "x"}
    assert (sent["data"]["product_id"], sent["data"]["service_id"]) == ("PRD-1,PRD-2", "SRVC-1")
    assert not platform.may_send("ack")

    platform.send(TASK)
    (sent,) = map(json.loads, platform.data_to_send())
    assert sent == {
        "message_type": "task",
        "data": {
            "task_id": "TQ-1",
            "task_category": "background",
            "task_type": "asset_purchase_request_processing",
            "object_id": "PR-1",
            "data": {"a": 1},
            "correlation_id": "lease-1",
            "reply_to": "hub",
        },
    }

    answer = {**sent["data"], "result": "reschedule", "data": None, "countdown": 60, "runtime": 0.5, "output": "later"}
    (result,) = platform.receive(frame("task", answer), 1.0)
    assert isinstance(result, ResultReceived)
    assert result.task.options.lease == "lease-1"
    assert result.task.output is not None
    assert (result.task.output.result, result.task.output.countdown, result.task.output.message) == (
        "reschedule",
        60,
        "later",
    )

    (stopped,) = platform.receive(frame("shutdown", None), 2.0)
    assert isinstance(stopped, ShutdownReceived)
    assert platform.state is State.DRAINING


def test_runner_of_version_2_is_served_as_ever() -> None:
    platform, dialect = session()
    (event,) = platform.receive(codec.encode(SetupRequest(runner_version="37", features=["ack"])), 0.1)
    assert isinstance(event, SetupRequested)
    assert dialect.version == 2
    platform.send(SetupResponse())
    assert codec.decode(platform.data_to_send()[0]) == SetupResponse(features=["ack"])
    assert platform.may_send("ack")


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        (frame("task", {"task_id": "TQ-1", "result": "success"}), MalformedFrameError, "task_category"),
        (frame("task", [1]), MalformedFrameError, "data: expected an object, got list"),
        (frame("task", {"task_id": 1, "result": "perhaps"}), MalformedFrameError, "result"),
        (frame("capabilities", {"capabilities": [1]}), MalformedFrameError, "event_subscriptions"),
        (frame("capabilities", {"schedulables": 5}), MalformedFrameError, "schedulables: expected a list"),
        (frame("pause", None), UnknownMessageError, "pause"),
        (frame("configuration", {}), UnknownMessageError, "configuration"),
        (frame("task", {}, version=2), MalformedFrameError, "version: expected 1"),
        ('{"message_type": 7}', MalformedFrameError, "message_type"),
        ("[]", MalformedFrameError, "list"),
        ("{", MalformedFrameError, "not JSON"),
    ],
)
def test_bad_frame_names_its_fault_and_the_session_goes_on(
    wrong: str, error: type[RemoteProtocolError], text: str
) -> None:
    platform, _ = session()
    platform.receive(frame("capabilities", CAPABILITIES), 0.1)
    platform.send(SetupResponse())
    (rejected,) = platform.receive(wrong, 0.2)
    assert isinstance(rejected, FrameRejected)
    assert isinstance(rejected.error, error)
    assert text in str(rejected.error)
    assert platform.state is State.OPEN


def test_garbage_before_the_first_frame_decides_nothing() -> None:
    for garbage in ("{", "[]", '"x"', frame("capabilities", {}, version=3), frame("gossip", {})):
        dialect = Dialect()
        with pytest.raises(RemoteProtocolError):
            dialect.decode(garbage)
        assert isinstance(dialect.decode(frame("capabilities", CAPABILITIES)), SetupRequest)
        assert dialect.version == 1


def test_what_version_1_cannot_say_is_our_mistake() -> None:
    dialect = Dialect()
    dialect.decode(frame("capabilities", CAPABILITIES))
    with pytest.raises(LocalProtocolError, match="ack"):
        dialect.encode(Ack(task_id="TQ-1"))


def test_no_frame_of_version_1_carries_an_installation_key() -> None:
    dialect = Dialect()
    dialect.decode(frame("capabilities", CAPABILITIES))
    assert "secret" not in dialect.encode(TASK)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "capabilities",
        "schedulables",
        "variables",
        "readme_url",
        "task_id",
        "task_category",
        "task_type",
        "object_id",
        "data",
        "result",
        "countdown",
        "runtime",
        "output",
        "correlation_id",
    ]
)


@given(st.sampled_from(["capabilities", "task", "shutdown"]), JSON | st.dictionaries(NAMES, JSON))
def test_whatever_a_runner_sends_is_a_message_or_its_own_fault(message_type: str, data: Any) -> None:
    dialect = Dialect()
    dialect.decode(frame("shutdown", None))
    try:
        message = dialect.decode(frame(message_type, data))
    except RemoteProtocolError:
        return
    dialect.encode(message)


def test_runner_understands_a_platform_of_version_1_and_answers_in_version_2() -> None:
    runner = Session(Side.RUNNER, now=0.0, decode=decode_from_platform)
    runner.send(SetupRequest())
    configuration = {
        "configuration": {"COLOUR": "green", "SIZE": 5},
        "environment_type": "test",
        "log_level": "DEBUG",
        "service_id": "SRVC-1",
        "product_id": "PRD-1,PRD-2",
    }
    (configured,) = runner.receive(frame("configuration", configuration), 0.1)
    assert isinstance(configured, Configured)
    response = configured.response
    assert response.variables == [Variable(name="COLOUR", value="green"), Variable(name="SIZE", value="5")]
    assert response.logging is not None
    assert response.logging.meta is not None
    assert (response.logging.log_level, response.logging.meta.products) == ("DEBUG", ["PRD-1", "PRD-2"])

    flat = {
        "task_id": "TQ-1",
        "task_category": "background",
        "task_type": "asset_purchase_request_processing",
        "object_id": "PR-1",
        "data": {"a": 1},
        "correlation_id": "lease-1",
        "reply_to": "hub",
    }
    (received,) = runner.receive(frame("task", flat), 0.2)
    assert isinstance(received, TaskReceived)
    assert received.task.options.lease == "lease-1"
    assert received.task.input.data == {"a": 1}

    (of_version_2,) = runner.receive(codec.encode(TASK), 0.3)
    assert of_version_2 == TaskReceived(TASK)

    runner.data_to_send()
    runner.send(received.task.answered(TaskOutput(result="success")))
    assert json.loads(runner.data_to_send()[0])["version"] == 2
    (stopped,) = runner.receive(frame("shutdown", None), 0.4)
    assert isinstance(stopped, ShutdownReceived)


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        (frame("configuration", {"configuration": [1]}), MalformedFrameError, "data.configuration: expected an object"),
        (frame("configuration", {"log_level": 7}), MalformedFrameError, "log_level"),
        (frame("task", {"task_id": "TQ-1"}, version=1), MalformedFrameError, "task_category"),
        (frame("task", {}, version=3), MalformedFrameError, "version: expected 2, got 3"),
        (frame("capabilities", {}), UnknownMessageError, "capabilities"),
        (frame("resume", None), UnknownMessageError, "resume"),
    ],
)
def test_runner_names_what_is_wrong_with_a_frame_of_version_1(
    wrong: str, error: type[RemoteProtocolError], text: str
) -> None:
    with pytest.raises(error, match=text):
        decode_from_platform(wrong)


@given(
    st.sampled_from(["configuration", "task", "shutdown", "resume"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["configuration", "product_id", "task_id", "task_category", "result", "data", "hub_id"]
                ),
                inner,
            )
        ),
        max_leaves=8,
    ),
)
def test_no_frame_of_version_1_hurts_the_runner(message_type: str, data: Any) -> None:
    with contextlib.suppress(RemoteProtocolError):
        decode_from_platform(frame(message_type, data))
