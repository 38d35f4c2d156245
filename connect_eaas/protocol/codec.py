"""Frames to messages and back, version 2: one decode and one encode per frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaValidator, core_schema, from_json

from connect_eaas.protocol.errors import MalformedFrameError, OtherVersionError, UnknownMessageError
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

__all__ = ["decode", "encode", "explain", "read_envelope"]


_MODELS: Final[dict[str, type[BaseModel]]] = {
    "setup_request": SetupRequest,
    "setup_response": SetupResponse,
    "task": Task,
    "web_task": WebTask,
    "ack": Ack,
}

# What is right, read in one go; it says no to all else.
_WHOLE: Final[Callable[[str | bytes], dict[str, Any]]] = SchemaValidator(
    core_schema.typed_dict_schema(
        {
            "version": core_schema.typed_dict_field(core_schema.literal_schema([PROTOCOL_VERSION])),
            "message_type": core_schema.typed_dict_field(core_schema.str_schema(strict=True)),
            "data": core_schema.typed_dict_field(
                core_schema.tagged_union_schema(
                    {name: model.__pydantic_core_schema__ for name, model in _MODELS.items()}, "model_type"
                )
            ),
        }
    )
).validate_json


def read_envelope(frame: str | bytes) -> dict[str, Any]:
    """Read the JSON object that a frame of any version is.

    Raises:
        MalformedFrameError: it is none.
    """
    try:
        envelope = from_json(frame)
    except ValueError as error:
        raise MalformedFrameError(f"not JSON: {error}") from error
    if not isinstance(envelope, dict):
        raise MalformedFrameError(f"expected a JSON object, got {type(envelope).__name__}")
    return envelope


def decode(frame: str | bytes) -> Data:
    """Read one frame.

    Raises:
        MalformedFrameError: no JSON, no envelope, or data that does not fit its type; says which field.
        UnknownMessageError: an envelope of a type that this version does not know.
    """
    try:
        envelope = _WHOLE(frame)
    except ValidationError:
        pass
    else:
        message: Data = envelope["data"]
        if message.model_type == envelope["message_type"]:
            return message
    # What else came, or what is wrong with it.
    envelope = read_envelope(frame)
    message_type = envelope.get("message_type")
    if not isinstance(message_type, str):
        raise MalformedFrameError("message_type: expected a text")
    version = envelope.get("version")
    if version != PROTOCOL_VERSION:
        raise OtherVersionError(version, expected=PROTOCOL_VERSION)
    if message_type == "shutdown":
        return Shutdown()
    model = _MODELS.get(message_type)
    if model is None:
        raise UnknownMessageError(message_type)
    try:
        return cast("Data", model.model_validate(envelope.get("data")))
    except ValidationError as error:
        raise MalformedFrameError(explain(message_type, error)) from error


def encode(data: Data) -> str:
    """Write one frame."""
    # The envelope is written by hand: a model around the models would cost more than all of them. The serializer's own
    # method takes less than the public one around it.
    body = "null" if data.model_type == "shutdown" else data.__pydantic_serializer__.to_json(data).decode()
    return f'{{"version":{PROTOCOL_VERSION},"message_type":"{data.model_type}","data":{body}}}'


def explain(message_type: str, error: ValidationError) -> str:
    """Name field and fault of the first errors; never the offending value, which may be a secret."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    parts = [f"data.{'.'.join(map(str, item['loc'])) or '(all)'}: {item['msg']}" for item in details[:3]]
    more = len(details) - len(parts)
    return f"{message_type}: " + "; ".join(parts) + (f"; and {more} more" if more else "")
