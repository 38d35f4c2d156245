"""The websocket that tells whole texts apart by itself sees what the library sees, however the bytes are cut."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from connect_eaas.runner.websocket import PlatformConnection


class Pipe(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.writes = 0
        self.closing = False

    def write(self, data: Any) -> None:
        self.written += data
        self.writes += 1

    def is_closing(self) -> bool:
        return self.closing

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Line:
    """The client's end that is tested, and the library's server at the other one."""

    def __init__(self, *, along_with_response: bytes = b"", max_size: int = 1_000_000) -> None:
        self.pipe = Pipe()
        client = ClientProtocol(parse_uri("ws://example.org/"), max_size=max_size)
        self.server = ServerProtocol()
        self.socket = PlatformConnection(client, ping_interval=None)
        self.socket.connection_made(self.pipe)
        client.send_request(client.connect())
        self.server.receive_data(b"".join(client.data_to_send()))
        (request,) = self.server.events_received()
        self.server.send_response(self.server.accept(cast("Any", request)))
        self.socket.data_received(b"".join(self.server.data_to_send()) + along_with_response)

    def sent(self) -> list[Frame]:
        """What the client wrote, as the server reads it."""
        self.server.receive_data(bytes(self.pipe.written))
        self.pipe.written.clear()
        return [cast("Frame", event) for event in self.server.events_received()]


def feed(line: Line, stream: bytes, cuts: list[int]) -> None:
    places = sorted({cut % (len(stream) + 1) for cut in cuts} | {0, len(stream)})
    for begin, end in pairwise(places):
        line.socket.data_received(stream[begin:end])


def server_frames(server: ServerProtocol, kind: str, body: bytes) -> None:
    if kind == "text":
        server.send_text(body)
    elif kind == "binary":
        server.send_binary(body)
    elif kind == "ping":
        server.send_ping(body[:125])
    else:
        middle = len(body) // 2
        server.send_text(body[:middle], fin=False)
        server.send_ping(b"between")
        server.send_continuation(body[middle:], fin=True)


_BODIES = st.one_of(
    st.binary(max_size=8), st.sampled_from([b"x" * size for size in (125, 126, 127, 65_535, 65_536, 65_537, 150_000)])
)


@settings(max_examples=60, deadline=None)
@given(
    messages=st.lists(st.tuples(st.sampled_from(["text", "binary", "ping", "fragments"]), _BODIES), max_size=8),
    cuts=st.lists(st.integers(0, 1_000_000), max_size=12),
    early=st.integers(0, 8),
    glued=st.booleans(),
)
def test_messages_come_whole_and_in_order(
    messages: list[tuple[str, bytes]], cuts: list[int], early: int, glued: bool
) -> None:
    async def main() -> None:
        sender = Line().server
        for kind, body in messages:
            server_frames(sender, kind, body)
        stream = b"".join(sender.data_to_send())
        along = min(early, len(stream)) if glued else 0
        line = Line(along_with_response=stream[:along])
        received: list[bytes] = []
        if not glued:
            line.socket.listen(received.append)
        feed(line, stream[along:], cuts)
        if glued:
            line.socket.listen(received.append)
        assert received == [body for kind, body in messages if kind != "ping"]
        answered = [frame.data for frame in line.sent()]
        pings = [
            body[:125] if kind == "ping" else b"between" for kind, body in messages if kind in ("ping", "fragments")
        ]
        assert answered == pings

    asyncio.run(main())


@given(
    bodies=st.lists(st.one_of(st.text(max_size=80), st.sampled_from(["ü" * 63, "x" * 126, "y" * 65_536])), max_size=6)
)
@settings(max_examples=60, deadline=None)
def test_what_is_sent_is_what_the_server_reads(bodies: list[str]) -> None:
    async def main() -> None:
        line = Line()
        line.pipe.writes = 0
        line.pipe.written.clear()
        await line.socket.send_all(bodies)
        assert line.pipe.writes <= 1 + sum(map(len, bodies)) // 65_536, "frames that are due together leave together"
        frames = line.sent()
        assert [(frame.opcode, frame.fin) for frame in frames] == [(Opcode.TEXT, True)] * len(bodies)
        assert [bytes(frame.data).decode() for frame in frames] == bodies

    asyncio.run(main())


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (b"\x81\x85mask\x00\x00\x00\x00\x00", 1002),  # A server may not mask.
        (b"\x83\x00", 1002),  # There is no such opcode.
        (b"\x80\x01x", 1002),  # A continuation of nothing.
        (b"\x01\x01a\x81\x01b", 1002),  # A new message within fragments.
        (b"\x81\x7f\x00\x00\x00\x00\x00\x10\x00\x00", 1009),  # One larger than the limit, of which only the head came.
    ],
)
async def test_what_is_wrong_ends_the_connection(stream: bytes, code: int) -> None:
    line = Line()
    received: list[bytes] = []
    line.socket.listen(received.append)
    feed(line, b"\x81\x02ok" + stream + b"\x81\x04late", list(range(40)))

    assert received == [b"ok"]
    (frame,) = line.sent()
    assert frame.opcode is Opcode.CLOSE
    assert int.from_bytes(bytes(frame.data[:2]), "big") == code


async def test_nothing_follows_a_close_frame() -> None:
    line = Line()
    received: list[bytes] = []
    line.socket.listen(received.append)
    line.server.send_text(b"last")
    line.server.send_close(1001, "going away")
    line.socket.data_received(b"".join(line.server.data_to_send()) + b"\x81\x04late")

    assert received == [b"last"]
    assert line.socket.protocol.state is not State.OPEN


async def test_sending_on_an_ended_connection_says_how_it_ended() -> None:
    line = Line()
    line.server.send_close(1001, "going away")
    line.socket.data_received(b"".join(line.server.data_to_send()))
    sending = asyncio.ensure_future(line.socket.send_all(["too late"]))
    await asyncio.sleep(0)
    line.socket.connection_lost(None)

    with pytest.raises(ConnectionClosed) as ended:
        await sending
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1001


async def test_sending_waits_while_the_line_is_full_and_tells_when_it_breaks() -> None:
    line = Line()
    line.socket.pause_writing()
    sending = asyncio.ensure_future(line.socket.send_all(["frame"]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not sending.done()
    line.socket.resume_writing()
    await sending

    line.socket.pause_writing()
    sending = asyncio.ensure_future(line.socket.send_all(["frame"]))
    await asyncio.sleep(0)
    line.socket.connection_lost(ConnectionResetError("reset"))
    with pytest.raises(ConnectionClosed):
        await sending


async def test_what_is_sent_at_once_arrives_and_only_an_open_line_with_room_is_writable() -> None:
    line = Line()
    line.pipe.written.clear()
    assert line.socket.writable
    line.socket.send_now(["one", "two"])
    assert [bytes(frame.data) for frame in line.sent()] == [b"one", b"two"]

    line.socket.pause_writing()
    assert not line.socket.writable
    line.socket.resume_writing()
    assert line.socket.writable
    line.server.send_close(1001, "going away")
    line.socket.data_received(b"".join(line.server.data_to_send()))
    assert not line.socket.writable
