from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

Ccli = Callable[..., Any]


@pytest.fixture
def project(bootstrap: Callable[[], Path]) -> Path:
    return bootstrap()


def check(ccli: Ccli, project: Path, *words: str) -> Any:
    return ccli("project", "extension", "validate", project, *words)


def test_a_new_project_has_no_findings_and_is_left_as_it_was(ccli: Ccli, project: Path) -> None:
    before = sorted(path for path in project.rglob("*"))
    result = check(ccli, project, "--strict")
    assert (result.status, result.out) == (0, f"{project}: nothing to complain about.\n"), result.err
    assert json.loads(check(ccli, project, "--format", "json").out)["items"] == []
    assert sorted(path for path in project.rglob("*")) == before


@pytest.mark.parametrize(
    ("path", "pattern", "replacement", "rule", "message"),
    [
        ("connect_ext/extension.py", r"\A", "def broken(:\n", "PYP006", "extension.py:1"),
        ("connect_ext/extension.py", r"\Z", "import no_such_module\n", "PYP006", "No module named 'no_such_module'"),
        ("connect_ext/extension.py", r"\Z", "import os; os._exit(7)\n", "IMP001", "it ended with status 7"),
        ("connect_ext/extension.json", r"\{", "{,", "EXT003", "connect_ext/extension.json:1"),
        ("pyproject.toml", r":[A-Za-z]+Application\"", ':Nobody"', "PYP009", "has no class 'Nobody'"),
        ("pyproject.toml", r"eventsapp = ", "webapp = ", "WEB001", "does not derive from it"),
        ("pyproject.toml", r"\[project\]", "[project", "PYP002", "pyproject.toml:"),
        ("pyproject.toml", r"connect\.eaas\.ext", "another.group", "PYP005", "pyproject.toml"),
    ],
)
def test_what_is_wrong_is_named(
    ccli: Ccli, project: Path, path: str, pattern: str, replacement: str, rule: str, message: str
) -> None:
    file = project / path
    text = file.read_text()
    file.write_text(re.sub(pattern, lambda _: replacement, text, count=1))
    result = check(ccli, project)
    assert result.status == 1
    assert f"error {rule}" in result.out
    assert message in result.out
    assert "Traceback" not in result.out + result.err


def test_warnings_count_only_when_strict(ccli: Ccli, project: Path) -> None:
    (project / "docker-compose.yml").unlink()
    assert check(ccli, project).status == 0
    result = check(ccli, project, "--strict")
    assert result.status == 1
    assert "warning DOC001" in result.out


def test_an_import_that_never_ends_is_ended(ccli: Ccli, project: Path) -> None:
    with (project / "connect_ext" / "extension.py").open("a") as file:
        file.write("import threading; threading.Event().wait()\n")
    begun = time.monotonic()
    result = check(ccli, project, "--time-limit", "2", "--format", "json")
    assert time.monotonic() - begun < 20
    assert result.status == 1
    assert [item["rule"] for item in json.loads(result.out)["items"]] == ["IMP002"]


def test_the_project_s_code_runs_in_a_process_of_its_own_and_leaves_the_tool_as_it_was(
    ccli: Ccli, project: Path, tmp_path: Path
) -> None:
    ran_in = tmp_path / "ran"
    with (project / "connect_ext" / "extension.py").open("a") as file:
        file.write("import os, sys\nsys.path.insert(0, '/odd')\n")
        file.write(f"open({str(ran_in)!r}, 'a').write(f'{{os.getpid()}}\\n')\n")
    path = list(sys.path)
    assert check(ccli, project).status == 0
    ran = ran_in.read_text().split()
    assert ran, "the project was imported"
    assert str(os.getpid()) not in ran
    assert "connect_ext" not in sys.modules
    assert sys.path == path


def test_output_for_github_names_files_from_where_the_workflow_runs(
    ccli: Ccli, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "connect_ext" / "extension.json").unlink()
    monkeypatch.chdir(project.parent)
    lines = check(ccli, project, "--format", "github").out.splitlines()
    assert lines[0].startswith("::error file=my_awesome_project/connect_ext/extension.json,title=EXT001 ")
    monkeypatch.chdir(project)
    assert check(ccli, ".", "--format", "github").out.startswith("::error file=connect_ext/extension.json,")


def test_events_are_checked_against_the_definitions_of_a_platform(ccli: Ccli, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "definitions.json"
    definition = {"type": "brewing", "category": "background", "object_statuses": ["hot"], "extension_type": "products"}
    file.write_text(json.dumps([definition]))
    result = check(ccli, project, "--event-definitions", file, "--format", "json")
    assert {item["rule"] for item in json.loads(result.out)["items"]} == {"EVT005"}
    file.write_text('[{"type": 5}]')
    result = check(ccli, project, "--event-definitions", file)
    assert result.status == 1
    assert "definition 1: expected an object with 'type'" in result.err


def test_rules_and_the_schema_of_the_report_are_data(ccli: Ccli, project: Path) -> None:
    rules = json.loads(ccli("project", "extension", "validate", "--rules").out)
    assert len({rule["id"] for rule in rules}) == len(rules) > 80
    schema = json.loads(ccli("project", "extension", "validate", "--report-schema").out)
    (project / "connect_ext" / "extension.json").write_text("{")
    jsonschema.validate(json.loads(check(ccli, project, "--format", "json").out), schema)


def test_another_python_can_be_chosen(ccli: Ccli, project: Path, tmp_path: Path) -> None:
    chosen = tmp_path / "python"
    chosen.write_text(f'#!/bin/sh\ntouch {tmp_path}/was-here\nexec {sys.executable} "$@"\n')
    chosen.chmod(0o755)
    assert check(ccli, project, "--python", chosen).status == 0
    assert (tmp_path / "was-here").exists()
    chosen.write_text("no program")
    result = check(ccli, project, "--python", chosen)
    assert (result.status, "cannot be started" in result.err) == (1, True)


def test_a_python_of_the_project_without_the_sdk_is_passed_over_with_a_warning(ccli: Ccli, project: Path) -> None:
    folder = project / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").write_text("#!/bin/sh\nexit 1\n")
    (folder / "python").chmod(0o755)
    result = check(ccli, project)
    assert result.status == 0
    assert "warning IMP003" in result.out


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("pyproject.toml", "[x\n", "    pyproject.toml is not valid TOML: Expected ']'"),
        ("connect_ext/extension.py", "class (\n", "D2EventsApplication: invalid syntax\n"),
        ("connect_ext/extension.py", "x = '\n", "EventsApplication: invalid syntax: unterminated string literal"),
    ],
)
def test_what_is_wrong_is_said_once(ccli: Any, tmp_path: Path, file: str, content: str, message: str) -> None:
    words = ("--defaults", "--answer", "project_name=d2", "-o", tmp_path)
    assert ccli("project", "extension", "bootstrap", *words).status == 0
    (tmp_path / "d2" / file).write_text(content)
    result = ccli("project", "extension", "validate", tmp_path / "d2")
    assert (result.status, message in result.out) == (1, True), result.out
