"""How long it takes until both sessions are back, once a platform that was away serves again."""

from __future__ import annotations

import asyncio
import statistics
import time

from benchmarks.pieces.extension import cextrun, run_on_loop
from benchmarks.pieces.platform import serving, verdict
from benchmarks.rows import Row

OUTAGES_S = (0.5, 1.0, 2.0, 3.0, 5.0)


def run() -> list[Row]:
    """Measure the way back after outages."""
    return run_on_loop(_run())


async def _run() -> list[Row]:
    print("reconnect: from the moment when the platform listens again to the last session's handshake")
    times = []
    async with serving() as platform:
        port = platform.port
        runner = cextrun(port)
        await runner.__aenter__()
        await platform.peer("background")
        await platform.peer("interactive")
    try:
        for outage in OUTAGES_S:
            # The platform is away: this is the outage itself, not a wait for something.
            await asyncio.sleep(outage)
            async with serving(port=port) as platform:
                begun = time.perf_counter()
                await platform.peer("background")
                await platform.peer("interactive")
                times.append(time.perf_counter() - begun)
    finally:
        await runner.__aexit__(None, None, None)
    median = statistics.median(times)
    shown = ", ".join(f"{seconds:.2f}" for seconds in times)
    print(
        f"  after outages of {', '.join(map(str, OUTAGES_S))} s: {shown} s   median {median:.2f} s   promised 1 s   "
        f"{verdict(median, lambda seconds: seconds < 1)}"
    )
    return [Row("reconnection, median", f"{median:.2f} s", "< 1 s", median < 1)]
