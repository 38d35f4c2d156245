from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from connect_stand_in import KEY, Platform

from connect_cli_ext import completion

Ccli = Callable[..., Any]


@pytest.fixture
def complete(ccli: Ccli, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """What a shell would offer at the end of a line."""

    def complete(line: str) -> list[str]:
        words = line.split(" ")
        with monkeypatch.context() as patch:
            # Nobody at a terminal waits here, and the machine may be busy.
            patch.setattr(completion, "_TIMEOUT_S", 10.0)
            patch.setenv("_CCLI_COMPLETE", "bash_complete")
            patch.setenv("COMP_WORDS", line)
            patch.setenv("COMP_CWORD", str(len(words) - 1))
            result = ccli()
        assert result.err == ""
        return [item.partition(",")[2] for item in result.out.splitlines() if item]

    return complete


Complete = Callable[[str], list[str]]


def test_commands_options_and_event_types(complete: Complete) -> None:
    assert complete("ccli acc") == ["account"]
    assert complete("ccli project extension b") == ["bootstrap", "bump"]
    assert complete("ccli project extension update --d") == ["--diff"]
    assert complete("ccli devops trigger product_action") == ["product_action_execution"]
    assert complete("ccli devops tasks --event product_action") == ["product_action_execution"]


def test_accounts_are_completed_and_a_broken_file_is_no_news(
    ccli: Ccli, complete: Complete, platform: Platform, home: Path
) -> None:
    assert complete("ccli account activate ") == []
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    for verb in ("activate", "refresh", "remove"):
        assert complete(f"ccli account {verb} VA-") == ["VA-100-200"]
    assert complete("ccli account remove PA-") == []
    (home / ".ccli" / "config.json").write_text("{")
    assert complete("ccli account remove VA-") == []


def test_tasks_and_environments_of_the_running_platform(complete: Complete, platform: Platform, home: Path) -> None:
    discovery = home / ".local" / "state" / "connect-devops" / "discovery.json"
    discovery.parent.mkdir(parents=True)
    environment = {"id": "ENV-0000-0001-01", "type": "development"}
    facts = {"url": platform.url, "api_key": KEY, "pid": os.getpid()}
    facts["extensions"] = [{"id": "SRVC-0000-0001", "name": "Seats", "environments": [environment]}]
    discovery.write_text(json.dumps(facts))
    assert complete("ccli devops tasks -e ENV") == ["ENV-0000-0001-01"]
    path = "devops/services/SRVC-0000-0001/environments/ENV-0000-0001-01/tasks"
    platform.raw[path] = (500, "broken")
    assert complete("ccli devops task T") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed_and_installed(
    ccli: Ccli, home: Path, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    printed = ccli("completion", shell)
    assert printed.status == 0
    assert f"_CCLI_COMPLETE={shell}_complete" in printed.out
    result = ccli("completion", shell, "--install")
    assert result.status == 0
    places = {
        "bash": ".local/share/bash-completion/completions/ccli",
        "zsh": ".zfunc/_ccli",
        "fish": ".config/fish/completions/ccli.fish",
    }
    assert (home / places[shell]).read_text() == printed.out
    assert str(home / places[shell]) in result.out
    assert ccli("completion", "csh").status == 2


def test_bash_takes_the_script(ccli: Ccli) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    script = ccli("completion", "bash").out
    done = subprocess.run([bash, "-c", f"{script}\ncomplete -p ccli"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith(" ccli")


def test_an_unwritable_home_is_named(ccli: Ccli, home: Path) -> None:
    (home / ".zfunc").write_text("a file")
    result = ccli("completion", "zsh", "--install")
    assert result.status == 1
    assert "_ccli: cannot be written" in result.err


def test_accounts_are_refreshed(ccli: Ccli, platform: Platform) -> None:
    assert "no account is stored" in ccli("account", "refresh").err
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    assert ccli("account", "refresh").out == "VA-100-200 (Acme): its key works, nothing has changed.\n"
    platform.collections["accounts"] = [{"id": "VA-100-200", "name": "Acme & Co"}]
    assert ccli("account", "refresh", "VA-100-200").out == "VA-100-200: was Acme, is Acme & Co now.\n"
    assert json.loads(ccli("account", "list", "-o", "json").out)[0]["name"] == "Acme & Co"
    platform.collections["accounts"] = [{"id": "VA-900-900", "name": "Other"}]
    moved = ccli("account", "refresh")
    assert (moved.status, "its key belongs to VA-900-900 now" in moved.err) == (1, True)
    platform.key = "ApiKey SU-9:another"
    refused = ccli("account", "refresh")
    assert (refused.status, "1 of 1 accounts could not be refreshed" in refused.err) == (1, True)
    assert "not-to-be-seen" not in refused.err
    assert "there is no account 'VA-1'" in ccli("account", "refresh", "VA-1").err


def test_mistyped_options_and_commands_are_answered_with_the_nearest(ccli: Ccli) -> None:
    for words, hint in (
        (("doctr",), "Did you mean 'doctor'?"),
        (("project", "extension", "add", "evnt"), "Did you mean 'event'?"),
        (("project", "extension", "update", "--chek"), "--check"),
    ):
        result = ccli(*words)
        assert (result.status, hint in result.err) == (2, True)
    helped = ccli("project", "extension", "run", "-h")
    assert helped.status == 0
    assert helped.out.startswith("Usage: ccli project extension run")
