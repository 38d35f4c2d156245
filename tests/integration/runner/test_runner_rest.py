"""The runner's own REST connections against servers that answer in every way HTTP/1.1 allows, and in wrong ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from connect_eaas.runner.rest import DirectConnections, ProxiedConnections, RestError, open_connections

Reply = bytes | None


@asynccontextmanager
async def server(*replies: Reply) -> AsyncIterator[tuple[str, list[bytes]]]:
    """One reply for each request, over all connections; None closes the connection instead."""
    seen: list[bytes] = []
    waiting = list(replies)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                seen.append(head)
                reply = waiting.pop(0)
                if reply is None:
                    return
                writer.write(reply)
                if b"Connection: close" in reply:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/public/v1", seen


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n42"


@pytest.mark.parametrize(
    "reply",
    [
        OK,
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\n4\r\n1\r\n2\r\n0\r\nTrailer: t\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n42",
        b"HTTP/1.1 200\r\ncontent-LENGTH:2\r\n\r\n42",
    ],
)
async def test_answer_is_read_however_it_is_framed(reply: bytes) -> None:
    async with server(reply, reply) as (root, seen):
        connections = DirectConnections(root, None)
        for _ in range(2):
            answer = await connections.get("/requests/PR-1?a=(b, ü)", {"Authorization": "ApiKey x"})
            assert (answer.status, answer.json()) == (200, 42)
        await connections.aclose()

    assert seen[0].startswith(b"GET /public/v1/requests/PR-1?a=(b,%20%C3%BC) HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nAuthorization: ApiKey x\r\n" in seen[0]


async def test_connection_that_the_host_closed_meanwhile_is_opened_anew() -> None:
    async with server(OK, None, OK) as (root, seen):
        connections = DirectConnections(root, None)
        assert (await connections.get("a", {})).json() == 42
        assert (await connections.get("b", {})).json() == 42
        await connections.aclose()

    assert [head.split()[1] for head in seen] == [b"/public/v1/a", b"/public/v1/b", b"/public/v1/b"]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (None, "0 bytes read"),
        (b"SSH-2.0\r\n\r\n", "no HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "invalid literal"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n42", "2 bytes read"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", "limit"),
    ],
)
async def test_answer_that_is_none_is_one_clear_error(reply: Reply, text: str) -> None:
    async with server(reply) as (root, _):
        connections = DirectConnections(root, None)
        with pytest.raises(RestError, match=text):
            await connections.get("a", {})
        await connections.aclose()
        # The broken connection is closed by the loop's next turn.
        await asyncio.sleep(0)


async def test_header_cannot_smuggle_a_second_request() -> None:
    async with server(OK) as (root, seen):
        connections = DirectConnections(root, None)
        with pytest.raises(RestError, match="Authorization"):
            await connections.get("a", {"Authorization": "x\r\nHost: elsewhere"})
        await connections.get("a\r\nX: y", {})
        await connections.aclose()

    assert seen[0].startswith(b"GET /public/v1/a%0D%0AX:%20y HTTP/1.1\r\n")


async def test_connections_are_kept_and_bounded() -> None:
    together, most = 0, 0
    full = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal together, most
        together += 1
        most = max(most, together)
        if together == 50:
            full.set()
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await full.wait()
                writer.write(OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as running:
        connections = DirectConnections(f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}", None)
        answers = await asyncio.gather(*(connections.get(str(number), {}) for number in range(120)))
        await connections.aclose()

    assert [answer.json() for answer in answers] == [42] * 120
    assert most == 50


@pytest.mark.parametrize(
    ("variables", "kind"),
    [
        ({}, DirectConnections),
        ({"http_proxy": "http://127.0.0.1:1"}, ProxiedConnections),
        ({"http_proxy": "http://127.0.0.1:1", "no_proxy": "example.org"}, DirectConnections),
        ({"https_proxy": "http://127.0.0.1:1"}, DirectConnections),
    ],
)
async def test_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], kind: type
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    connections = open_connections("http://example.org/public/v1", None)

    assert isinstance(connections, kind)
    await connections.aclose()


@pytest.mark.parametrize("pieces", [(OK[:10], OK[10:]), (OK[:-1], OK[-1:]), (OK[:-2], OK[-2:])])
async def test_answer_in_pieces_is_put_together(pieces: tuple[bytes, bytes]) -> None:
    first_read = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(pieces[0])
                await first_read.wait()
                writer.write(pieces[1])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as running:
        connections = DirectConnections(f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}", None)
        for _ in range(2):
            first_read.clear()
            asking = asyncio.ensure_future(connections.get("a", {}))
            done, _ = await asyncio.wait({asking}, timeout=0.05)
            assert not done
            first_read.set()
            assert (await asking).json() == 42
        await connections.aclose()


async def test_what_nobody_asked_for_is_not_taken_for_the_next_answer() -> None:
    unasked = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
    async with server(OK + unasked, OK) as (root, _):
        connections = DirectConnections(root, None)
        assert (await connections.get("a", {})).json() == 42
        assert (await connections.get("b", {})).json() == 42
        await connections.aclose()


async def test_what_comes_late_and_unasked_spoils_the_connection() -> None:
    late = asyncio.Event()
    served = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await late.wait()
        writer.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as running, server(OK) as (other, _):
        connections = DirectConnections(f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}", None)
        assert (await connections.get("a", {})).status == 200
        late.set()
        # By the time that another server has answered, it is there.
        elsewhere = DirectConnections(other, None)
        await elsewhere.get("a", {})
        assert (await connections.get("b", {})).status == 200
        await connections.aclose()
        await elsewhere.aclose()

    assert served == 2
