"""The round trip of interactive tasks against a bare echo of the same frames between the same processes."""

from __future__ import annotations

import statistics

from benchmarks.pieces.extension import Child, cextrun, echo, run_on_loop
from benchmarks.pieces.platform import Peer, ack_frame, percentile, serving, task_frame, verdict
from benchmarks.rows import Row

ROUNDS = 5
ONE_BY_ONE = 1000
MANY = 3000
WIDTH = 64


def run() -> list[Row]:
    """Measure one task at a time, and many in flight."""
    return run_on_loop(_run())


async def _run() -> list[Row]:
    print(f"interactive tasks, async no-op, against an echo; medians of {ROUNDS} rounds measured in turn")
    async with serving() as platform, echo(platform.port), cextrun(platform.port) as runner:
        reference, session = await platform.peer("echo"), await platform.peer("interactive")
        numbers = iter(range(10**9))
        return [
            *await _one_by_one(reference, session, numbers),
            *await _in_flight(reference, session, runner, numbers),
        ]


def _frames(numbers: object, count: int) -> tuple[list[str], list[str]]:
    chosen = [next(numbers) for _ in range(count)]  # type: ignore[call-overload]
    body = {"method": "POST", "headers": {}, "body": {"subscription": "AS-0000-0000-0000", "items": ["a", "b", "c"]}}
    frames = [
        task_frame(
            number,
            category="interactive",
            event_type="product_custom_event_processing",
            object_id="PRD-000-000-000",
            data=body,
        )
        for number in chosen
    ]
    return frames, [ack_frame(number) for number in chosen]


async def _one_by_one(reference: Peer, session: Peer, numbers: object) -> list[Row]:
    rows = []
    for _ in range(ROUNDS + 1):
        frames, acks = _frames(numbers, ONE_BY_ONE)
        theirs = await reference.round_trips(frames, [""] * len(frames))
        ours = await session.round_trips(frames, acks)
        rows.append([percentile(theirs, 0.5), percentile(theirs, 0.99), percentile(ours, 0.5), percentile(ours, 0.99)])
    # The first round warms up both.
    echo50, echo99, ours50, ours99 = (statistics.median(column) for column in zip(*rows[1:], strict=True))
    half = statistics.median(row[2] / row[0] for row in rows[1:])
    tail = statistics.median(row[3] / row[1] for row in rows[1:])
    print(
        f"  one at a time   p50 {ours50 * 1e6:6.0f} µs   echo {echo50 * 1e6:6.0f} µs   ratio {half:5.2f}   "
        f"promised  3.0   {verdict(half, lambda ratio: ratio <= 3)}"
    )
    print(
        f"                  p99 {ours99 * 1e6:6.0f} µs   echo {echo99 * 1e6:6.0f} µs   ratio {tail:5.2f}   "
        f"promised 10.0   {verdict(tail, lambda ratio: ratio <= 10)}"
    )
    return [
        Row(
            "interactive, one at a time, p50",
            f"{ours50 * 1e6:.0f} µs",
            "≤ 3 ×",
            half <= 3,
            f"{echo50 * 1e6:.0f} µs, echo",
            f"{half:.2f} ×",
        ),
        Row(
            "interactive, one at a time, p99",
            f"{ours99 * 1e6:.0f} µs",
            "≤ 10 ×",
            tail <= 10,
            f"{echo99 * 1e6:.0f} µs, echo",
            f"{tail:.2f} ×",
        ),
    ]


async def _in_flight(reference: Peer, session: Peer, runner: Child, numbers: object) -> list[Row]:
    rows = []
    for _ in range(ROUNDS + 1):
        frames, acks = _frames(numbers, MANY)
        theirs = MANY / await reference.in_flight(frames, [""] * MANY, WIDTH)
        used = runner.cpu_s()
        ours = MANY / await session.in_flight(frames, acks, WIDTH)
        rows.append([theirs, ours, (runner.cpu_s() - used) / MANY])
    echoed, done, cpu = (statistics.median(column) for column in zip(*rows[1:], strict=True))
    share = statistics.median(row[1] / row[0] for row in rows[1:])
    print(
        f"  {WIDTH} in flight {done:8,.0f}/s      echo {echoed:7,.0f}/s    share {share:5.1%}   "
        f"promised 20 %   {verdict(share, lambda ratio: ratio >= 0.2)}"
    )
    print(
        f"  CPU a task      {cpu * 1e6:6.0f} µs, acknowledgement included        promised 200   "
        f"{verdict(cpu, lambda used: used < 200e-6)}"
    )
    return [
        Row(
            f"interactive, {WIDTH} in flight",
            f"{done:,.0f}/s",
            "≥ 20 %",
            share >= 0.2,
            f"{echoed:,.0f}/s, echo",
            f"{share:.1%}",
        ),
        Row("CPU of an interactive task", f"{cpu * 1e6:.0f} µs", "< 200 µs", cpu < 200e-6),
    ]
