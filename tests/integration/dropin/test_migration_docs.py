"""The page on moving over says what the code does."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_extras_of_the_page_exist() -> None:
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    extras = toml.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    page = (ROOT / "docs" / "migration.md").read_text()
    named = re.findall(r"^\| .* \| `(\w+)` \|$", page, re.MULTILINE)
    assert len(named) == 6
    assert set(named) <= set(extras)
