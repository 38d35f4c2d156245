"""Where variables come from: the real environment, the project's env file, a local platform."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connect_eaas.runner.env_file import find_env_file, read_env_file
from connect_eaas.runner.errors import SettingsError
from connect_eaas.runner.surroundings import gather


@pytest.fixture
def project(tmp_path: Path) -> Path:
    directory = tmp_path / "my-extension"
    directory.mkdir()
    return directory


@pytest.fixture
def discovery(tmp_path: Path) -> Path:
    return tmp_path / "discovery.json"


def publish(discovery: Path, **facts: Any) -> None:
    base = {
        "url": "http://127.0.0.1:8088",
        "ws_url": "ws://127.0.0.1:8088",
        "https_url": "https://127.0.0.1:8089",
        "ca_file": None,
        "pid": os.getpid(),
        "api_key": "ApiKey SU-2:local-secret",
        "projects": {},
    }
    discovery.write_text(json.dumps({**base, **facts}))


def test_env_file_with_export_quotes_and_comments(project: Path) -> None:
    file = project / "x.env"
    file.write_text(
        "# who we are\n"
        "export API_KEY='ApiKey SU-1:a b#c'\n"
        'ENVIRONMENT_ID="ENV-1-01"  # the test one\n'
        "SERVER_ADDRESS=host:1\n"
        "\n"
        "EMPTY=\n"
        "NOTHING\n"
    )

    read = read_env_file(file)

    assert dict(read.variables) == {
        "API_KEY": "ApiKey SU-1:a b#c",
        "ENVIRONMENT_ID": "ENV-1-01",
        "SERVER_ADDRESS": "host:1",
        "EMPTY": "",
    }
    assert "SU-1" not in repr(read)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([], None),
        ([".env"], ".env"),
        ([".env", ".my_extension_dev.env"], ".my_extension_dev.env"),
        ([".my_extension_dev.env", ".other_dev.env"], ".my_extension_dev.env"),
        ([".env", "other_dev.env"], "other_dev.env"),
    ],
)
def test_env_file_is_found(project: Path, files: list[str], found: str | None) -> None:
    for name in files:
        (project / name).touch()

    assert find_env_file(project) == (None if found is None else project / found)


def test_several_env_files_are_a_question(project: Path) -> None:
    (project / ".a_dev.env").touch()
    (project / ".b_dev.env").touch()

    with pytest.raises(SettingsError, match=r"\.a_dev\.env, \.b_dev\.env.*--env-file"):
        find_env_file(project)


@pytest.mark.parametrize(
    ("content", "named"), [(b"A=1\nthis is wrong\n", "line 2"), (b"A=\xff\xfe\n", "cannot be read")]
)
def test_broken_env_file_is_named(project: Path, content: bytes, named: str) -> None:
    file = project / ".env"
    file.write_bytes(content)

    with pytest.raises(SettingsError, match=rf"\.env.*{named}"):
        read_env_file(file)


def test_real_environment_wins_over_the_env_file(project: Path, discovery: Path) -> None:
    (project / ".env").write_text("API_KEY=from-file\nENVIRONMENT_ID=ENV-9-01\n")
    environment = {"API_KEY": "from-environment", "CONNECT_DEVOPS_DISCOVERY": str(discovery)}

    gathered = gather(environment, project)

    assert gathered.variables["API_KEY"] == "from-environment"
    assert gathered.variables["ENVIRONMENT_ID"] == "ENV-9-01"
    (note,) = gathered.notes
    assert ".env" in note
    assert "ENVIRONMENT_ID" in note
    assert "from-" not in note


def test_local_platform_serves_a_registered_project(project: Path, discovery: Path, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.touch()
    publish(discovery, projects={str(project): "ENV-5-01"}, ca_file=str(ca_file))

    gathered = gather({"CONNECT_DEVOPS_DISCOVERY": str(discovery)}, project)

    assert gathered.variables["API_KEY"] == "ApiKey SU-2:local-secret"
    assert gathered.variables["ENVIRONMENT_ID"] == "ENV-5-01"
    assert gathered.variables["SERVER_ADDRESS"] == "http://127.0.0.1:8088"
    assert gathered.variables["CONNECT_CA_FILE"] == str(ca_file)
    assert any("http://127.0.0.1:8088" in note and "ENV-5-01" in note for note in gathered.notes)
    assert "local-secret" not in repr(gathered)


def test_local_platform_that_does_not_know_the_project(project: Path, discovery: Path) -> None:
    publish(discovery, projects={"/elsewhere": "ENV-5-01"})

    with pytest.raises(SettingsError, match=r"not registered there.*ccli devops dev"):
        gather({"CONNECT_DEVOPS_DISCOVERY": str(discovery)}, project)

    found = gather({"CONNECT_DEVOPS_DISCOVERY": str(discovery)}, project, credentials_needed=False)
    assert "API_KEY" not in found.variables


def test_local_platform_is_left_alone_when_the_server_is_chosen(project: Path, discovery: Path) -> None:
    publish(discovery, projects={str(project): "ENV-5-01"})
    environment = {"CONNECT_DEVOPS_DISCOVERY": str(discovery), "SERVER_ADDRESS": "api.example.org"}

    assert "API_KEY" not in gather(environment, project).variables


def test_file_of_a_dead_platform_is_ignored(project: Path, discovery: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    publish(discovery, projects={str(project): "ENV-5-01"}, pid=int(ended.stdout))

    assert "API_KEY" not in gather({"CONNECT_DEVOPS_DISCOVERY": str(discovery)}, project).variables


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_broken_discovery_file_is_named(project: Path, discovery: Path, content: str) -> None:
    discovery.write_text(content)

    with pytest.raises(SettingsError, match=r"discovery\.json"):
        gather({"CONNECT_DEVOPS_DISCOVERY": str(discovery)}, project)


def test_default_place_of_the_discovery_file(project: Path, tmp_path: Path) -> None:
    directory = tmp_path / "state" / "connect-devops"
    directory.mkdir(parents=True)
    publish(directory / "discovery.json", projects={str(project): "ENV-5-01"})

    gathered = gather({"XDG_STATE_HOME": str(tmp_path / "state")}, project)

    assert gathered.variables["ENVIRONMENT_ID"] == "ENV-5-01"
