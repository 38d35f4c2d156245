"""The reference: connects to the platform as a runner does, and sends each frame back as it came."""

from __future__ import annotations

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def _echo(url: str) -> None:
    async with connect(url, compression=None, proxy=None) as socket:
        try:
            while True:
                await socket.send(await socket.recv())
        except ConnectionClosed:
            return


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(_echo(sys.argv[1]))
    else:
        uvloop.run(_echo(sys.argv[1]))
