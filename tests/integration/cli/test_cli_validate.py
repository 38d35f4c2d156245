from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ccli = Callable[..., Any]


@pytest.fixture
def project(ccli: Ccli, tmp_path: Path) -> Path:
    assert ccli("-s", "project", "extension", "bootstrap", "--defaults", "-o", tmp_path).status == 0
    return tmp_path / "my_awesome_project"


def check(ccli: Ccli, project: Path, *words: str) -> Any:
    return ccli("project", "extension", "validate", project, *words)


def test_a_new_project_has_no_errors_and_is_left_as_it_was(ccli: Ccli, project: Path) -> None:
    before = sorted(path for path in project.rglob("*"))
    result = check(ccli, project)
    assert (result.status, result.out) == (0, f"{project}: no errors.\n"), result.err
    assert check(ccli, project, "-o", "json").out == "[]\n"
    assert sorted(path for path in project.rglob("*")) == before


@pytest.mark.parametrize(
    ("path", "pattern", "replacement", "message"),
    [
        ("connect_ext/extension.py", r"\A", "def broken(:\n", "extension.py, line 1: invalid syntax"),
        ("connect_ext/extension.py", r"\Z", "import no_such_module\n", "No module named 'no_such_module'"),
        ("connect_ext/extension.py", r"\Z", "import os; os._exit(7)\n", "the extension ended the check (status 7)"),
        ("connect_ext/extension.json", r"\{", "{,", "extension.json"),
        ("pyproject.toml", r":[A-Za-z]+Application\"", ':Nobody"', "has no class 'Nobody'"),
        ("pyproject.toml", r"eventsapp = ", "webapp = ", "is an application of the kind 'eventsapp'"),
        ("pyproject.toml", r"\[project\]", "[project", "pyproject.toml"),
        ("pyproject.toml", r"connect\.eaas\.ext", "another.group", "no application found"),
    ],
)
def test_what_is_wrong_is_named(
    ccli: Ccli, project: Path, path: str, pattern: str, replacement: str, message: str
) -> None:
    file = project / path
    text = file.read_text()
    file.write_text(re.sub(pattern, lambda _: replacement, text, count=1))
    result = check(ccli, project)
    assert result.status == 1
    assert message in result.out + result.err
    assert "Traceback" not in result.out + result.err


def test_a_missing_file_is_named(ccli: Ccli, project: Path) -> None:
    (project / "connect_ext" / "extension.json").unlink()
    findings = json.loads(check(ccli, project, "-o", "json").out)
    assert [finding["level"] for finding in findings] == ["error"]
    assert "extension.json" in findings[0]["message"]
    (project / "pyproject.toml").unlink()
    assert "pyproject.toml: is missing" in check(ccli, project).out


def test_a_handler_for_an_unknown_status_is_named_with_its_place(ccli: Ccli, project: Path) -> None:
    file = project / "connect_ext" / "extension.py"
    text = file.read_text()
    changed = re.sub(r"""(["'])pending\1""", '"pnding"', text, count=1)
    assert changed != text
    file.write_text(changed)
    findings = json.loads(check(ccli, project, "-o", "json").out)
    assert any(
        finding["level"] == "error" and "pnding" in finding["message"] and finding["file"] and finding["line"]
        for finding in findings
    ), findings
