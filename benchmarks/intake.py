"""How long a new interactive task waits while 1,000 handlers are stuck, of each session."""

from __future__ import annotations

from benchmarks.pieces.extension import cextrun, run_on_loop
from benchmarks.pieces.platform import ack_frame, percentile, serving, task_frame, verdict

STUCK = 1000
TASKS = 1000


def run() -> None:
    """Print one line."""
    run_on_loop(_run())


async def _run() -> None:
    print(f"intake while {STUCK:,} background and {STUCK:,} interactive handlers are stuck")
    async with serving() as platform, cextrun(platform.port, CONNECT_MAX_RUNNING_TASKS=str(STUCK)) as _:
        background, interactive = await platform.peer("background"), await platform.peer("interactive")
        for number in range(STUCK):
            await background.socket.send(
                task_frame(
                    number,
                    category="background",
                    event_type="asset_change_request_processing",
                    object_id=f"PR-{number}",
                )
            )
            await interactive.socket.send(_custom(number, "STUCK"))
        numbers = range(STUCK, STUCK + TASKS)
        times = await interactive.round_trips(
            [_custom(number, "POST") for number in numbers], [ack_frame(number) for number in numbers]
        )
    median, tail = percentile(times, 0.5), percentile(times, 0.99)
    print(
        f"  a new task      p50 {median * 1e3:6.2f} ms   p99 {tail * 1e3:6.2f} ms   promised 5 ms   "
        f"{verdict(tail, lambda seconds: seconds <= 5e-3)}"
    )


def _custom(number: int, method: str) -> str:
    return task_frame(
        number,
        category="interactive",
        event_type="product_custom_event_processing",
        object_id="PRD-000-000-000",
        data={"method": method, "headers": {}, "body": {"subscription": "AS-0000-0000-0000"}},
    )
