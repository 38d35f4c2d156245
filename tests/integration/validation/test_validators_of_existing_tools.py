"""The validators under the names that existing tools import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sample_projects import CLEAN

from connect.eaas.core.validation.helpers import get_code_context
from connect.eaas.core.validation.models import ValidationItem, ValidationResult
from connect.eaas.core.validation.validators import get_validators
from connect_eaas.validation import Report, static_files

Write = Callable[..., Path]


@pytest.fixture
def run(validate: Callable[..., Report]) -> Callable[[Path], tuple[list[ValidationItem], dict[str, Any], bool]]:
    """Run the chain as the tools do; the fixture ``validate`` cleans up."""

    def chain(root: Path) -> tuple[list[ValidationItem], dict[str, Any], bool]:
        context: dict[str, Any] = {"project_dir": str(root), "runner_version": "43.1", "event_definitions": {}}
        items: list[ValidationItem] = []
        for validator in get_validators():
            result = validator(context)
            items.extend(result.items)
            if result.context:
                context.update(result.context)
            if result.must_exit:
                return items, context, True
        return items, context, False

    return chain


def test_a_clean_project_passes_and_fills_the_context(run: Callable[[Path], Any], write: Write) -> None:
    items, context, stopped = run(write())
    assert (items, stopped) == ([], False)
    assert sorted(context["extension_classes"]) == ["anvilapp", "eventsapp", "tfnapp", "webapp"]
    assert context["descriptor"]["name"] == "Sample"
    assert context["extension_json_file"].endswith("sample_pkg/extension.json")
    assert len(get_validators()) == 8


def test_items_have_their_place_and_code(run: Callable[[Path], Any], write: Write) -> None:
    files = {path: text.replace('"pending"', '"pnding"') for path, text in CLEAN.items()}
    root = write(files)
    (item,), _, stopped = run(root)
    assert not stopped
    assert (item.level, item.file) == ("ERROR", str(root / "sample_pkg" / "events.py"))
    assert "pnding" in item.code.split("\n")[item.lineno - item.start_line]
    assert len(item.code.split("\n")) <= 5, "a few lines, not the whole class"
    assert "pnding" in item.message


@pytest.mark.parametrize("content", ["", "[project", '[project]\nname = "x"'])
def test_the_chain_ends_where_nothing_more_can_be_said(content: str, run: Callable[[Path], Any], write: Write) -> None:
    items, _, stopped = run(write({**CLEAN, "pyproject.toml": content}))
    assert stopped
    assert any(item.level == "ERROR" for item in items)


def test_code_context_of_a_function_and_of_a_module() -> None:
    context = get_code_context(static_files.static_file, "return None")
    lines = context["code"].splitlines()
    assert "return None" in lines[context["lineno"] - context["start_line"]]
    module = get_code_context(static_files, "PREFIX =")
    assert module["code"].splitlines()[module["lineno"] - module["start_line"]].startswith("PREFIX =")
    assert len(module["code"].splitlines()) == module["lineno"] - module["start_line"] + 4


def test_results_start_empty() -> None:
    assert (ValidationResult().items, ValidationResult().must_exit, ValidationResult().context) == ([], False, None)
    assert ValidationItem(level="ERROR", message="x").lineno is None
