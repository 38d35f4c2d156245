"""docs/runner.md names every environment variable that the runner reads."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
NAME = re.compile(r"[\"'](CONNECT_[A-Z0-9_]+|[A-Z_]+_MAX_EXECUTION_TIME)[\"']")
OTHERS = {"CONNECT_DEVOPS_DISCOVERY"}
"""Of the local platform; docs/platform.md."""


def test_every_variable_stands_on_the_page() -> None:
    sources = [*(ROOT / "connect_eaas" / "runner").rglob("*.py"), *(ROOT / "connect_eaas").glob("*.py")]
    read = {name for path in sources for name in NAME.findall(path.read_text(encoding="utf-8"))}
    assert len(read) > 12
    page = (ROOT / "docs" / "runner.md").read_text(encoding="utf-8")
    # Names of a family are written once, the others by their ends: `CONNECT_X_A`, `…_B`.
    ends = set(re.findall(r"`…(_[A-Z_]+)`", page))
    missing = {
        name for name in read - OTHERS if f"`{name}`" not in page and not any(name.endswith(end) for end in ends)
    }
    assert missing == set()
