"""What a rendered project can do by itself: its own checks and tests pass, and it can be built."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from rendered_projects import CHOICES, Project

# One worker renders the projects for all of these tests.
pytestmark = pytest.mark.xdist_group("template")
whole = pytest.mark.parametrize("name", ["defaults", "everything-async", "everything-sync"])


def _run(*command: str, cwd: Path) -> str:
    """Run a module with this interpreter, without a variable of our environment; return what it printed."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)} in {cwd}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_ruff_has_nothing_to_say(projects: dict[str, Project]) -> None:
    root = next(iter(projects.values())).path.parents[1]
    assert len(list(root.glob("*/*/pyproject.toml"))) == len(CHOICES)
    _run("ruff", "check", "--no-cache", ".", cwd=root)
    _run("ruff", "format", "--check", "--no-cache", ".", cwd=root)


@pytest.mark.slow
@whole
def test_mypy_has_nothing_to_say(
    projects: dict[str, Project], tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    cache = tmp_path_factory.getbasetemp() / "mypy-cache"
    assert "no issues found" in _run("mypy", f"--cache-dir={cache}", cwd=projects[name].path)


@pytest.mark.slow
@whole
def test_its_own_tests_pass(projects: dict[str, Project], name: str) -> None:
    printed = _run("pytest", "-q", "-p", "no:cacheprovider", cwd=projects[name].path)
    assert " passed" in printed
    assert "skipped" not in printed


def test_declares_what_was_chosen(projects: dict[str, Project]) -> None:
    project = projects["everything-async"]
    script = (
        "from connect_eaas.declarations import Declarations\n"
        "from importlib import import_module\n"
        "application = import_module('connect_ext.extension').MyAwesomeProjectEventsApplication\n"
        "declared = Declarations.of(application)\n"
        "print(len(declared.events), len(declared.schedulables), len(declared.variables))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=project.path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["24", "1", "5"]


def test_it_can_be_built(projects: dict[str, Project], tmp_path: Path) -> None:
    project = projects["background-async"]
    script = f"from poetry.core.masonry.api import build_wheel; build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", script], cwd=project.path, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == "seats_2_go-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = archive.read("seats_2_go-0.1.0.dist-info/entry_points.txt").decode()
    assert {"seats/extension.py", "seats/extension.json", "seats/parameters.py", "seats/py.typed"} <= names
    assert entry_points.split() == ["[connect.eaas.ext]", "eventsapp=seats.extension:Seats2GoEventsApplication"]
    assert not [name for name in names if name.endswith(".env")]
