"""What commands say where the extra that brings their libraries is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUN_WITHOUT = """\
import sys
sys.modules[{module!r}] = None
from connect_cli_ext.main import run
sys.exit(run({arguments!r}))
"""


@pytest.mark.parametrize(
    ("arguments", "module", "extra"),
    [
        (["devops", "start", "--port", "0"], "sqlalchemy", "devops"),
        (["project", "extension", "bootstrap", "--defaults"], "cookiecutter", "cli"),
    ],
)
def test_a_command_that_imports_late_names_the_extra(
    tmp_path: Path, arguments: list[str], module: str, extra: str
) -> None:
    code = RUN_WITHOUT.format(module=module, arguments=["-c", str(tmp_path / "config"), *arguments])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == (
        f"Error: 'ccli {arguments[0]}' needs the Python package '{module}', which is not installed here. "
        f"Install it with: pip install 'connect-extension-sdk[{extra}]'\n"
    )
