"""What can go wrong on the wire.

::

    ProtocolError
    ├── LocalProtocolError      we broke the rules: a bug on this side
    └── RemoteProtocolError     they broke the rules: report it and go on
        ├── MalformedFrameError     the frame cannot be read
    │   └── OtherVersionError       it is of another version
        ├── UnknownMessageError     the frame is of a type that we do not know
        └── OutOfOrderError         the session's state does not allow the frame
"""

from __future__ import annotations

__all__ = [
    "LocalProtocolError",
    "MalformedFrameError",
    "OtherVersionError",
    "OutOfOrderError",
    "ProtocolError",
    "RemoteProtocolError",
    "UnknownMessageError",
]


class ProtocolError(Exception):
    """Root of all errors of the wire."""


class LocalProtocolError(ProtocolError):
    """This side tried something that the session's state does not allow."""


class RemoteProtocolError(ProtocolError):
    """The other side broke the rules: see the more precise errors below."""


class MalformedFrameError(RemoteProtocolError):
    """The frame cannot be read; the text names the field and what was expected."""


class OtherVersionError(MalformedFrameError):
    """The frame is of another version of the protocol; ``version`` is what it says, None if it says nothing."""

    def __init__(self, version: object, *, expected: int) -> None:
        super().__init__(f"version: expected {expected}, got {version!r}")
        self.version = version


class UnknownMessageError(RemoteProtocolError):
    """The frame is of a type that this version does not know; it is reported once and skipped."""

    def __init__(self, message_type: str) -> None:
        super().__init__(f"unknown message type {message_type!r}")
        self.message_type = message_type


class OutOfOrderError(RemoteProtocolError):
    """The other side sent something that the session's state does not allow; it has no effect."""

    def __init__(self, text: str, *, message_type: str, state: str) -> None:
        super().__init__(text)
        self.message_type = message_type
        self.state = state
