"""Finding the extension's classes: entry points of the project, and errors that say what to write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from connect_eaas.runner.errors import ExtensionError
from connect_eaas.runner.extension import find_entry_points, load_application


@pytest.fixture(autouse=True)
def own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def write(project: Path, content: str) -> None:
    (project / "pyproject.toml").write_text(content)


@pytest.mark.parametrize("table", ['project.entry-points."connect.eaas.ext"', 'tool.poetry.plugins."connect.eaas.ext"'])
def test_both_kinds_of_project_are_read(tmp_path: Path, table: str) -> None:
    write(tmp_path, f'[{table}]\neventsapp = "a.b:C"\nwebapp = "a.w:W"\n')

    found = find_entry_points(tmp_path)

    assert dict(found.applications) == {"eventsapp": "a.b:C", "webapp": "a.w:W"}
    assert found.source == str(tmp_path / "pyproject.toml")


def test_old_name_counts_only_without_the_new_one(tmp_path: Path) -> None:
    write(tmp_path, '[project.entry-points."connect.eaas.ext"]\nextension = "old:C"\n')
    assert find_entry_points(tmp_path).applications["eventsapp"] == "old:C"

    write(tmp_path, '[project.entry-points."connect.eaas.ext"]\nextension = "old:C"\neventsapp = "new:C"\n')
    assert find_entry_points(tmp_path).applications["eventsapp"] == "new:C"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[project", "cannot be read"),
        ('[project.entry-points."connect.eaas.ext"]\neventsapp = 3\n', "'eventsapp'"),
    ],
)
def test_broken_project_file_is_named(tmp_path: Path, content: str, named: str) -> None:
    write(tmp_path, content)

    with pytest.raises(ExtensionError, match=rf"pyproject\.toml.*{named}"):
        find_entry_points(tmp_path)


@pytest.mark.parametrize("reference", ["", "module", ":Class", "module:", "  :  "])
def test_reference_without_module_or_class(reference: str) -> None:
    with pytest.raises(ExtensionError, match=r"expected 'package\.module:Class'"):
        load_application("eventsapp", reference, source="here")


def test_error_inside_a_module_names_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_module_of_a_test.py").write_text("a = 1\nb = a.missing\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(ExtensionError, match=r"broken_module_of_a_test\.py, line 2: AttributeError"):
        load_application("eventsapp", "broken_module_of_a_test:C", source="here")


def test_class_in_a_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nested_module_of_a_test.py").write_text("class A:\n    class B:\n        pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    loaded: Any = load_application("eventsapp", "nested_module_of_a_test:A.B", source="here")

    assert loaded.__qualname__ == "A.B"
