"""How long a new interactive task waits while 1,000 handlers are stuck, of each session."""

from __future__ import annotations

import asyncio

from benchmarks.pieces.extension import cextrun, run_on_loop
from benchmarks.pieces.platform import Peer, ack_frame, percentile, serving, task_frame, verdict
from benchmarks.pieces.stub_api import calls, stub_api
from benchmarks.rows import Row

STUCK = 1000
TASKS = 1000
PROMISED_S = 5e-3


def run() -> list[Row]:
    """Measure new tasks while others hang."""
    with stub_api() as port:
        return run_on_loop(_run(port))


async def _run(api_port: int) -> list[Row]:
    print(f"intake while {STUCK:,} background and {STUCK:,} interactive handlers are stuck")
    async with (
        serving() as platform,
        cextrun(platform.port, api_port=api_port, CONNECT_MAX_RUNNING_TASKS=str(STUCK)) as _,
    ):
        background, interactive = await platform.peer("background"), await platform.peer("interactive")
        await _stick(background, interactive, api_port)
        numbers = range(STUCK + 1, STUCK + 1 + TASKS)
        times = await interactive.round_trips(
            [_custom(number, "POST") for number in numbers], [ack_frame(number) for number in numbers]
        )
    median, tail = percentile(times, 0.5), percentile(times, 0.99)
    print(
        f"  a new task      p50 {median * 1e3:6.2f} ms   p99 {tail * 1e3:6.2f} ms   "
        f"longest {max(times) * 1e3:6.2f} ms   promised 5 ms   {verdict(tail, lambda seconds: seconds <= PROMISED_S)}"
    )
    what = f"a new task while 2 × {STUCK:,} handlers are stuck, p99"
    return [Row(what, f"{tail * 1e3:.2f} ms", f"≤ {PROMISED_S * 1e3:.0f} ms", tail <= PROMISED_S)]


async def _stick(background: Peer, interactive: Peer, api_port: int) -> None:
    """Have all handlers begin, and hang."""
    for number in range(STUCK):
        await background.socket.send(
            task_frame(
                number, category="background", event_type="asset_change_request_processing", object_id=f"PR-{number}"
            )
        )
        await interactive.socket.send(_custom(number, "STUCK"))
    # Tasks begin in the order in which they came, so with this one's answer all have.
    await interactive.round_trips([_custom(STUCK, "POST")], [ack_frame(STUCK)])
    await asyncio.to_thread(calls, api_port, at_least=2 * STUCK)


def _custom(number: int, method: str) -> str:
    return task_frame(
        number,
        category="interactive",
        event_type="product_custom_event_processing",
        object_id="PRD-000-000-000",
        data={"method": method, "headers": {}, "body": {"subscription": "AS-0000-0000-0000"}},
    )
