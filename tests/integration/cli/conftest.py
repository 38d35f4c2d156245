from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from connect_stand_in import Platform, serve
from planned_project import Planned, planned_platform

from connect_cli_ext.main import run


@pytest.fixture
def platform() -> Iterator[Platform]:
    platform = Platform(collections={"accounts": [{"id": "VA-100-200", "name": "Acme", "type": "vendor"}]})
    server = serve(platform)
    yield platform
    if platform.hold is not None:
        platform.hold.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for configuration and state, and no proxy in between."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("CONNECT_DEVOPS_DISCOVERY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    return home


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A folder to make projects in."""
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


@pytest.fixture
def ccli(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run `ccli` in this process, as its console script does."""

    def call(*arguments: str | Path) -> Result:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def projects_made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[tuple[tuple[str, str], ...], Path]]:
    """A folder for projects as the command made them, and which there are."""
    return tmp_path_factory.mktemp("projects"), {}


@pytest.fixture
def bootstrap(
    ccli: Callable[..., Result],
    tmp_path: Path,
    projects_made: tuple[Path, dict[tuple[tuple[str, str], ...], Path]],
) -> Callable[..., Path]:
    """Make a project from answers with the command, or copy one that it made from the same."""
    folder, made = projects_made

    def bootstrap(**answers: str) -> Path:
        key = tuple(sorted(answers.items()))
        project = tmp_path / "my_awesome_project"
        if key in made:
            return Path(shutil.copytree(made[key], project, symlinks=True))
        given = [item for name, value in answers.items() for item in ("--answer", f"{name}={value}")]
        result = ccli("project", "extension", "bootstrap", "--defaults", "-o", tmp_path, *given)
        assert result.status == 0, result.err
        made[key] = Path(shutil.copytree(project, folder / str(len(made)), symlinks=True))
        return project

    return bootstrap


@pytest.fixture
def ccli_command() -> list[str]:
    """The console script as a process."""
    return [sys.executable, "-c", "from connect_cli_ext.main import main; main()"]


@pytest.fixture
def planned(tmp_path: Path, ccli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> Iterator[Planned]:
    """A real platform in this process, on which a project is known that does not run yet."""
    with planned_platform(tmp_path, ccli, monkeypatch) as planned:
        yield planned
