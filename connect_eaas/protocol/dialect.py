"""Frames of both versions: a platform's door to older runners, and a runner's to older platforms.

A platform finds out from a runner's first frame which version it speaks, and answers in it:
``Session(Side.PLATFORM, decode=dialect.decode, encode=dialect.encode, …)``. A runner speaks version 2 and understands
both, frame by frame: ``Session(Side.RUNNER, decode=decode_from_platform, …)``. Everything
behind these doors sees the messages of version 2 only. Facts: ``reference/websocket-protocol.md`` section 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import to_json

from connect_eaas.protocol import codec
from connect_eaas.protocol.errors import (
    LocalProtocolError,
    MalformedFrameError,
    OtherVersionError,
    UnknownMessageError,
)
from connect_eaas.protocol.messages import PROTOCOL_VERSION, Data
from connect_eaas.protocol.version1 import from_version1, to_version1

__all__ = ["Dialect", "decode_from_platform"]

_OF_RUNNERS: Final = frozenset({"capabilities", "task", "shutdown"})
_OF_PLATFORMS: Final = frozenset({"configuration", "task", "shutdown"})


class Dialect:
    """The codec of one session with a runner; version 2 until the runner's first frame shows otherwise."""

    def __init__(self) -> None:
        # None until a frame told.
        self._version: int | None = None

    @property
    def version(self) -> int:
        """What is spoken."""
        return self._version or PROTOCOL_VERSION

    def decode(self, frame: str | bytes) -> Data:
        """Read one frame.

        Raises:
            MalformedFrameError: it cannot be read, or is of the other version than the frames before it.
            UnknownMessageError: the version has no such message.
        """
        if self._version is None:
            self._version = _version_of(frame)
        return _decode_version1(frame, _OF_RUNNERS) if self._version == 1 else codec.decode(frame)

    def encode(self, message: Data) -> str:
        """Write one frame.

        Raises:
            LocalProtocolError: the version has no such message.
        """
        if self._version != 1:
            return codec.encode(message)
        try:
            message_type, data = to_version1(message)
        except ValueError as error:
            raise LocalProtocolError(str(error)) from error
        return to_json({"message_type": message_type, "data": data}).decode()


def decode_from_platform(frame: str | bytes) -> Data:
    """Read one frame of either version, as it comes from a platform.

    Raises:
        MalformedFrameError: it cannot be read.
        UnknownMessageError: its version has no such message.
    """
    try:
        return codec.decode(frame)
    except OtherVersionError as error:
        if error.version not in (None, 1):
            raise
    return _decode_version1(frame, _OF_PLATFORMS)


def _version_of(frame: str | bytes) -> int | None:
    """What a first frame shows; None if it shows nothing, as garbage does."""
    try:
        envelope = codec.read_envelope(frame)
    except MalformedFrameError:
        return None
    version = envelope.get("version", 1)
    if version == 1 and envelope.get("message_type") in _OF_RUNNERS:
        return 1
    return PROTOCOL_VERSION if version == PROTOCOL_VERSION else None


def _decode_version1(frame: str | bytes, known: frozenset[str]) -> Data:
    envelope = codec.read_envelope(frame)
    version, message_type = envelope.get("version", 1), envelope.get("message_type")
    if version != 1:
        raise MalformedFrameError(f"version: expected 1 or none, as in the frames before, got {version!r}")
    if not isinstance(message_type, str):
        raise MalformedFrameError("message_type: expected a text")
    if message_type not in known:
        raise UnknownMessageError(message_type)
    data = _data(message_type, envelope.get("data"))
    try:
        return from_version1(message_type, data)
    except ValidationError as error:
        raise MalformedFrameError(codec.explain(message_type, error)) from error


def _data(message_type: str, data: Any) -> Mapping[str, Any] | None:
    if data is None and message_type == "shutdown":
        return None
    if not isinstance(data, dict):
        raise MalformedFrameError(f"{message_type}: data: expected an object, got {type(data).__name__}")
    variables = data.get("configuration")
    if variables is not None and not isinstance(variables, dict):
        raise MalformedFrameError(f"{message_type}: data.configuration: expected an object of names and values")
    schedulables = data.get("schedulables")
    if schedulables is not None and not isinstance(schedulables, list):
        raise MalformedFrameError(f"{message_type}: data.schedulables: expected a list")
    return data
