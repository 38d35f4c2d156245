"""Every project of the matrix is right by itself: linters, types, its own tests, the validator and the runner's check.

By default the selection with every pair of answers is looked at; ``MATRIX=full`` takes all combinations,
``MATRIX=types`` one project of each type. A check runs once for all projects that are the same to it (see
``Project.digest``).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from choices import ONE_EVENT
from matrix import ALL, PAIRWISE, TYPES, answers_of, pairs_of
from rendered_projects import Project, render

MATRIX = os.environ.get("MATRIX", "pairwise")
CHOICES = {"pairwise": PAIRWISE, "full": ALL, "types": TYPES}[MATRIX]
FULL = MATRIX == "full"
WORKERS = os.cpu_count() or 2
BIN = Path(sys.executable).parent

# One worker renders the projects for all of these tests. What is told to take an hour takes minutes on a quiet machine.
pytestmark = [pytest.mark.xdist_group("matrix"), pytest.mark.slow, pytest.mark.timeout(3600 if FULL else 900)]
Say = Callable[[str], None]


def _render(numbered: tuple[int, dict[str, Any], str]) -> Project:
    number, answers, into = numbered
    return render(Path(into) / str(number), project_slug="matrix", **answers)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> list[Project]:
    """The projects, in a folder each below one folder."""
    root = tmp_path_factory.mktemp("matrix")
    choices = [answers_of(choice) for choice in CHOICES]
    choices += list(ONE_EVENT.values()) if FULL else []
    work = [(number, answers, str(root)) for number, answers in enumerate(choices)]
    # cookiecutter changes the working directory, so that threads would not do.
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_render, work, chunksize=4))


@pytest.fixture(scope="module")
def distinct(matrix: list[Project]) -> list[Project]:
    """One of each that are the same to the tools; which one changes, so that each license comes in."""
    groups: dict[str, list[Project]] = {}
    for project in matrix:
        groups.setdefault(project.digest(), []).append(project)
    return [group[number % len(group)] for number, group in enumerate(groups.values())]


@pytest.fixture
def say(
    capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None], request: pytest.FixtureRequest
) -> Say:
    """Tell people, also where output is captured; and keep it with the test's report."""

    def tell(text: str) -> None:
        record_property("matrix", text)
        with capsys.disabled():
            print(f"\nmatrix ({MATRIX}): {text}")  # noqa: T201

    return tell


def _run(command: Sequence[str], cwd: Path) -> str:
    """Run a command without a variable of our environment; return what is wrong."""
    environment = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    return f"{' '.join(command)} in {cwd}:\n{done.stdout}\n{done.stderr}" if done.returncode else ""


def _failures(projects: Sequence[Project], commands: Callable[[Project], Sequence[str]]) -> Iterator[str]:
    with ThreadPoolExecutor(WORKERS) as pool:
        for project, failure in zip(
            projects, pool.map(lambda project: _run(commands(project), project.path), projects), strict=True
        ):
            if failure:
                yield f"{dict(project.answers)}\n{failure}"


def test_matrix_has_every_combination_and_the_selection_every_pair() -> None:
    assert len(ALL) == 600
    pairs = set().union(*(pairs_of(choice) for choice in ALL))
    assert pairs <= set().union(*(pairs_of(choice) for choice in PAIRWISE))
    assert len(PAIRWISE) < 20


def test_ruff_has_nothing_to_say(matrix: list[Project], say: Say) -> None:
    root = matrix[0].path.parents[1]
    for command in (["check"], ["format", "--check"]):
        assert not _run([sys.executable, "-m", "ruff", *command, "--no-cache", "."], root)
    say(f"ruff is content with {len(matrix)} projects")


def _of(tool: str) -> str:
    path = BIN / tool
    if not path.exists():
        pytest.skip(f"{tool} is not installed")
    return str(path)


def _distinct_files(matrix: list[Project], name: str) -> list[str]:
    found = {path.read_bytes(): str(path) for project in matrix if (path := project.path / name).exists()}
    assert found
    return list(found.values())


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("docker-compose.yml", ["check-jsonschema", "--builtin-schema", "vendor.compose-spec"]),
        (".github/workflows/test.yml", ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"]),
        (".github/workflows/test.yml", ["actionlint"]),
        ("Dockerfile", ["hadolint"]),
    ],
)
def test_linters_of_files_have_nothing_to_say(matrix: list[Project], file: str, command: list[str], say: Say) -> None:
    files = _distinct_files(matrix, file)
    assert not _run([_of(command[0]), *command[1:], *files], matrix[0].path)
    say(f"{command[0]} is content with {len(files)} distinct {file} of {len(matrix)} projects")


def _mypy(caches: Path) -> Callable[[Project], Sequence[str]]:
    # One cache for each thread: mypy does not expect another one to write beside it.
    return lambda _: [sys.executable, "-m", "mypy", f"--cache-dir={caches / str(threading.get_ident())}"]


@pytest.mark.parametrize("check", ["mypy", "pytest", "ccli project extension validate", "cextrun --check"])
def test_projects_pass(
    matrix: list[Project], distinct: list[Project], tmp_path_factory: pytest.TempPathFactory, check: str, say: Say
) -> None:
    commands: dict[str, Callable[[Project], Sequence[str]]] = {
        "mypy": _mypy(tmp_path_factory.mktemp("mypy")),
        "pytest": lambda _: [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        "ccli project extension validate": lambda _: [
            *(sys.executable, "-m", "connect_cli_ext", "project", "extension", "validate", "--strict", "."),
        ],
        "cextrun --check": lambda _: [sys.executable, "-m", "connect_eaas.runner.main", "--check"],
    }
    failures = list(_failures(distinct, commands[check]))
    assert not failures, f"{len(failures)} of {len(distinct)} fail\n" + "\n".join(failures[:5])
    say(f"{check} passes for all of {len(matrix)} projects ({len(distinct)} distinct ones were tried)")
