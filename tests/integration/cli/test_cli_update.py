from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connect_cli_ext.project import template, update
from connect_cli_ext.project.base import BASE, load_base
from connect_cli_ext.project.changes import WORKSHOP
from connect_cli_ext.project.hold import held
from connect_cli_ext.project.marker import MARKER, read_marker
from connect_cli_ext.project.render import make_project
from connect_cli_ext.project.rendering import answers_from
from connect_cli_ext.project.update import update_plan

Ccli = Callable[..., Any]
ADD = ("project", "extension", "add")
UPDATE = ("project", "extension", "update")
OLDER = Path(__file__).parent / "older_project"
PACKAGE = "{{cookiecutter.project_slug}}/{{cookiecutter.package_name}}"
ANSWERS = {
    "project_name": "Seats",
    "background": ["asset_purchase_request_processing", "asset_cancel_request_processing"],
    "interactive": ["product_action_execution"],
}


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def commit(project: Path) -> None:
    if not (project / ".git").is_dir():
        git(project, "init", "-q")
    git(project, "add", "--all")
    git(project, "commit", "-q", "-m", "work", "--allow-empty")


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] != ".git"
    }


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, (path, old)
    path.write_text(text.replace(old, new))


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A copy of the template as it might have been before."""
    folder = tmp_path / "older"
    shutil.copytree(template.TEMPLATE, folder)
    project = folder / "{{cookiecutter.project_slug}}"
    edit(project / "Dockerfile", "python:3.12-slim", "python:3.11-slim")
    edit(project / "HOWTO.md", "# ", "# How to: ")
    (project / "OLD.md").write_text("This file was once part of the template.\n")
    (project / ".editorconfig").rename(project / ".editor")
    (folder / PACKAGE / "static" / "built.js").write_text("old build\n")
    handlers = folder / "templates" / "events" / "handlers.jinja"
    edit(handlers, "return BackgroundResponse.reschedule(countdown=30)", "return BackgroundResponse.reschedule()")
    return folder


@pytest.fixture
def project(tmp_path: Path, home: Path, older: Path) -> Path:
    """A committed project that the older template made; that template had one question more, and one less."""
    made = make_project(answers_from(ANSWERS, "test", older), tmp_path, template=older)
    document = json.loads((made.folder / MARKER).read_text())
    del document["answers"]["include_variables_example"]
    document["answers"]["gone_question"] = "was asked once"
    (made.folder / MARKER).write_text(json.dumps(document, indent=2) + "\n")
    commit(made.folder)
    return made.folder


@pytest.fixture
def today(tmp_path: Path, home: Path) -> Callable[[Path], dict[str, bytes]]:
    """What today's template makes of a project's answers."""

    def render(project: Path) -> dict[str, bytes]:
        marker = read_marker(project)
        assert marker is not None
        folder = tmp_path / "today"
        folder.mkdir()
        made = make_project(answers_from(marker.answers, "test"), folder).folder
        return {name: content for name, content in tree(made).items() if not name.endswith("env")}

    return render


Today = Callable[[Path], dict[str, bytes]]


def test_an_untouched_older_project_becomes_what_today_s_template_makes(
    ccli: Ccli, project: Path, today: Today
) -> None:
    wanted = today(project)
    env_file = (project / ".seats_dev.env").read_bytes()
    checked = ccli(*UPDATE, project, "--check")
    assert checked.status == 1
    assert "updated  Dockerfile" in checked.out
    assert "removed  OLD.md" in checked.out
    assert "renamed  .editorconfig  (was .editor)" in checked.out
    assert "An update is available" in checked.out
    assert git(project, "status", "--porcelain") == ""
    result = ccli(*UPDATE, project)
    assert (result.status, result.err) == (0, "")
    after = tree(project)
    assert after.pop(".seats_dev.env") == env_file
    assert {name: content for name, content in after.items() if name != MARKER} == {
        name: content for name, content in wanted.items() if name != MARKER
    }
    assert "gone_question" not in json.loads(after[MARKER])["answers"]
    again = ccli(*UPDATE, project, "--check")
    assert (again.status, again.out) == (0, "The project is up to date with the template.\n")


@pytest.mark.parametrize("use_git", [True, False])
def test_local_edits_are_kept(project: Path, today: Today, use_git: bool) -> None:
    wanted = today(project)
    extension = project / "connect_ext" / "extension.py"
    edit(extension, "The service could not be activated.", "We are sorry.")
    extension.write_text(extension.read_text() + "\n\ndef my_own() -> None:\n    pass\n")
    edit(project / "Dockerfile", "CMD [", "ENV MINE=1\nCMD [")
    edit(project / ".editor", "max_line_length = 120", "max_line_length = 100")
    (project / "OLD.md").write_text("I still need this.\n")
    (project / "mine.py").write_text("print()\n")
    (project / "LICENSE").unlink()
    marker = read_marker(project)
    assert marker is not None
    plan = update_plan(project, marker, use_git=use_git)
    plan.changes.apply(project)
    assert not any(result.open for result in plan.results)
    text = extension.read_text()
    theirs = wanted["connect_ext/extension.py"].decode()
    assert text == (
        theirs.replace("The service could not be activated.", "We are sorry.") + "\n\ndef my_own() -> None:\n    pass\n"
    )
    assert "reschedule(countdown=30)" in text
    assert (project / "Dockerfile").read_text() == wanted["Dockerfile"].decode().replace("CMD [", "ENV MINE=1\nCMD [")
    assert "max_line_length = 100" in (project / ".editorconfig").read_text()
    assert not (project / ".editor").exists()
    assert (project / "OLD.md").read_text() == "I still need this.\n"
    assert (project / "mine.py").read_text() == "print()\n"
    assert not (project / "LICENSE").exists()


def test_conflicts_stand_in_the_file_and_end_with_status_1(ccli: Ccli, project: Path) -> None:
    edit(project / "Dockerfile", "python:3.11-slim", "python:3.11-bookworm")
    (project / "connect_ext" / "static" / "built.js").write_text("my build\n")
    commit(project)
    result = ccli(*UPDATE, project)
    assert result.status == 1
    assert "conflict  Dockerfile  (1 place to decide)" in result.out
    text = (project / "Dockerfile").read_text()
    block = re.search(
        r"<<<<<<< yours\n(.*)\|{7} the template before.*=======\n(.*)>>>>>>> the template now", text, re.S
    )
    assert block is not None
    assert block[1] == "FROM python:3.11-bookworm AS base\n"
    assert block[2] == "FROM python:3.12-slim AS base\n"
    assert (project / "connect_ext" / "static" / "built.js").read_text() == "my build\n"


def test_marks_that_nobody_decided_are_named_and_nothing_is_called_up_to_date(ccli: Ccli, project: Path) -> None:
    edit(project / "Dockerfile", "python:3.11-slim", "python:3.11-bookworm")
    (project / "connect_ext" / "static" / "built.js").write_text("my build\n")
    commit(project)
    assert ccli(*UPDATE, project).status == 1
    commit(project)
    before = tree(project)
    line = next(n for n, text in enumerate((project / "Dockerfile").read_text().splitlines(), 1) if "<<<<<<<" in text)
    for words in ((), ("--check",), ("--diff",), ("--force",)):
        result = ccli(*UPDATE, project, *words)
        assert result.status == 1
        assert "up to date" not in result.out
        assert f"{project / 'Dockerfile'}: not decided: line {line}\n" in result.err
    rows = json.loads(ccli(*UPDATE, project, "--check", "-o", "json").out)
    assert {"file": "Dockerfile", "outcome": "undecided", "note": f"not decided: line {line}"} in rows
    assert tree(project) == before
    assert "merges: Dockerfile" in ccli("doctor", project, "--offline").out
    text = (project / "Dockerfile").read_text()
    (project / "Dockerfile").write_text(re.sub(r"<{7}.*?\n={7}\n(.*?)>{7}.*?\n", r"\1", text, flags=re.S))
    commit(project)
    result = ccli(*UPDATE, project, "--check")
    assert (result.status, result.out) == (0, "The project is up to date with the template.\n")


def test_marks_of_other_merges_count_in_files_of_the_template(ccli: Ccli, project: Path) -> None:
    assert ccli(*UPDATE, project).status == 0
    marks = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> branch\n"
    (project / "MERGING.md").write_text(f"How conflicts look:\n\n{marks}")
    commit(project)
    assert ccli(*UPDATE, project, "--check").status == 0
    readme = (project / "README.md").read_text()
    (project / "README.md").write_text(readme + marks.replace("\n", "\r\n"))
    commit(project)
    result = ccli(*UPDATE, project)
    assert result.status == 1
    assert f"README.md: not decided: line {readme.count(chr(10)) + 1}\n" in result.err
    assert "MERGING.md" not in result.err
    (project / "README.md").write_text(readme)
    marker = (project / MARKER).read_text()
    (project / MARKER).write_text(marks + marker)
    result = ccli(*UPDATE, project)
    assert (result.status, "take either side" in result.err) == (1, True)


def test_the_template_s_file_beside_is_open_until_it_is_removed(ccli: Ccli, project: Path) -> None:
    assert ccli(*UPDATE, project).status == 0
    beside = project / "LICENSE.new"
    shutil.copy(project / "LICENSE", beside)
    commit(project)
    result = ccli(*UPDATE, project, "--check")
    assert (result.status, "LICENSE.new: the template's LICENSE" in result.err) == (1, True)
    beside.unlink()
    assert ccli(*UPDATE, project, "--check").status == 0


def test_two_commands_at_once_do_not_change_a_project(ccli: Ccli, project: Path) -> None:
    with held(project):
        before = tree(project)
        for words in (
            UPDATE,
            ("project", "extension", "bump"),
            (*ADD, "event", "asset_resume_request_processing", "-p"),
        ):
            result = ccli(*words, project)
            assert (result.status, "another ccli command is changing this project" in result.err) == (1, True)
        assert tree(project) == before
    assert ccli(*UPDATE, project).status == 0


def test_a_built_file_is_replaced_only_if_untouched(ccli: Ccli, project: Path, older: Path) -> None:
    built = project / "connect_ext" / "static" / "built.js"
    commit(project)
    newer = older.parent / "newer"
    shutil.copytree(older, newer)
    (newer / PACKAGE / "static" / "built.js").write_text("new build\n")
    marker = read_marker(project)
    assert marker is not None
    plan = update_plan(project, marker, newer)
    assert plan.changes.written["connect_ext/static/built.js"] == b"new build\n"
    built.write_text("my build\n")
    plan = update_plan(project, marker, newer)
    assert "connect_ext/static/built.js" not in plan.changes.written
    assert plan.changes.written["connect_ext/static/built.js.new"] == b"new build\n"


def test_uncommitted_changes_are_not_put_at_risk(ccli: Ccli, project: Path) -> None:
    edit(project / "README.md", "#", "# My")
    before = tree(project)
    result = ccli(*UPDATE, project)
    assert result.status == 1
    assert "these changes are in no commit: README.md. Commit them first" in result.err
    assert tree(project) == before
    assert ccli(*UPDATE, project, "--check").status == 1
    assert ccli(*UPDATE, project, "--force").status == 0
    assert (project / "README.md").read_text().startswith("# My")


def test_without_git_only_merged_files_are_at_risk(ccli: Ccli, project: Path) -> None:
    shutil.rmtree(project / ".git")
    edit(project / "Dockerfile", "CMD [", "ENV MINE=1\nCMD [")
    before = tree(project)
    result = ccli(*UPDATE, project)
    assert result.status == 1
    assert "this is no git repository, so a merge into Dockerfile could not be undone" in result.err
    assert tree(project) == before
    edit(project / "Dockerfile", "ENV MINE=1\nCMD [", "CMD [")
    assert ccli(*UPDATE, project).status == 0


def test_the_difference_is_shown_and_nothing_written(ccli: Ccli, project: Path) -> None:
    before = tree(project)
    result = ccli(*UPDATE, project, "--diff")
    assert result.status == 0
    assert "-FROM python:3.11-slim AS base\n+FROM python:3.12-slim AS base\n" in result.out
    assert "--- a/OLD.md\n+++ /dev/null\n" in result.out
    assert BASE not in result.out
    assert tree(project) == before
    rows = json.loads(ccli(*UPDATE, project, "--check", "-o", "json").out)
    assert {"file": "OLD.md", "outcome": "removed", "note": "the template no longer has it"} in rows


def test_a_clone_can_be_updated(ccli: Ccli, project: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(project), "clone")
    assert not (tmp_path / "clone" / ".seats_dev.env").exists()
    assert ccli(*UPDATE, tmp_path / "clone").status == 0
    assert not (tmp_path / "clone" / ".seats_dev.env").exists()
    assert "python:3.12-slim" in (tmp_path / "clone" / "Dockerfile").read_text()


@pytest.mark.parametrize("kept", ["base", "history", "nothing"])
def test_a_project_of_the_first_template_is_brought_up_to_date(
    ccli: Ccli, home: Path, tmp_path: Path, today: Today, kept: str
) -> None:
    """The project was rendered by the template of the commit b0f85e1; its base file is the fixture."""
    project = tmp_path / "seat_booking"
    for path, content in (load_base((OLDER / "seat_booking.base").read_text()) or {}).items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(content)
    (project / "connect_ext" / "static").mkdir()
    (project / "connect_ext" / "static" / ".gitkeep").touch()
    shutil.copy(OLDER / "seat_booking.json", project / MARKER)
    if kept == "base":
        shutil.copy(OLDER / "seat_booking.base", project / BASE)
    if kept == "history":
        commit(project)
    extension = project / "connect_ext" / "extension.py"
    edit(extension, "The service could not be activated.", "We are sorry.")
    (project / "connect_ext" / "mine.py").write_text("MINE = 1\n")
    commit(project)
    wanted = today(project)
    result = ccli(*UPDATE, project)
    after = tree(project)
    assert after["connect_ext/mine.py"] == b"MINE = 1\n"
    assert b"We are sorry." in after["connect_ext/extension.py"]
    untouched = {name: after.get(name) for name in wanted if name not in ("connect_ext/extension.py", MARKER)}
    assert untouched == {name: wanted[name] for name in untouched}
    if kept != "nothing":
        assert result.status == 0
        assert b"<<<<<<<" not in after["connect_ext/extension.py"]
    assert ccli(*UPDATE, project, "--check").status == 0


def test_an_interrupted_update_is_taken_back_and_can_be_repeated(ccli: Ccli, project: Path) -> None:
    before = tree(project)
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom connect_cli_ext.main import run\n"
        "calls, replace = 0, Path.replace\n"
        "def until(self, target):\n"
        "    global calls\n    calls += 1\n    os._exit(9) if calls == 4 else None\n    return replace(self, target)\n"
        "Path.replace = until\nrun(sys.argv[1:])\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, *UPDATE, str(project)], check=False, env=dict(os.environ))
    assert killed.returncode == 9
    assert (project / WORKSHOP).is_dir()
    result = ccli(*UPDATE, project, "--check")
    assert "An interrupted command had changed" in result.err
    assert tree(project) == before
    assert ccli(*UPDATE, project).status == 0
    assert not (project / WORKSHOP).exists()


def test_what_was_not_made_here_is_refused(ccli: Ccli, tmp_path: Path, project: Path) -> None:
    assert "no such folder" in ccli(*UPDATE, tmp_path / "nowhere").err
    other = tmp_path / "other"
    other.mkdir()
    assert f"has no {MARKER}" in ccli(*UPDATE, other).err
    document = json.loads((project / MARKER).read_text())
    document["answers"]["package_name"] = "class"
    (project / MARKER).write_text(json.dumps(document))
    result = ccli(*UPDATE, project)
    assert result.status == 1
    assert f"{MARKER}:\n  package_name:" in result.err


def test_the_base_is_deterministic_and_for_git_generated(project: Path, older: Path, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    again = make_project(answers_from(ANSWERS, "test", older), tmp_path / "again", template=older).folder
    assert (again / BASE).read_bytes() == (project / BASE).read_bytes()
    attributes = git(project, "check-attr", "linguist-generated", "diff", "--", BASE)
    assert "linguist-generated: set" in attributes
    assert "diff: unset" in attributes


def test_update_is_the_api_of_the_command() -> None:
    assert update.__all__ == ["update", "update_plan"]
