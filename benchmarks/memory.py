"""Memory of an idle runner with events, web and transformations: proportional set size of all its processes."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.idle_runner import connected_runner, make_project
from benchmarks.rows import Row

PROMISED_MB = 150.0


def run() -> list[Row]:
    """Print a line a process, the sum, and what we promise. Needs Linux, which alone tells shared pages apart."""
    if sys.platform != "linux":
        print("memory: only Linux tells the proportional set size")
        return []
    with tempfile.TemporaryDirectory() as directory:
        sizes = asyncio.run(_sizes(make_project(Path(directory) / "project")))
    print("memory of an idle runner with four sessions (proportional set size)")
    for pid, megabytes in sizes.items():
        print(f"  process {pid:<8} {megabytes:6.1f} MB")
    total = sum(sizes.values())
    holds = total <= PROMISED_MB
    verdict = "holds" if holds else "DOES NOT HOLD"
    print(f"  in all {total:6.1f} MB   promised {PROMISED_MB:.0f} MB   {verdict}")
    what = "memory, events + web + transformations, idle (proportional set size)"
    return [Row(what, f"{total:.0f} MB in {len(sizes)} processes", f"≤ {PROMISED_MB:.0f} MB", holds)]


async def _sizes(project: Path) -> dict[int, float]:
    async with connected_runner(project) as (process, _):
        return {pid: _megabytes(pid) for pid in _family(process.pid)}


def _family(pid: int) -> list[int]:
    """The process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid}: the kernel tells no proportional set size")


if __name__ == "__main__":
    run()
