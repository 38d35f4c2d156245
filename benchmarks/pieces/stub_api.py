"""A REST API that answers at once: counts one object, and has it. Knows how many calls it got."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

_OBJECT = json.dumps(
    {
        "id": "PR-0000-0000-0000-001",
        "type": "purchase",
        "status": "pending",
        "asset": {"id": "AS-0000-0000-0000", "params": [{"id": f"p{n}", "value": "v" * 20} for n in range(20)]},
    }
).encode()


def _answer(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


_COUNT = _answer(b"[]", "Content-Range: items 0-0/1")
_FOUND = _answer(_OBJECT)


class _Connection(asyncio.Protocol):
    calls = 0
    # Who asked to be told the calls, and from which number on.
    waiting: ClassVar[list[tuple[int, _Connection]]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, self._received = self._received[:end], self._received[end + 4 :]
            self._reply(head.split(b" ", 2)[1])

    def _reply(self, target: bytes) -> None:
        path, _, least = target.partition(b"?at_least=")
        if path == b"/calls":
            _Connection.waiting.append((int(least or 0), self))
        else:
            _Connection.calls += 1
            self._transport.write(_COUNT if b"limit=0" in target else _FOUND)  # type: ignore[attr-defined]
        if _Connection.waiting:
            self._tell()

    def _tell(self) -> None:
        for item in list(_Connection.waiting):
            least, connection = item
            if _Connection.calls >= least:
                _Connection.waiting.remove(item)
                connection._transport.write(_answer(str(_Connection.calls).encode()))  # type: ignore[attr-defined]


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def stub_api() -> Iterator[int]:
    """Run it in a process of its own; gives its port."""
    command = [sys.executable, "-m", "benchmarks.pieces.stub_api", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as api:
        assert api.stdout is not None
        try:
            yield int(api.stdout.readline())
        finally:
            api.terminate()


def calls(port: int, *, at_least: int = 0) -> int:
    """How many calls it got so far; waits until there were as many as asked for."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"/calls?at_least={at_least}")
    counted = int(connection.getresponse().read())
    connection.close()
    return counted


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(int(sys.argv[1])))
    else:
        uvloop.run(_serve(int(sys.argv[1])))
