"""Measure what is promised, and print one table.

``python -m benchmarks`` runs everything, ``python -m benchmarks startup web`` what is named. A promise that does not
hold is shown as such and is no error; a benchmark that breaks off is one.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
import time
import traceback
from pathlib import Path

import benchmarks
from benchmarks.rows import Row, table, write_json

ORDER = ("interactive", "intake", "background", "web", "transformation", "start", "memory", "startup", "reconnect")
"""As the promises are listed; other benchmarks follow."""


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks; the exit status is 1 if one of them broke off."""
    known = _known()
    parser = argparse.ArgumentParser("python -m benchmarks", description="Measure what is promised.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"run only these, of: {', '.join(known)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the table to this file as JSON")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(known)}")
    rows: list[Row] = []
    broken: list[str] = []
    begun = time.monotonic()
    for name in options.names or known:
        print(f"[{time.monotonic() - begun:4.0f} s] {name}", flush=True)
        try:
            rows += importlib.import_module(f"benchmarks.{name}").run() or ()
        except Exception:
            traceback.print_exc()
            broken.append(name)
    held = sum(row.holds for row in rows)
    print(f"[{time.monotonic() - begun:4.0f} s] done: {held} of {len(rows)} promises hold", flush=True)
    if rows:
        print(f"\n{table(rows)}\n\n{os.cpu_count()} processors, {_load()}Python {sys.version.split()[0]}")
    if options.json is not None:
        write_json(options.json, rows)
    if broken:
        print(f"broke off: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def _known() -> list[str]:
    """The names of all benchmarks, in the order of the table."""
    found = {module.name for module in pkgutil.iter_modules(benchmarks.__path__) if _has_run(module.name)}
    return [*(name for name in ORDER if name in found), *sorted(found.difference(ORDER))]


def _has_run(name: str) -> bool:
    source = Path(benchmarks.__path__[0], f"{name}.py")
    return source.is_file() and name != "__main__" and "\ndef run(" in source.read_text(encoding="utf-8")


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f}, " if hasattr(os, "getloadavg") else ""


if __name__ == "__main__":
    sys.exit(main())
