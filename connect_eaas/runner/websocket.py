"""A websocket of the library whose frames are handed over as they come, and leave many at a time.

The library gives each frame to a coroutine by way of a queue, and makes a system call for each that is sent. For a
small frame both cost more than all else that is done with it (figures in docs/performance.md). So what nearly all
frames are, whole and uncompressed texts, is read and written here; everything else, like pings, fragments, compressed
frames, the closing handshake and whatever is wrong, is left to the library, in the order in which it came.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

try:
    from websockets.speedups import apply_mask
except ImportError:  # Where there is no compiled wheel.
    from websockets.utils import apply_mask

__all__ = ["PlatformConnection"]

_GATHERED_BYTES: Final = 128 * 1024
_KEPT_BYTES: Final = 64 * 1024
"""Larger frames that have not come wholly are left to the library, which knows the limits and how to gather them."""
_DATA: Final = frozenset({Opcode.CONT, Opcode.TEXT, Opcode.BINARY})
_WHOLE_TEXT: Final = 0x81
_MASKED: Final = 0x80


class PlatformConnection(ClientConnection):
    """A websocket with a listener; ``recv`` gives nothing, but says how the connection ended."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # What comes before `listen` was called waits.
        self._early: list[bytes] = []
        self._deliver: Callable[[bytes], object] = self._early.append
        # Fragments of a message whose last one has not come.
        self._fragments: list[bytes] = []
        # None until the handshake is over; then whether frames are told apart here.
        self._splitting: bool | None = None
        # Bytes of a frame of which more is to come.
        self._rest = b""
        # How many of the next bytes belong to a frame that the library reads.
        self._owed_to_library = 0
        # True while frames are gathered.
        self._gathering = False
        self._masks = _masks()

    def listen(self, listener: Callable[[bytes], None]) -> None:
        """Hand each message over from now on, those that waited first. The listener must not raise."""
        self._deliver = listener
        early, self._early = self._early, []
        for message in early:
            listener(message)

    async def send_all(self, frames: Sequence[str]) -> None:
        """Send the texts in this order.

        Raises:
            ConnectionClosed: the connection has ended; the last frames may not have left.
        """
        if self.protocol.extensions or self.debug:
            await self._send_by_library(frames)
            return
        gathered: list[bytes] = []
        size = 0
        for frame in frames:
            gathered.append(_masked(frame.encode(), next(self._masks)))
            size += len(gathered[-1])
            if size >= _GATHERED_BYTES:
                await self._write(gathered)
                gathered, size = [], 0
        if gathered:
            await self._write(gathered)

    @property
    def writable(self) -> bool:
        """True if texts can be sent without waiting."""
        if self.protocol.state is not State.OPEN or self.protocol.extensions or self.debug:
            return False
        return not self.paused and not self.transport.is_closing()

    def send_now(self, frames: Sequence[str]) -> None:
        """Send the texts in this order, without waiting; only where the connection is `writable`."""
        self.transport.write(b"".join([_masked(frame.encode(), next(self._masks)) for frame in frames]))

    async def _write(self, frames: list[bytes]) -> None:
        if self.protocol.state is not State.OPEN:
            # Waits for the end, and says what it was.
            async with self.send_context():
                pass
        self.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))
        if self.paused or self.transport.is_closing():
            # Waits until there is room again, or for the end.
            async with self.send_context():
                pass

    async def _send_by_library(self, frames: Iterable[str]) -> None:
        gathered = 0
        try:
            for frame in frames:
                self._gathering = gathered < _GATHERED_BYTES
                gathered = gathered + len(frame) if self._gathering else 0
                await self.send(frame)
        finally:
            self._gathering = False
            self.send_data()

    def send_data(self) -> None:
        """Write what the library has to send, with one system call."""
        if self._gathering:
            return
        frames = self.protocol.data_to_send()
        if frames and frames[-1]:
            self.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))
        elif frames:
            # The empty one at the end asks for a half-closed line; only the base class knows how.
            self.protocol.writes[:0] = frames
            super().send_data()

    def data_received(self, data: bytes) -> None:
        """Take bytes in: `asyncio.Protocol`'s callback."""
        if self._splitting:
            self._split(data)
            return
        super().data_received(data)
        if self._splitting is None and self.response is not None:
            # Where frames came along with the response, the library may hold a part of one: then it goes on.
            self._splitting = data.endswith(b"\r\n\r\n") and not self.debug

    def process_event(self, event: Event) -> None:
        """Take over what the library has read."""
        if self.response is None or not isinstance(event, Frame) or event.opcode not in _DATA:
            super().process_event(event)
            return
        self._fragments.append(bytes(event.data))
        if event.fin:
            message, self._fragments = b"".join(self._fragments), []
            self._deliver(message)

    def _split(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
            self._rest = b""
        position, end = 0, len(data)
        if self._owed_to_library:
            position = min(self._owed_to_library, end)
            self._owed_to_library -= position
            super().data_received(data[:position])
        deliver = self._deliver
        # Only the library's doing changes these.
        going_on, whole = self.protocol.state is State.OPEN, not self._fragments
        # Once the connection ends, and if a frame is masked, which is not allowed, all is left to the library.
        while end - position >= 2 and going_on and (length := data[position + 1]) < _MASKED:
            start = position + 2
            if length > 125:
                start += 2 if length == 126 else 8
                if start > end:
                    break
                length = int.from_bytes(data[position + 2 : start], "big")
            border = start + length
            if whole and data[position] == _WHOLE_TEXT:
                if border <= end:
                    deliver(data[start:border])
                    position = border
                    continue
                if length <= _KEPT_BYTES:
                    break
            super().data_received(data[position:border])
            going_on, whole = self.protocol.state is State.OPEN, not self._fragments
            self._owed_to_library = max(border - end, 0)
            position = min(border, end)
        else:
            if end - position >= 2:
                self._splitting = False
                super().data_received(data[position:])
                return
        self._rest = data[position:]


def _masks() -> Iterator[bytes]:
    """Masks that nobody can foresee; one question to the system for many of them."""
    while True:
        drawn = os.urandom(1024)
        for first in range(0, len(drawn), 4):
            yield drawn[first : first + 4]


def _masked(payload: bytes, mask: bytes) -> bytes:
    """A whole text frame of a client."""
    length = len(payload)
    if length < 126:
        head = bytes((_WHOLE_TEXT, _MASKED | length))
    elif length < 65_536:
        head = bytes((_WHOLE_TEXT, _MASKED | 126, length >> 8, length & 0xFF))
    else:
        head = bytes((_WHOLE_TEXT, _MASKED | 127)) + length.to_bytes(8, "big")
    return head + mask + apply_mask(payload, mask)
