"""Run every benchmark, or those that are named: ``python -m benchmarks [startup …]``."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    for module in names or sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name != "__main__"):
        importlib.import_module(f"benchmarks.{module}").run()


if __name__ == "__main__":
    main(sys.argv[1:])
