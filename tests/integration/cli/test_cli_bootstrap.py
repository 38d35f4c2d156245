from __future__ import annotations

import compileall
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from connect_stand_in import KEY, Platform

from connect_cli_ext.errors import CommandError
from connect_cli_ext.project.render import make_project
from connect_cli_ext.project.template import TEMPLATE, served
from connect_cli_ext.wizard.answers import Draft
from connect_cli_ext.wizard.surroundings import KnownEvents, Surroundings
from connect_eaas.events import CATALOGUE

Ccli = Callable[..., Any]
BOOTSTRAP = ("project", "extension", "bootstrap")


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def env_file(project: Path) -> str:
    return next(project.glob(".*_dev.env")).read_text()


def test_without_a_question_a_project_is_made_and_said(ccli: Ccli, target: Path) -> None:
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target)
    assert (result.status, result.err) == (0, "")
    project = target / "my_awesome_project"
    made = tree(target)
    assert {"my_awesome_project/connect_ext/extension.py", "my_awesome_project/pyproject.toml"} <= set(made)
    assert all(f"✓ {name.removeprefix('my_awesome_project/')}\n" in result.out for name in made)
    assert f"The project is in {project}\n" in result.out
    assert "ccli devops dev" in result.out
    assert [path.name for path in target.iterdir()] == ["my_awesome_project"]


def test_the_env_file_has_the_account_s_key_and_is_its_owner_s_only(
    ccli: Ccli, target: Path, platform: Platform
) -> None:
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target, "--answer", "environment_id=ENV-1234-5678-01")
    project = target / "my_awesome_project"
    assert KEY in env_file(project)
    assert "ENV-1234-5678-01" in env_file(project)
    assert platform.url.removeprefix("http://") in env_file(project)
    assert stat.S_IMODE(next(project.glob(".*_dev.env")).stat().st_mode) == 0o600
    secret = KEY.partition(":")[2]
    assert secret not in result.out + result.err
    assert [name for name, content in tree(project).items() if secret.encode() in content] == [
        ".my_awesome_project_dev.env"
    ]


def test_a_running_local_platform_gives_the_defaults(ccli: Ccli, home: Path, target: Path, platform: Platform) -> None:
    discovery = home / ".local" / "state" / "connect-devops" / "discovery.json"
    discovery.parent.mkdir(parents=True)
    development = {"id": "ENV-0000-0001-01", "type": "development"}
    extension = {"id": "SRVC-0000-0001", "environments": [development, {"id": "ENV-0000-0001-02", "type": "test"}]}
    facts = {"url": platform.url, "api_key": KEY, "extensions": [extension], "projects": {}, "pid": os.getpid()}
    discovery.write_text(json.dumps(facts))
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target)
    written = env_file(target / "my_awesome_project")
    assert KEY in written
    assert "ENV-0000-0001-01" in written
    assert f"the local platform at {platform.url}" in result.out
    discovery.write_text(json.dumps({**facts, "projects": {"/some/project": "ENV-0000-0001-01"}}))
    assert ccli(*BOOTSTRAP, "--defaults", "-o", target, "--answer", "project_slug=other").status == 0
    assert "ENV-0000" not in env_file(target / "other")


def test_saved_answers_make_the_same_project_again_without_the_key(ccli: Ccli, target: Path, tmp_path: Path) -> None:
    saved = tmp_path / "answers.json"
    words = ("--answer", "project_name=Twin", "--answer", "use_asyncio=y", "--answer", f"api_key={KEY}")
    assert ccli(*BOOTSTRAP, "--defaults", "-o", target, "-s", saved, *words).status == 0
    assert KEY not in saved.read_text()
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    jsonschema.validate(json.loads(saved.read_text()), json.loads(ccli(*BOOTSTRAP, "--answers-schema").out))
    again = tmp_path / "again"
    again.mkdir()
    assert ccli(*BOOTSTRAP, "-l", saved, "-o", again, "--answer", f"api_key={KEY}").status == 0
    assert tree(again) == tree(target)


def test_the_key_is_saved_when_asked_for(ccli: Ccli, target: Path, tmp_path: Path) -> None:
    saved = tmp_path / "answers.json"
    words = ("-s", saved, "--save-key", "--answer", f"api_key={KEY}")
    assert ccli(*BOOTSTRAP, "--defaults", "-o", target, *words).status == 0
    assert json.loads(saved.read_text())["api_key"] == KEY
    assert ccli(*BOOTSTRAP, "--defaults", "-o", target, "--save-key").status == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "must hold one JSON object"),
        ('{"projet_name": "x"}', "projet_name: there is no such answer; did you mean 'project_name'?"),
        ('{"version": 1}', "version: must be a text, not int"),
        ('{"background": {"a": 1}}', "background: must be a list of texts, not dict"),
        ('{"license": "GPL"}', "license: 'GPL' is not offered here; expected: Apache"),
        ('{"extension_type": "hybrid"}', "extension_type: 'hybrid' is not offered here"),
        ('{"project_slug": "../out"}', "project_slug: use letters"),
        ('{"package_name": "class"}', "package_name: 'class' is a keyword"),
        ('{"background": ["nothing_happened"]}', "background: 'nothing_happened' is not offered here"),
    ],
)
def test_a_file_of_answers_that_will_not_do(
    ccli: Ccli, target: Path, tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "answers.json"
    path.write_text(content)
    result = ccli(*BOOTSTRAP, "-l", path, "--defaults", "-o", target)
    assert result.status == 1
    assert str(path) in result.err
    assert message in result.err
    assert list(target.iterdir()) == []


def test_open_answers_without_a_terminal_are_named(ccli: Ccli, target: Path) -> None:
    result = ccli(*BOOTSTRAP, "-o", target, "--answer", "project_name=X")
    assert result.status == 1
    assert "description: What does it do" in result.err
    assert "--defaults" in result.err
    nothing = ccli(*BOOTSTRAP, "-o", target)
    assert nothing.status == 1
    assert "this is no terminal" in nothing.err


def test_open_and_wrong_answers_are_named_together(ccli: Ccli, target: Path) -> None:
    result = ccli(*BOOTSTRAP, "-o", target, "--answer", "version=one", "--answer", "license=GPL")
    assert result.status == 1
    assert "project_name: What is the project called?" in result.err
    assert "license: 'GPL' is not offered here" in result.err
    assert "version: must be a version" in result.err
    assert "version: Which" not in result.err


def test_everything_that_is_wrong_is_named_at_once(ccli: Ccli, target: Path, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    wrong = {
        "projet_name": "x",
        "version": 1,
        "package_name": "class",
        "license": "GPL",
        "event_types": ["hourly", "scheduled", "daily"],
    }
    path.write_text(json.dumps(wrong))
    result = ccli(*BOOTSTRAP, "-l", path, "--answer", "colour", "--answer", "use_asyncio=perhaps", "-o", target)
    assert result.status == 1
    assert result.err.splitlines()[0] == f"Error: {path} and --answer:"
    for message in (
        "  projet_name: there is no such answer; did you mean 'project_name'?",
        "  version: must be a text, not int",
        "  'colour' must be written as key=value",
        "  package_name: 'class' is a keyword of Python",
        "  license: 'GPL' is not offered here",
        "  event_types: 'hourly', 'daily' are not offered here",
        "  use_asyncio: 'perhaps' is not offered here",
    ):
        assert message in result.err
    assert len(result.err.splitlines()) == 8
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("kind", ['"extension_type": "hybrid"', '"extention_type": "hub"', '"extension_type": 1'])
def test_a_wrong_type_is_not_blamed_on_other_answers(ccli: Ccli, target: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "answers.json"
    path.write_text(f'{{{kind}, "application_types": ["webapp", "tfnapp"], "extension_audience": ["everyone"]}}')
    result = ccli(*BOOTSTRAP, "-l", path, "--defaults", "-o", target)
    lines = [line.strip().partition(":")[0] for line in result.err.splitlines()[1:]]
    assert lines[0] in ("extension_type", "extention_type")
    assert "application_types" not in lines
    assert "extension_audience: 'everyone' is not possible; expected: vendor, distributor, reseller" in result.err


def test_answers_that_fail_to_become_a_project_are_saved_all_the_same(ccli: Ccli, tmp_path: Path) -> None:
    saved = tmp_path / "answers.json"
    if not Path("/proc").is_dir():
        pytest.skip("needs a folder that nobody can write to")
    result = ccli(*BOOTSTRAP, "--defaults", "-o", "/proc", "-s", saved, "--answer", "author=Me")
    assert result.status == 1
    assert json.loads(saved.read_text())["author"] == "Me"


def test_the_schema_names_what_can_be_chosen(ccli: Ccli) -> None:
    schema = json.loads(ccli(*BOOTSTRAP, "--answers-schema").out)
    assert schema["properties"]["extension_type"]["enum"] == ["products", "hub", "multiaccount", "transformations"]
    assert schema["properties"]["application_types"]["items"]["enum"] == ["events", "anvil", "webapp", "tfnapp"]
    for wrong in ({"license": "GPL"}, {"event_types": ["never"]}, {"unknown": "x"}, {"version": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_texts_reach_the_files_as_they_were_typed(ccli: Ccli, target: Path) -> None:
    import ast

    name = 'Say "hi" {{ 7 * 7 }} {% raw %} \\n {# é 😀 #} it\'s'
    words = ("--answer", f"project_name={name}", "--answer", f"description={name}", "--answer", f"author={name}")
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target, "--answer", "project_slug=p", *words)
    assert result.status == 0, result.err
    descriptor = json.loads((target / "p" / "connect_ext" / "extension.json").read_text())
    assert descriptor["name"] == name
    assert descriptor["description"] == name
    for path in (target / "p").rglob("*.py"):
        ast.parse(path.read_text())
    assert b"49" not in (target / "p" / "README.md").read_bytes()


def test_nothing_is_left_in_the_home_folder(ccli: Ccli, home: Path, target: Path) -> None:
    assert ccli(*BOOTSTRAP, "--defaults", "-o", target).status == 0
    assert list(home.iterdir()) == []


def test_nothing_is_left_among_the_temporary_files_the_key_least_of_all(
    ccli: Ccli, target: Path, tmp_path: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    assert ccli(*BOOTSTRAP, "--defaults", "-o", target, "--answer", "environment_id=ENV-1234-5678-01").status == 0
    assert KEY in env_file(target / "my_awesome_project")
    assert list(temporary.iterdir()) == []
    assert tempfile.gettempdir() == str(temporary)


def test_an_existing_folder_is_left_alone(ccli: Ccli, target: Path) -> None:
    theirs = target / "my_awesome_project"
    theirs.mkdir()
    (theirs / "thesis.txt").write_text("mine")
    for words in ((), ("-f",)):
        result = ccli(*BOOTSTRAP, "--defaults", "-o", target, *words)
        assert result.status == 1
        assert str(theirs) in result.err
    assert tree(target) == {"my_awesome_project/thesis.txt": b"mine"}


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_left_alone(ccli: Ccli, target: Path, tmp_path: Path, kind: str) -> None:
    place = target / "my_awesome_project"
    if kind == "file":
        place.write_text("mine")
    else:
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / "elsewhere")
    result = ccli(*BOOTSTRAP, "--defaults", "-f", "-o", target)
    assert result.status == 1
    assert "is no folder" in result.err
    assert place.is_symlink() or place.read_text() == "mine"


def test_force_replaces_an_untouched_project_and_keeps_one_with_work_in_it(ccli: Ccli, target: Path) -> None:
    words = (*BOOTSTRAP, "--defaults", "-f", "-o", target)
    assert ccli(*words).status == 0
    assert ccli(*words, "--answer", "description=Second").status == 0
    assert [path.name for path in target.iterdir()] == ["my_awesome_project"]
    changed = target / "my_awesome_project" / "README.md"
    changed.write_text("my own words")
    result = ccli(*words)
    assert result.status == 0
    assert f"it is kept in {target / 'my_awesome_project.backup-1'}" in result.out
    assert (target / "my_awesome_project.backup-1" / "README.md").read_text() == "my own words"
    assert changed.read_text() != "my own words"
    (target / "my_awesome_project" / "new.py").write_text("x = 1\n")
    assert ccli(*words).status == 0
    assert (target / "my_awesome_project.backup-2" / "new.py").exists()


def test_a_project_with_a_commit_is_kept_too(ccli: Ccli, target: Path) -> None:
    words = (*BOOTSTRAP, "--defaults", "-f", "-o", target)
    assert ccli(*words).status == 0
    project = target / "my_awesome_project"
    subprocess.run(["git", "add", "README.md"], cwd=project, check=True)
    assert ccli(*words).status == 0
    assert (target / "my_awesome_project.backup-1" / ".git" / "index").exists()


def test_inside_a_repository_no_second_one_is_made(ccli: Ccli, target: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=target, check=True)
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target)
    assert "No git repository was made: the folder is part of a git repository already" in result.out
    assert not (target / "my_awesome_project" / ".git").exists()


def test_without_git_the_project_is_made_all_the_same(
    ccli: Ccli, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target)
    assert result.status == 0
    assert "git is not installed" in result.out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file system of Linux")
def test_a_place_that_cannot_be_written_is_named(ccli: Ccli) -> None:
    # Also root cannot make a folder there.
    result = ccli(*BOOTSTRAP, "--defaults", "-o", "/proc")
    assert result.status == 1
    assert result.err.splitlines()[-1].startswith("Error: /proc: nothing can be written there")


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing(ccli: Ccli, home: Path, target: Path) -> None:
    """The limit on the size of files stands for a disk that is full; the template's largest file is above it."""
    script = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from connect_cli_ext.main import run\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\nsys.exit(run(sys.argv[1:]))\n"
    )
    words = [*BOOTSTRAP, "--defaults", "-o", str(target)]
    pages = ["--answer", "extension_type=multiaccount", "--answer", "application_types=webapp"]
    done = subprocess.run(
        [sys.executable, "-c", script, *words, *pages], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (1, f"Error: {target}: cannot be written: file too large\n")
    assert list(target.iterdir()) == []


def test_a_template_that_fails_half_way_leaves_nothing(target: Path, tmp_path: Path) -> None:
    template = tmp_path / "template"
    inside = template / "{{cookiecutter.project_slug}}"
    inside.mkdir(parents=True)
    (template / "cookiecutter.json").write_text('{"project_slug": "x"}')
    (inside / "a.txt").write_text("fine")
    (inside / "b.txt").write_text("{{ cookiecutter.no_such_thing.x }}")
    answers = Draft(Surroundings(target, KnownEvents(), server_address="x")).finish()
    with pytest.raises(CommandError, match="template cannot be rendered"):
        make_project(answers, target, template=template)
    assert list(target.iterdir()) == []


def test_a_missing_template_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="reinstall connect-extension-sdk"):
        served(tmp_path / "nowhere")


def test_ctrl_c_while_it_is_being_made_leaves_nothing(target: Path, tmp_path: Path, home: Path) -> None:
    """The template's hook announces itself and waits, as a slow disk would."""
    template = tmp_path / "template"
    (template / "{{cookiecutter.project_slug}}").mkdir(parents=True)
    (template / "{{cookiecutter.project_slug}}" / "a.txt").write_text("fine")
    (template / "cookiecutter.json").write_text('{"project_slug": "x"}')
    (template / "hooks").mkdir()
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    (template / "hooks" / "post_gen_project.py").write_text(
        f"import signal\nopen({str(gate)!r}, 'w').write('there')\nsignal.pause()\n"
    )
    program = (
        "from pathlib import Path\n"
        "from connect_cli_ext.project.render import make_project\n"
        "from connect_cli_ext.wizard.answers import Draft\n"
        "from connect_cli_ext.wizard.surroundings import KnownEvents, Surroundings\n"
        f"target = Path({str(target)!r})\n"
        "answers = Draft(Surroundings(target, KnownEvents(), server_address='x')).finish()\n"
        f"make_project(answers, target, template=Path({str(template)!r}))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL, start_new_session=True)
    assert gate.read_text() == "there"
    assert len(list(target.iterdir())) == 1
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) != 0
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_while_it_is_being_made_leaves_nothing(
    ccli_command: list[str], home: Path, target: Path, tmp_path: Path, number: int
) -> None:
    gate, environment = slow_git(tmp_path)
    process = subprocess.Popen(
        [*ccli_command, *BOOTSTRAP, "--defaults", "-o", target],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert gate.read_text() == "there\n"
    assert len(list(target.iterdir())) == 1
    os.killpg(process.pid, number)
    assert process.wait(20) == (130 if number == signal.SIGINT else -number)
    assert list(target.iterdir()) == []


def slow_git(folder: Path) -> tuple[Path, dict[str, str]]:
    """A git that announces itself and waits, as on a slow disk: where it does so, and the environment with it."""
    gate, programs = folder / "gate", folder / "programs"
    os.mkfifo(gate)
    programs.mkdir()
    (programs / "git").write_text(f"#!/bin/sh\necho there > {gate}\nsleep 60\n")
    (programs / "git").chmod(0o755)
    return gate, {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}


def test_what_a_killed_bootstrap_left_is_taken_away_by_the_next(
    ccli: Ccli, ccli_command: list[str], home: Path, target: Path, tmp_path: Path
) -> None:
    gate, environment = slow_git(tmp_path)
    process = subprocess.Popen(
        [*ccli_command, *BOOTSTRAP, "--defaults", "-o", target],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert gate.read_text() == "there\n"
    (left,) = target.iterdir()
    foreign = [target / f".my_awesome_project.{name}" for name in ("abcdefgh", "backup", "x" * 8)]
    for folder in foreign:
        folder.mkdir()
        (folder / "mine.txt").write_text("keep me")
    (foreign[2] / ".connect-extension.making").write_text("{}")
    link = target / ".my_awesome_project.aaaaaaaa"
    # While the other one lives, its folder stays, and the project is made all the same.
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target)
    assert (result.status, result.err) == (0, "")
    assert left.is_dir()
    link.symlink_to(left)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(20) == -signal.SIGKILL
    assert left.is_dir()
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target, "--answer", "project_name=Other")
    assert (result.status, result.err, left.is_dir()) == (0, "", True)
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target, "-f")
    assert (result.status, result.err) == (0, f"Removed {left}, which an interrupted command had left behind.\n")
    assert not left.exists()
    assert link.is_symlink()
    assert all((folder / "mine.txt").read_text() == "keep me" for folder in foreign)


def test_a_project_that_was_just_being_replaced_comes_back(ccli: Ccli, home: Path, target: Path) -> None:
    """The process is killed between the two moves of a replacement."""
    assert ccli(*BOOTSTRAP, "--defaults", "-o", target).status == 0
    before = tree(target)
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom connect_cli_ext.main import run\nrename = Path.rename\n"
        "def until(self, target):\n    made = rename(self, target)\n    os._exit(9)\n"
        "Path.rename = until\nrun(sys.argv[1:])\n"
    )
    words = [*BOOTSTRAP, "--defaults", "-f", "-o", str(target)]
    assert subprocess.run([sys.executable, "-c", script, *words], check=False).returncode == 9
    assert not (target / "my_awesome_project").exists()
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target)
    assert result.status == 1
    assert "it is in its place again" in result.err
    assert "exists already" in result.err
    assert tree(target) == before


def definitions(*types: str) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "type": event,
            "name": CATALOGUE[event].name,
            "group": "From the platform",
            "category": CATALOGUE[event].category,
            "extension_type": "multiaccount+products",
        }
        for number, event in enumerate(types)
    ]


def test_the_platform_s_event_types_are_offered_when_it_answers(ccli: Ccli, target: Path, platform: Platform) -> None:
    platform.collections["devops/event-definitions"] = definitions(
        "asset_cancel_request_processing", "product_action_execution"
    )
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target)
    assert result.status == 0
    assert "Event types: from the account VA-100-200." in result.out
    code = (target / "my_awesome_project" / "connect_ext" / "extension.py").read_text()
    assert "asset_cancel_request_processing" in code
    assert "asset_purchase_request_processing" not in code
    refused = ccli(*BOOTSTRAP, "--defaults", "-o", target, "--answer", "background=asset_purchase_request_processing")
    assert "expected: asset_cancel_request_processing" in refused.err


def test_a_platform_that_keeps_silent_is_not_waited_for(ccli: Ccli, target: Path, platform: Platform) -> None:
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    platform.hold = threading.Event()
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target)
    assert result.status == 0
    assert "Event types: from the SDK's own catalogue (the account VA-100-200:" in result.out


def test_a_platform_that_refuses_is_named(ccli: Ccli, target: Path, platform: Platform) -> None:
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    platform.key = "another"
    result = ccli(*BOOTSTRAP, "--defaults", "-o", target)
    assert result.status == 0
    assert "refused the API key (401)" in result.out


def test_what_an_installer_compiled_does_not_get_into_the_project(tmp_path: Path, target: Path) -> None:
    template = tmp_path / "template"
    shutil.copytree(TEMPLATE, template)
    assert compileall.compile_dir(template, quiet=1, rx=re.compile(r"\{"))
    assert list(template.rglob("__pycache__"))
    surroundings = Surroundings(target, KnownEvents(), server_address="x", served=served(template))
    made = make_project(Draft(surroundings, {}).finish(), target, template=template)
    assert (made.folder / "tests" / "__init__.py").exists()
    assert not [path for path in made.paths if "__pycache__" in path]
