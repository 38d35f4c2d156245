from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from connect_stand_in import KEY, Platform

from connect_cli_ext.project.marker import MARKER

Ccli = Callable[..., Any]
SDK = version("connect-extension-sdk")


def report(result: Any) -> dict[str, dict[str, str]]:
    return {row["check"]: row for row in json.loads(result.out)}


@pytest.fixture
def project(bootstrap: Callable[[], Path]) -> Path:
    return bootstrap()


def test_a_machine_without_an_account_has_warnings_only(ccli: Ccli, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    result = ccli("doctor", "-o", "json")
    assert result.status == 0
    found = report(result)
    assert found["Python"]["state"] in ("ok", "warn")
    assert found["git"]["state"] == "ok"
    assert found["account"] == {
        "check": "account",
        "state": "warn",
        "detail": "none is active",
        "advice": "add one for deployments: 'ccli account add'; local work needs none",
    }
    assert {"Docker", "local platform", "configuration folder", "platform data folder"} <= found.keys()
    text = ccli("doctor")
    assert "✓ ok    git: " in text.out
    assert "to look at, 0 that must be put right." in text.out
    silent = ccli("-s", "doctor")
    assert "ok" not in silent.out.split()
    assert "account: none is active" in silent.out


def test_an_account_is_asked_and_its_key_never_shown(ccli: Ccli, platform: Platform) -> None:
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    result = ccli("doctor", "-o", "json")
    assert report(result)["account"]["state"] == "ok"
    assert report(result)["clock"]["state"] == "ok"
    platform.key = "ApiKey SU-9:another"
    refused = ccli("doctor", "-o", "json")
    assert refused.status == 1
    assert report(refused)["account"]["state"] == "fail"
    assert "make a new key" in report(refused)["account"]["advice"]
    assert "not-to-be-seen" not in result.out + result.err + refused.out + refused.err
    platform.requests.clear()
    offline = report(ccli("doctor", "--offline", "-o", "json"))["account"]
    assert (offline["state"], offline["detail"].endswith(", not asked")) == ("ok", True)
    assert platform.requests == []


def test_a_clock_that_is_wrong_is_told(ccli: Ccli, platform: Platform) -> None:
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    platform.date = format_datetime(datetime.now(timezone.utc) - timedelta(minutes=10), usegmt=True)
    found = report(ccli("doctor", "-o", "json"))["clock"]
    assert found["state"] == "warn"
    assert "ahead of the platform's" in found["detail"]
    platform.date = "yesterday"
    assert "clock" not in report(ccli("doctor", "-o", "json"))


def test_an_unusable_folder_is_a_failure(ccli: Ccli, home: Path) -> None:
    (home / ".ccli").write_text("a file where a folder should be")
    result = ccli("doctor", "--offline", "-o", "json")
    assert result.status == 1
    assert report(result)["configuration folder"]["state"] == "fail"


@pytest.mark.parametrize("words", [(), ("--offline",)])
@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"{", "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "must hold a JSON object"),
        (b'{"accounts": [{"id": "VA-1"}]}', "accounts[0].api_key must be a text"),
    ],
)
def test_a_broken_accounts_file_is_a_failure(
    ccli: Ccli, home: Path, content: bytes, detail: str, words: tuple[str, ...]
) -> None:
    path = home / ".ccli" / "config.json"
    path.parent.mkdir()
    path.write_bytes(content)
    result = ccli("doctor", *words, "-o", "json")
    assert result.status == 1
    found = report(result)["account"]
    assert (found["state"], found["detail"].startswith(str(path)), detail in found["detail"]) == ("fail", True, True)


def test_what_is_wrong_with_a_stored_account_is_told_offline_too(
    ccli: Ccli, home: Path, platform: Platform, tmp_path: Path
) -> None:
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    path = home / ".ccli" / "config.json"
    path.chmod(0o644)
    rows = json.loads(ccli("doctor", "--offline", "-o", "json").out)
    (readable,) = [row for row in rows if row["check"] == "account" and row["state"] == "warn"]
    assert f"chmod 600 {path}" in readable["advice"]
    path.chmod(0o600)
    (path.parent / "ca-files.json").write_text(json.dumps({"VA-100-200": str(tmp_path / "gone.pem")}))
    assert "gone.pem is not there" in report(ccli("doctor", "--offline", "-o", "json"))["account"]["detail"]
    path.write_text(path.read_text().replace('"active": "VA-100-200"', '"active": "VA-9"'))
    told = report(ccli("doctor", "--offline", "-o", "json"))["account"]
    assert (told["state"], told["detail"]) == ("warn", "none is active; stored: VA-100-200")


def test_a_git_that_does_not_work_is_a_failure(ccli: Ccli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    result = ccli("doctor", "--offline", "-o", "json")
    assert (result.status, report(result)["git"]["detail"]) == (1, f"{tmp_path / 'git'} does not work")


def test_an_unreachable_platform_is_a_failure(ccli: Ccli, home: Path) -> None:
    account = {"api_key": KEY, "endpoint": "http://127.0.0.1:1/public/v1", "id": "VA-1", "name": "Acme"}
    (home / ".ccli").mkdir()
    (home / ".ccli" / "config.json").write_text(json.dumps({"active": "VA-1", "accounts": [account]}))
    found = report(ccli("doctor", "-o", "json"))["account"]
    assert (found["state"], "connection refused" in found["detail"]) == ("fail", True)
    assert "proxies" in found["advice"]


def test_what_is_broken_in_a_project_is_told_offline_too(ccli: Ccli, project: Path) -> None:
    env_file = next(project.glob(".*_dev.env"))
    env_file.write_text('API_KEY="ApiKey SU-1:x"\nENVIRONMENT_ID=ENV-1\nSERVER_ADDRESS=localhost\n')
    env_file.chmod(0o644)
    (project / MARKER).write_text("{")
    result = ccli("doctor", project, "--offline", "-o", "json")
    assert result.status == 1
    found = report(result)
    assert found["template"]["detail"] == f"{project / MARKER} cannot be read"
    assert "ENVIRONMENT_ID is 'ENV-1'" in found["environment"]["detail"]
    assert "others may read it" in result.out
    for pyproject in ("project = 1\n", "tool = []\n", "[project]\nentry-points = []\n"):
        (project / "pyproject.toml").write_text(pyproject)
        found = report(ccli("doctor", project, "--offline", "-o", "json"))
        assert "declares no application" in found["project"]["detail"]
        assert ccli("project", "extension", "bump", project).status in (0, 1)


def test_a_project_is_held_against_the_installed_sdk(ccli: Ccli, project: Path, platform: Platform) -> None:
    found = report(ccli("doctor", project, "-o", "json"))
    assert found["project"]["detail"] == "my_awesome_project: eventsapp"
    assert found["SDK"]["state"] == "ok"
    assert found["environment"]["state"] == "warn"
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('connect-extension-sdk>=0.1"', 'connect-extension-sdk>=99"'))
    result = ccli("doctor", project, "-o", "json")
    assert result.status == 1
    assert report(result)["SDK"]["detail"] == f"{SDK}, but the project wants >=99"
    assert "bump" in report(result)["SDK"]["advice"]
    pyproject.write_text("[")
    assert report(ccli("doctor", project, "-o", "json"))["project"]["state"] == "fail"


def test_the_environment_of_the_env_file_is_asked_for(
    ccli: Ccli, project: Path, platform: Platform, home: Path
) -> None:
    discovery = home / ".local" / "state" / "connect-devops" / "discovery.json"
    discovery.parent.mkdir(parents=True)
    discovery.write_text(json.dumps({"url": platform.url, "api_key": KEY, "pid": os.getpid()}))
    env_file = next(project.glob(".*_dev.env"))

    bare = platform.url.removeprefix("http://")

    def asked(environment_id: str, key: str = KEY, address: str = bare) -> dict[str, str]:
        env_file.write_text(f'API_KEY="{key}"\nENVIRONMENT_ID={environment_id}\nSERVER_ADDRESS={address}\n')
        return report(ccli("doctor", project, "-o", "json"))["environment"]

    path = "devops/services/SRVC-1234-5678/environments/ENV-1234-5678-01"
    platform.raw[path] = (200, "{}")
    assert asked("ENV-1234-5678-01")["state"] == "ok"
    with_scheme = asked("ENV-1234-5678-01", address=platform.url)  # as 'ccli devops dev' writes it
    assert with_scheme["state"] == "ok", with_scheme
    platform.raw[path] = (404, "{}")
    assert "put the id of an environment" in asked("ENV-1234-5678-01")["advice"]
    del platform.raw[path]
    assert "put the key of its account" in asked("ENV-1234-5678-01", "ApiKey SU-1:x")["advice"]
    assert "it looks like ENV-" in asked("ENV-1")["advice"]
    assert "has no ENVIRONMENT_ID" in asked("")["detail"]


def test_a_missing_folder(ccli: Ccli, tmp_path: Path) -> None:
    result = ccli("doctor", tmp_path / "nowhere")
    assert (result.status, "no such folder" in result.err) == (1, True)
