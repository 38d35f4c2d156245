"""Projects on disk, validated in this process without leaving anything of them behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sample_projects import CLEAN, forgotten

from connect_eaas.validation import Report, validate_project
from connect_eaas.web.routing import router

Validate = Callable[..., Report]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Write a project: path to text."""

    def make(files: Mapping[str, str] = CLEAN) -> Path:
        root = tmp_path / "project"
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        root.mkdir(exist_ok=True)
        return root

    return make


@pytest.fixture
def validate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Validate]:
    """Validate a project in this process; its modules, routes and paths are forgotten afterwards."""
    monkeypatch.setattr(router, "routes", [])
    monkeypatch.setattr(router, "_waiting", [], raising=False)

    def run(root: Path, **options: Any) -> Report:
        return validate_project(root, **options)

    with forgotten():
        yield run
