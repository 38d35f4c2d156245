"""The least that can be called a platform: it shakes hands, sends frames, and times what comes back.

It runs in the benchmark's own process, so that neither the local platform nor its database is measured, and it serves
runners and the reference echo alike: same library, same event loop, no compression.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

API_KEY = "ApiKey SU-000-000-000:benchmark"
ENVIRONMENT_ID = "ENV-0000-0000-01"
_LEASE = "lease-"
_SETUP = json.dumps(
    {
        "version": 2,
        "message_type": "setup_response",
        "data": {
            "model_type": "setup_response",
            "variables": [],
            "environment_type": "development",
            "logging": {"log_level": "INFO", "runner_log_level": "INFO", "meta": {"service_id": "SRVC-0000-0000"}},
            "features": ["ack"],
        },
    }
)


def task_frame(number: int, *, category: str, event_type: str, object_id: str, data: object = None) -> str:
    """One task as the platform writes it, with every field that a real one has."""
    options = {
        "task_id": f"TQ-{number}",
        "task_category": category,
        "correlation_id": f"lease-{number}",
        "reply_to": "benchmark",
        "api_key": None,
        "installation_id": None,
        "connect_correlation_id": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }
    task_input = {"event_type": event_type, "object_id": object_id, "data": data}
    body = {"model_type": "task", "options": options, "input": task_input, "output": None}
    return json.dumps({"version": 2, "message_type": "task", "data": body})


def ack_frame(number: int) -> str:
    """The platform's word that it has settled a result."""
    body = {"model_type": "ack", "task_id": f"TQ-{number}", "correlation_id": f"lease-{number}"}
    return json.dumps({"version": 2, "message_type": "ack", "data": body})


def lease_of(frame: str) -> str:
    """The lease that a result or an acknowledgement is about; results come in any order."""
    begin = frame.index(_LEASE)
    return frame[begin : frame.index('"', begin)]


class Peer:
    """One connection: a runner's session, or the echo."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    async def round_trips(self, frames: list[str], acks: list[str]) -> list[float]:
        """Send one frame after the other, each when the last one was answered.

        Returns:
            Seconds of each round trip.
        """
        times = []
        for frame, ack in zip(frames, acks, strict=True):
            begun = time.perf_counter()
            await self.socket.send(frame)
            await self.socket.recv()
            times.append(time.perf_counter() - begun)
            if ack:
                await self.socket.send(ack)
        return times

    async def in_flight(self, frames: list[str], acks: list[str], width: int) -> float:
        """Send all frames, never more than ``width`` ahead of the answers; each answer gets its own acknowledgement.

        Returns:
            Seconds for all.
        """
        by_lease = {lease_of(ack): ack for ack in acks if ack}
        begun = time.perf_counter()
        for frame in frames[:width]:
            await self.socket.send(frame)
        for position in range(len(frames)):
            answer = await self.socket.recv()
            if by_lease:
                await self.socket.send(by_lease[lease_of(str(answer))])
            if position + width < len(frames):
                await self.socket.send(frames[position + width])
        return time.perf_counter() - begun


class Platform:
    """The server of one benchmark; ``peers`` are its connections by kind."""

    def __init__(self) -> None:
        self.port = 0
        self.peers: dict[str, Peer] = {}
        self._changed = asyncio.Condition()

    async def peer(self, kind: str, *, within_s: float = 30.0) -> Peer:
        """Wait for a connection: ``echo``, or a runner's ``background`` or ``interactive`` session."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: kind in self.peers), within_s)
        return self.peers[kind]

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        parts = urlsplit(socket.request.path)
        kind = "echo"
        if "/devops/ws/" in parts.path:
            kind = parse_qs(parts.query).get("runner_type", ["background"])[0]
            try:
                await socket.recv()
                await socket.send(_SETUP)
            except ConnectionClosed:
                return
        async with self._changed:
            self.peers[kind] = Peer(socket)
            self._changed.notify_all()
        await socket.wait_closed()
        if self.peers[kind].socket is socket:
            del self.peers[kind]


@asynccontextmanager
async def serving(*, port: int = 0) -> AsyncIterator[Platform]:
    """Run a platform on loopback."""
    platform = Platform()
    async with serve(platform._serve, "127.0.0.1", port, compression=None, close_timeout=1) as server:
        platform.port = next(iter(server.sockets)).getsockname()[1]
        yield platform


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def verdict(ratio: float, holds: Callable[[float], bool]) -> str:
    """Say whether a promise holds."""
    return "holds" if holds(ratio) else "DOES NOT HOLD"
