"""From ``cextrun`` to the last session's handshake: events, web and transformations.

The platform answers at once. Wall clock, as the processes work side by side; the reference is what importing the usual
libraries takes.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.idle_runner import connected_runner, make_project
from benchmarks.rows import Row

ROUNDS = 7
REFERENCE = "import fastapi, pydantic, websockets, connect.client"
PROMISED = 0.6


def run() -> list[Row]:
    """Print medians, ratio, and the ratio that we promise."""
    with tempfile.TemporaryDirectory() as directory:
        project = make_project(Path(directory) / "project")
        asyncio.run(_start_s(project))  # The first one writes byte code.
        pairs = [(asyncio.run(_start_s(project)), _import_s()) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print("start of a runner with four sessions")
    print(f"  cextrun to the last handshake   {mine * 1000:6.0f} ms")
    print(f"  python -c '{REFERENCE}'   {theirs * 1000:6.0f} ms")
    holds = ratio <= PROMISED
    print(f"  ratio {ratio:4.2f}   promised {PROMISED:3.1f}   {'holds' if holds else 'DOES NOT HOLD'}")
    return [
        Row(
            "start: cextrun to the last of four handshakes",
            f"{mine * 1e3:.0f} ms",
            f"≤ {PROMISED} ×",
            holds,
            f"{theirs * 1e3:.0f} ms, {REFERENCE.removeprefix('import ')} imported",
            f"{ratio:.2f} ×",
        )
    ]


async def _start_s(project: Path) -> float:
    begun = time.perf_counter()
    async with connected_runner(project):
        return time.perf_counter() - begun


def _import_s() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", REFERENCE], check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    run()
