"""Frames as values: versions 1 and 2, and nothing secret in what they show."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.eaas.core.proto import (
    HttpRequest,
    Logging,
    LogMeta,
    Message,
    MessageType,
    Repository,
    Schedulable,
    SetupRequest,
    SetupResponse,
    Task,
    TaskInput,
    TaskOptions,
    TaskOutput,
)
from connect_eaas.protocol.codec import decode, encode
from connect_eaas.protocol.errors import MalformedFrameError
from connect_eaas.protocol.messages import Shutdown, Variable

texts = st.text(max_size=8)
json_values = st.recursive(st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner, max_size=3))
tasks = st.builds(
    Task,
    options=st.builds(TaskOptions, task_id=texts, task_category=texts, correlation_id=st.none() | texts),
    input=st.builds(TaskInput, event_type=texts, object_id=texts, data=json_values),
    output=st.none()
    | st.builds(TaskOutput, result=st.sampled_from(["success", "retry"]), data=json_values, message=st.none() | texts),
)


@given(tasks)
def test_a_task_survives_version_2(task: Task) -> None:
    message = Message(message_type=MessageType.TASK, data=task)
    assert Message.deserialize(message.serialize()) == message
    assert Message.deserialize(json.dumps(message.serialize())) == message
    assert decode(json.dumps(message.serialize())) == task
    assert Message.deserialize(encode(task)) == message


@given(tasks)
def test_a_task_survives_version_1_as_far_as_it_goes(task: Task) -> None:
    frame = Message(message_type="task", data=task).serialize(protocol_version=1)
    assert "version" not in frame
    read = Message.deserialize(json.dumps(frame)).data
    assert isinstance(read, Task)
    assert (read.options.task_id, read.input.event_type) == (task.options.task_id, task.input.event_type)
    assert read.output == task.output or (task.output and read.output and task.output.data is None)
    if task.output is None:
        assert read.input.data == task.input.data


def test_the_handshake_of_version_1() -> None:
    request = SetupRequest(
        event_subscriptions={"asset_purchase_request_processing": ["pending"]},
        variables=[{"name": "A"}],
        schedulables=[Schedulable(method="m", name="n", description="d")],
        repository=Repository(readme_url="r", changelog_url="c"),
        runner_version="24.1",
    )
    frame = Message(message_type=MessageType.SETUP_REQUEST, data=request).serialize(1)
    assert frame == {
        "message_type": "capabilities",
        "data": {
            "capabilities": {"asset_purchase_request_processing": ["pending"]},
            "variables": [{"name": "A"}],
            "schedulables": [{"method": "m", "name": "n", "description": "d"}],
            "readme_url": "r",
            "changelog_url": "c",
            "runner_version": "24.1",
        },
    }
    read = Message.deserialize(frame)
    assert (read.version, read.message_type, read.data) == (1, "setup_request", request)
    response = SetupResponse(
        variables=[Variable(name="A", value="b")],
        environment_type="test",
        logging=Logging(
            logging_api_key="k", log_level="INFO", meta=LogMeta(service_id="SRVC-1", products=["PRD-1", "PRD-2"])
        ),
    )
    frame = Message(message_type=MessageType.SETUP_RESPONSE, data=response).serialize(1)
    assert frame["message_type"] == "configuration"
    assert frame["data"]["configuration"] == {"A": "b"}
    assert frame["data"]["product_id"] == "PRD-1,PRD-2"
    assert Message.deserialize(frame).data == response


@pytest.mark.parametrize("version", [1, 2])
def test_a_shutdown_has_no_data(version: int) -> None:
    frame = Message(message_type=MessageType.SHUTDOWN, data=Shutdown()).serialize(version)
    assert frame["data"] is None
    assert Message.deserialize(frame).message_type == "shutdown"
    assert Message.deserialize({"message_type": "pause"}).data is None


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[]",
        "{}",
        '{"message_type": 5}',
        '{"message_type": "task", "data": 5}',
        {"version": 2, "message_type": "task", "data": {"options": {"task_id": "s3cret-thing"}}},
        {"message_type": "task", "data": {"task_id": 5}},
        {"message_type": "capabilities", "data": {"schedulables": [5]}},
    ],
)
def test_what_is_no_frame_is_refused_without_showing_it(frame: Any) -> None:
    with pytest.raises(MalformedFrameError) as caught:
        Message.deserialize(frame)
    assert "s3cret" not in str(caught.value)


def test_unknown_versions_and_messages_are_refused() -> None:
    with pytest.raises(ValueError, match="versions 1 and 2"):
        Message(message_type="shutdown").serialize(3)
    ack = Message.deserialize({"version": 2, "message_type": "ack", "data": {"task_id": "T", "model_type": "ack"}})
    with pytest.raises(ValueError, match="version 1 has no message 'ack'"):
        ack.serialize(1)


def test_nothing_secret_is_shown() -> None:
    options = TaskOptions(task_id="T", task_category="background", api_key="ApiKey SU-1:s3cret")
    shown = [
        Task(options=options, input=TaskInput(event_type="e", object_id="o", data={"password": "s3cret"})),
        SetupResponse(variables=[Variable(name="A", value="s3cret", secure=True)]),
        SetupRequest(variables=[{"name": "A", "initial_value": "s3cret"}]),
        Logging(logging_api_key="s3cret"),
        HttpRequest(method="get", url="/", headers={"Authorization": "s3cret"}),
    ]
    assert "s3cret" not in repr(shown)
    assert "s3cret" not in f"{shown}"
    assert "s3cret" not in repr(Message(message_type="setup_response", data=shown[1]))
