"""What the shells themselves complete with our scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[[str], list[str]]


def _run(shell: str, script: str, home: Path) -> list[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "TERM": "dumb"}
    done = subprocess.run(
        [shell, "-c", script],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


# What each shell is asked with: the line as far as it was typed, in the variable `line`.
_FISH = "{script}\ncomplete -C '{line}'"
_BASH = """{script}
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}
_ccli_completion ccli
printf '%s\\n' "${{COMPREPLY[@]}}\""""
# zsh completes in its line editor only, so what it would offer is caught where it is handed over.
_ZSH = """autoload -U compinit; compinit -u -D
{script}
[ "${{_comps[ccli]}}" = _ccli_completion ] || exit 3
_describe() {{ print -l -- ${{completions_with_descriptions%%:*}} }}
compadd() {{ print -l -- $completions }}
words=({words}); CURRENT=${{#words}}
_ccli_completion"""


@pytest.fixture(params=["bash", "zsh", "fish"])
def ask(request: pytest.FixtureRequest, ccli: Callable[..., Any], home: Path) -> Ask:
    """A function that returns what a shell completes a line with."""
    name: str = request.param
    shell = shutil.which(name)
    if shell is None:
        pytest.skip(f"there is no {name} here")
    script = ccli("completion", name).out

    def answers(line: str) -> list[str]:
        words = " ".join(f"'{word}'" for word in line.split(" "))
        question = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}[name]
        lines = _run(shell, question.format(script=script, line=line, words=words), home)
        # fish adds the description behind a tab.
        return [line.partition("\t")[0] for line in lines if line]

    return answers


def test_shells_complete_commands_and_event_types(ask: Ask) -> None:
    assert ask("ccli pro") == ["project"]
    assert {"bootstrap", "validate", "bump", "add", "update"} <= set(ask("ccli project extension "))
    assert set(ask("ccli devops trigger asset_purchase_request_")) == {
        "asset_purchase_request_processing",
        "asset_purchase_request_validation",
    }
    assert "--load-answers" in ask("ccli project extension bootstrap --load")


def test_shells_complete_accounts(ask: Ask, home: Path) -> None:
    folder = home / ".ccli"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(
        '{"active": "VA-100-200", "accounts": [{"id": "VA-100-200", "name": "Ada", "api_key": "ApiKey SU-1:x",'
        ' "endpoint": "https://api.example.com/public/v1"}]}'
    )
    assert ask("ccli account activate VA-") == ["VA-100-200"]
