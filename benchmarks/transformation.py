"""Transformation of a spreadsheet: our whole flow without the network, against plain scripts with other libraries.

Each way runs in a process of its own, which tells its time without imports and its peak memory. They take turns, and
the best time of each counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.pieces import sheets

ROWS = 100_000
STYLED_ROWS = 20_000
ROUNDS = 3
PROMISED_RATIO = 1.5
PROMISED_MB = 150.0


class Measured(NamedTuple):
    """What a process says of itself."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run() -> None:
    """Print both comparisons, the memory, and what we promise."""
    print(f"transformation of {ROWS:,} rows of ten columns, no styles")
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory, "in.xlsx")
        sheets.write_source(source, ROWS)
        plain = _compare(source, ("ours", "calamine-rustpy", "calamine-xlsxwriter"))
        sheets.write_source(source, 2 * ROWS)
        double = _measure("ours", source)
        styled = Path(directory, "styled.xlsx")
        sheets.write_source(styled, STYLED_ROWS, styled=True)
        ratio = plain["ours"].wall_s / min(plain["calamine-rustpy"].wall_s, plain["calamine-xlsxwriter"].wall_s)
        print(f"  {ratio:.2f} × the fastest script   promised {PROMISED_RATIO} ×   {_verdict(ratio <= PROMISED_RATIO)}")
        grown = double.peak_mb - plain["ours"].peak_mb
        fits = max(plain["ours"].peak_mb, double.peak_mb) < PROMISED_MB
        print(
            f"  twice the rows: peak {double.peak_mb:.0f} MB, {grown:+.0f} MB   promised under {PROMISED_MB:.0f} MB",
            end="",
        )
        print(f"   {_verdict(fits)}")
        print(f"transformation of {STYLED_ROWS:,} rows of ten columns, styles kept")
        kept = _compare(styled, ("ours-styled", "openpyxl"))
        ratio = kept["ours-styled"].wall_s / kept["openpyxl"].wall_s
        print(f"  {ratio:.2f} × openpyxl   promised under 1 ×   {_verdict(ratio < 1)}")


def _compare(source: Path, ways: tuple[str, ...]) -> dict[str, Measured]:
    best: dict[str, Measured] = {}
    for _ in range(ROUNDS):
        for way in ways:
            found = _measure(way, source)
            best[way] = min(best.get(way, found), found)
    for way, found in best.items():
        print(f"  {way:<20} {found.wall_s:6.2f} s, CPU {found.cpu_s:6.2f} s, peak {found.peak_mb:5.0f} MB")
    return best


def _measure(way: str, source: Path) -> Measured:
    command = [sys.executable, "-m", "benchmarks.transformation", way, str(source)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    return Measured(*json.loads(done.stdout))


def _verdict(holds: bool) -> str:
    return "holds" if holds else "DOES NOT HOLD"


def as_child(way: str, source: Path) -> None:
    """Carry out one way, and print what it took as a JSON list."""
    target = source.with_name("out.xlsx")
    work = sheets.WAYS[way]()
    wall, cpu = time.perf_counter(), time.process_time()
    work(source, target)
    print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu, sheets.peak_mb()]))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        as_child(sys.argv[1], Path(sys.argv[2]))
    else:
        run()
