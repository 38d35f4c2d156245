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
from benchmarks.rows import Row

ROWS = 100_000
ROUNDS = 5
STYLED_ROUNDS = 1
GROWTH = 3
PROMISED_RATIO = 1.5
PROMISED_MB = 150.0


class Measured(NamedTuple):
    """What a process says of itself."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run() -> list[Row]:
    """Print both comparisons, the memory, and what we promise."""
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory, "in.xlsx")
        return [*_without_styles(source), _with_styles(source)]


def _without_styles(source: Path) -> list[Row]:
    print(f"transformation of {ROWS:,} rows of ten columns, no styles")
    sheets.write_source(source, ROWS)
    plain = _compare(source, ("ours", "calamine-rustpy"), ROUNDS)
    ours, fastest = plain["ours"], plain["calamine-rustpy"]
    ratio = ours.wall_s / fastest.wall_s
    print(f"  {ratio:.2f} × the fastest script   promised {PROMISED_RATIO} ×   {_verdict(ratio <= PROMISED_RATIO)}")
    sheets.write_source(source, GROWTH * ROWS)
    grown = _measure("ours", source)
    print(
        f"  {GROWTH} times the rows: peak {grown.peak_mb:.0f} MB, {grown.peak_mb - ours.peak_mb:+.0f} MB   "
        f"promised under {PROMISED_MB:.0f} MB   {_verdict(grown.peak_mb < PROMISED_MB)}"
    )
    what = f"transformation of {ROWS:,} rows × 10 columns"
    peaks = f"{ours.peak_mb:.0f} MB; {GROWTH} times the rows: {grown.peak_mb:.0f} MB"
    return [
        Row(
            f"{what}, no styles",
            f"{ours.wall_s:.2f} s",
            f"≤ {PROMISED_RATIO} ×",
            ratio <= PROMISED_RATIO,
            f"{fastest.wall_s:.2f} s, calamine and rustpy-xlsxwriter",
            f"{ratio:.2f} ×",
        ),
        Row(f"{what}, peak memory", peaks, f"< {PROMISED_MB:.0f} MB", max(ours.peak_mb, grown.peak_mb) < PROMISED_MB),
    ]


def _with_styles(source: Path) -> Row:
    print(f"transformation of {ROWS:,} rows of ten columns, styles kept")
    sheets.write_source(source, ROWS, styled=True)
    kept = _compare(source, ("ours-styled", "openpyxl"), STYLED_ROUNDS)
    ours, theirs = kept["ours-styled"].wall_s, kept["openpyxl"].wall_s
    ratio = ours / theirs
    print(f"  {ratio:.2f} × openpyxl   promised under 1 ×   {_verdict(ratio < 1)}")
    return Row(
        f"transformation of {ROWS:,} rows × 10 columns, styles kept",
        f"{ours:.2f} s",
        "< 1 ×",
        ratio < 1,
        f"{theirs:.2f} s, openpyxl without styles",
        f"{ratio:.2f} ×",
    )


def _compare(source: Path, ways: tuple[str, ...], rounds: int) -> dict[str, Measured]:
    best: dict[str, Measured] = {}
    for _ in range(rounds):
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
