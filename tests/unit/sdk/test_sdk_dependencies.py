"""What our packages import, read off their sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = ("connect", "connect_cli_ext", "connect_devops", "connect_eaas")
GONE = {"pkg_resources", "distutils", "setuptools", "imp", "toml", "fastapi_utils"}
"""Modules that newer Pythons lack, or that nobody maintains."""


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_nothing_old_is_imported() -> None:
    found = {name for package in PACKAGES for path in (ROOT / package).rglob("*.py") for name in imported(path)}
    assert {"click", "pydantic", "websockets"} <= found
    assert found & GONE == set()
