"""Run every benchmark, or those that are named: ``python -m benchmarks [startup …]``."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    found = [m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name != "__main__" and not m.ispkg]
    for name in names or sorted(found):
        module = importlib.import_module(f"benchmarks.{name}")
        if names or hasattr(module, "run"):
            module.run()


if __name__ == "__main__":
    main(sys.argv[1:])
