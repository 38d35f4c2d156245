"""Start-up time of what people call, against a reference import measured in turn with it.

CPU seconds of the whole process (user + system): on a shared machine they tell more than the wall clock.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

from benchmarks.rows import Row

ROUNDS = 11
CASES = (
    ("import connect_eaas", ("import connect_eaas", "import pydantic"), 2.0),
    ("ccli --help", ("from connect_cli_ext.main import main; main(['--help'])", "import click"), 2.5),
    ("cextrun --help", ("from connect_eaas.runner.main import main; main(['--help'])", "import click"), 4.0),
)


def run() -> list[Row]:
    """Print one line a case: medians, ratio, and the ratio that we promise."""
    print("start-up, CPU time of the whole process")
    rows = []
    for name, (ours, reference), limit in CASES:
        pairs = [(_cpu_s(ours), _cpu_s(reference)) for _ in range(ROUNDS)]
        mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        holds = ratio <= limit
        rows.append(
            Row(
                f"{name}, CPU",
                f"{mine * 1e3:.0f} ms",
                f"≤ {limit:g} ×",
                holds,
                f"{theirs * 1e3:.0f} ms, {reference}",
                f"{ratio:.2f} ×",
            )
        )
        verdict = "holds" if holds else "DOES NOT HOLD"
        print(
            f"  {name:<22} {mine * 1000:6.0f} ms   {reference:<16} {theirs * 1000:6.0f} ms   "
            f"ratio {ratio:4.2f}   promised {limit:3.1f}   {verdict}"
        )
    return rows


def _cpu_s(code: str) -> float:
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    return usage.ru_utime + usage.ru_stime
