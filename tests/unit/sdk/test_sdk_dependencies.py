"""What our packages import, read off their sources."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib import import_module
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


def test_no_dependency_has_an_upper_bound() -> None:
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    project = toml.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    listed = [*project["dependencies"], *(item for extra in extras for item in extra)]
    assert len(listed) > 30
    bounded = [item for item in listed if re.search(r"[<!~]|==", item.partition(";")[0])]
    assert bounded == []
    assert project["requires-python"] == ">=3.10"


def test_every_extra_that_a_message_names_exists() -> None:
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    extras = toml.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    calls = [
        node
        for path in (ROOT / "connect_eaas").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "MissingExtraError"
    ]
    named = {argument.value for call in calls for argument in call.args[:1] if isinstance(argument, ast.Constant)}
    assert {"web", "transformations"} <= named
    assert named <= set(extras)
