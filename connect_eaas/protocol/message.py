"""One frame as a value, for tools that read and write frames themselves; versions 1 and 2.

Sessions of ours use ``connect_eaas.protocol.codec``, which does less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import from_json

from connect_eaas.protocol.errors import MalformedFrameError
from connect_eaas.protocol.messages import (
    PROTOCOL_VERSION,
    Ack,
    Data,
    SetupRequest,
    SetupResponse,
    Shutdown,
    Task,
    WebTask,
)
from connect_eaas.protocol.version1 import from_version1, to_version1

__all__ = ["Message", "MessageType"]


class MessageType:
    """What a frame is about. The web setup and the last two names are of older versions."""

    SETUP_REQUEST = "setup_request"
    SETUP_RESPONSE = "setup_response"
    TASK = "task"
    WEB_TASK = "web_task"
    SHUTDOWN = "shutdown"
    WEB_SETUP_REQUEST = "web_setup_request"
    WEB_SETUP_RESPONSE = "web_setup_response"
    CAPABILITIES = "capabilities"
    CONFIGURATION = "configuration"


_MODELS: dict[str, type[SetupRequest | SetupResponse | Task | WebTask | Ack]] = {
    MessageType.SETUP_REQUEST: SetupRequest,
    MessageType.SETUP_RESPONSE: SetupResponse,
    MessageType.TASK: Task,
    MessageType.WEB_TASK: WebTask,
    "ack": Ack,
}


class Message(BaseModel):
    """One frame: its version, its type, and its data; secrets are left out of the representation.

    ``data`` may be given as a dictionary; it becomes the model of the message's type.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    version: int = PROTOCOL_VERSION
    message_type: str
    data: Data | None = None

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and isinstance(values.get("data"), Mapping):
            model = _MODELS.get(str(values.get("message_type")))
            if model is not None:
                return {**values, "data": model.model_validate(values["data"])}
        return values

    def serialize(self, protocol_version: int = PROTOCOL_VERSION) -> dict[str, Any]:
        """Return the frame as a JSON value in this version of the protocol (1 or 2).

        Raises:
            ValueError: the version is unknown, or has no such message.
        """
        if protocol_version == 1:
            if self.data is None:
                return {"message_type": self.message_type, "data": None}
            message_type, data = to_version1(self.data)
            return {"message_type": message_type, "data": data}
        if protocol_version != PROTOCOL_VERSION:
            raise ValueError(f"there are versions 1 and {PROTOCOL_VERSION} of the protocol, not {protocol_version}")
        data = None if self.data is None or isinstance(self.data, Shutdown) else self.data.model_dump(mode="json")
        return {"version": PROTOCOL_VERSION, "message_type": self.message_type, "data": data}

    @classmethod
    def deserialize(cls, raw: str | bytes | Mapping[str, Any]) -> Message:
        """Read a frame, as text or as a JSON value; one without a version is of version 1.

        Messages of version 1 come out as those that took their places, with ``version`` 1.

        Raises:
            MalformedFrameError: this is no frame, or its data does not fit its type; never shows values.
        """
        try:
            frame = from_json(raw) if isinstance(raw, (str, bytes)) else raw
        except ValueError as error:
            raise MalformedFrameError(f"not JSON: {error}") from error
        if not isinstance(frame, Mapping) or not isinstance(frame.get("message_type"), str):
            raise MalformedFrameError("expected an object with a message_type")
        try:
            if frame.get("version") is not None:
                return cls.model_validate(dict(frame))
            return cls._of_version1(frame["message_type"], frame.get("data"))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise MalformedFrameError(f"{frame['message_type']}: {place}: {first['msg']}") from error

    @classmethod
    def _of_version1(cls, message_type: str, data: Any) -> Message:
        if data is not None and not isinstance(data, Mapping):
            raise MalformedFrameError(f"{message_type}: data: expected an object")
        try:
            read = from_version1(message_type, data)
        except KeyError:
            return cls(version=1, message_type=message_type)
        return cls(version=1, message_type=read.model_type, data=None if isinstance(read, Shutdown) else read)
