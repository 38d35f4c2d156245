from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

Ccli = Callable[..., Any]
BUMP = ("project", "extension", "bump")
SDK = version("connect-extension-sdk")


@pytest.fixture
def project(bootstrap: Callable[[], Path]) -> Path:
    return bootstrap()


def tree(folder: Path) -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_project_is_on_the_installed_version(ccli: Ccli, project: Path) -> None:
    before = tree(project)
    result = ccli(*BUMP, project)
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("Nothing to change")
    assert tree(project) == before


def test_a_project_is_bumped_and_told_line_by_line(ccli: Ccli, project: Path) -> None:
    constraints = project / "constraints.txt"
    constraints.write_text(constraints.read_text() + f"connect-extension-sdk=={SDK}\n")
    compose = project / "docker-compose.yml"
    text = compose.read_text()
    compose.write_text(text + "  other:\n    image: 'acme/connect-extension-sdk:0.0.9'  # an image\n")
    (project / "docker").mkdir()
    (project / "docker" / "Dockerfile").write_text("FROM acme/connect-extension-sdk:0.0.9\n")
    compose.write_text(compose.read_text() + "  built:\n    build: docker\n")
    checked = ccli(*BUMP, "-p", project, "--to", "9.8.7", "--check")
    assert checked.status == 1
    assert "9.8.7" not in compose.read_text()
    result = ccli(*BUMP, project, "--to", "9.8.7")
    assert result.status == 0
    assert "pyproject.toml:" in result.out
    assert '- "connect-extension-sdk>=' in result.out
    assert '+ "connect-extension-sdk>=9.8.7",' in result.out
    assert "docker/Dockerfile:1" in result.out
    assert "are on connect-extension-sdk 9.8.7 now" in result.out
    assert "image: 'acme/connect-extension-sdk:9.8.7'  # an image" in compose.read_text()
    assert constraints.read_text().endswith("connect-extension-sdk==9.8.7\n")
    assert constraints.read_text().startswith("# ")
    again = ccli(*BUMP, project, "--to", "9.8.7", "--check")
    assert again.status == 0


def test_changes_as_json(ccli: Ccli, project: Path) -> None:
    (project / "Dockerfile").write_text("FROM acme/connect-extension-sdk:0.0.1\n")
    result = ccli(*BUMP, project, "--to", SDK, "-o", "json")
    assert json.loads(result.out) == [
        {
            "file": "Dockerfile",
            "line": 1,
            "before": "FROM acme/connect-extension-sdk:0.0.1",
            "after": f"FROM acme/connect-extension-sdk:{SDK}",
        }
    ]


def test_lock_files_and_images_of_the_public_runner_are_pointed_at(ccli: Ccli, project: Path) -> None:
    (project / "uv.lock").write_text("")
    (project / "Dockerfile").write_text("FROM cloudblueconnect/connect-extension-runner:43.1\n")
    result = ccli(*BUMP, project, "--to", "9.0")
    assert "Dockerfile:1 is an image of the public runner and stays" in result.out
    assert "run 'uv lock'" in result.out
    result = ccli(*BUMP, project, "--to", "9.0", "--runner", "44.2")
    assert (project / "Dockerfile").read_text() == "FROM cloudblueconnect/connect-extension-runner:44.2\n"


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("pyproject.toml", "[project\n", "pyproject.toml: is no TOML: Expected"),
        ("pyproject.toml", b"\xff", "pyproject.toml: is not in UTF-8"),
        ("docker-compose.yml", "a: [", "docker-compose.yml: line 1: no YAML"),
        ("constraints.txt", b"\xff", "constraints.txt: is not in UTF-8"),
    ],
)
def test_a_broken_file_is_named_and_nothing_is_changed(
    ccli: Ccli, project: Path, file: str, text: str | bytes, message: str
) -> None:
    (project / file).write_bytes(text.encode() if isinstance(text, str) else text)
    before = tree(project)
    result = ccli(*BUMP, project, "--to", "9.8.7")
    assert result.status == 1
    assert message in result.err
    assert tree(project) == before


@pytest.mark.parametrize("words", [(), ("--check",), ("--to", "9.8.7"), ("-o", "json")])
def test_a_missing_project_file_is_named(ccli: Ccli, project: Path, words: tuple[str, ...]) -> None:
    (project / "pyproject.toml").unlink()
    before = tree(project)
    result = ccli(*BUMP, project, *words)
    assert (result.status, result.out) == (1, "")
    assert f"{project / 'pyproject.toml'}: no such file" in result.err
    assert tree(project) == before


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("Dockerfile", "Dockerfile: no such file, although it is named in docker-compose.yml, service my_awesome"),
        ("docker-compose.yml", "docker-compose.yml: no such file, although the project was made with it"),
    ],
)
def test_a_missing_file_for_containers_is_named_unless_it_is_meant(
    ccli: Ccli, project: Path, file: str, message: str
) -> None:
    (project / file).unlink()
    before = tree(project)
    result = ccli(*BUMP, project, "--to", "9.8.7")
    assert (result.status, message in result.err) == (1, True), result.err
    assert tree(project) == before
    assert ccli(*BUMP, project, "--to", "9.8.7", "--allow-missing").status == 0
    assert "connect-extension-sdk>=9.8.7" in (project / "pyproject.toml").read_text()


def test_what_is_built_elsewhere_is_not_missed(ccli: Ccli, project: Path) -> None:
    compose = project / "docker-compose.yml"
    compose.write_text(
        compose.read_text() + "  a:\n    build: https://example.com/x.git\n  b:\n    build: ${WHERE}/x\n"
        '  c:\n    build: {context: ., dockerfile_inline: "FROM scratch"}\n'
    )
    assert ccli(*BUMP, project).status == 0
    compose.write_text(compose.read_text() + "  d:\n    build: nowhere\n")
    assert "nowhere/Dockerfile: no such file, although it is named in docker-compose.yml, service d" in (
        ccli(*BUMP, project).err
    )


def test_a_project_that_names_no_sdk_is_told_so(ccli: Ccli, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n')
    result = ccli(*BUMP, tmp_path)
    assert "Nothing to change: no file of the project names connect-extension-sdk." in result.out


def test_wrong_usage(ccli: Ccli, tmp_path: Path) -> None:
    assert "no such folder" in ccli(*BUMP, tmp_path / "nowhere").err
    assert "name the folder of a project" in ccli(*BUMP, tmp_path).err
    assert ccli(*BUMP, tmp_path, "--to", "newest").status == 2
    assert ccli(*BUMP, tmp_path, "-p", tmp_path).status == 2
