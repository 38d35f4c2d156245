"""A REST API that answers at once: counts one object, and has it. Knows how many calls it got."""

from __future__ import annotations

import asyncio
import json
import sys

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
    at_once = 0
    most_at_once = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, self._received = self._received[:end], self._received[end + 4 :]
            self._reply(head.split(b" ", 2)[1])

    def _reply(self, target: bytes) -> None:
        if target == b"/calls":
            reply = _answer(str(_Connection.calls).encode())
        else:
            _Connection.calls += 1
            reply = _COUNT if b"limit=0" in target else _FOUND
        self._transport.write(reply)  # type: ignore[attr-defined]


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(int(sys.argv[1])))
    else:
        uvloop.run(_serve(int(sys.argv[1])))
