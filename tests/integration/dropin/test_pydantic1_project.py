"""A project whose models were written for pydantic 1: its runner, and its tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connect_eaas.pydantic1 import VARIABLE

FILES = {
    "pyproject.toml": """\
[project]
name = "old"
version = "1"

[project.entry-points."connect.eaas.ext"]
eventsapp = "old.events:Old"

[tool.connect]
pydantic1 = true
""",
    "old/__init__.py": "",
    "old/events.py": """\
from typing import Optional

from connect.eaas.core.decorators import event
from connect.eaas.core.extension import EventsApplicationBase
from connect.eaas.core.responses import BackgroundResponse
from pydantic import BaseModel


class Note(BaseModel):
    text: Optional[str]


assert Note().text is None


class Old(EventsApplicationBase):
    @event("asset_purchase_request_processing", statuses=["pending"])
    def handle(self, request):
        return BackgroundResponse.done()
""",
    "old/extension.json": """\
{"name": "Old", "description": "d", "version": "1", "readme_url": "https://example.com/r",
 "changelog_url": "https://example.com/c"}
""",
    "tests/test_old.py": """\
from old.events import Note


def test_note():
    assert Note() == {"text": None}
""",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(project: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONNECT_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env={**kept, "API_KEY": "ApiKey SU-1:x", "ENVIRONMENT_ID": "ENV-0000-0000-01", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_runner_says_it_aloud_and_imports_the_models(project: Path) -> None:
    done = run(project, "connect_eaas.runner.main", "--check", "--no-validate")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("models of old, tests work as under pydantic 1, as you asked for") == 1
    off = run(project, "connect_eaas.runner.main", "--check", "--no-validate", **{VARIABLE: "0"})
    assert off.returncode == 3
    assert "cannot import old.events" in off.stderr
    wrong = run(project, "connect_eaas.runner.main", "--check", "--no-validate", **{VARIABLE: "perhaps"})
    assert wrong.returncode == 3
    assert f"{VARIABLE}: expected 1 or 0" in wrong.stderr


def test_validation_imports_the_models_as_the_runner_does(project: Path) -> None:
    done = run(project, "connect_cli_ext", "project", "extension", "validate", ".", "--format", "json")
    rules = [item["rule"] for item in json.loads(done.stdout)["items"]]
    assert "PYP006" not in rules
    off = run(
        project, "connect_cli_ext", "project", "extension", "validate", ".", "--format", "json", **{VARIABLE: "0"}
    )
    assert off.returncode == 1
    assert "PYP006" in [item["rule"] for item in json.loads(off.stdout)["items"]]
    wrong = run(
        project, "connect_cli_ext", "project", "extension", "validate", ".", "--format", "json", **{VARIABLE: "x"}
    )
    assert "PYP015" in [item["rule"] for item in json.loads(wrong.stdout)["items"]]


def test_models_of_pydantic_1_are_told_of_the_switch(project: Path) -> None:
    (project / "old" / "events.py").write_text("from pydantic import BaseSettings\n")
    off = run(
        project, "connect_cli_ext", "project", "extension", "validate", ".", "--format", "json", **{VARIABLE: "0"}
    )
    (fix,) = [item["fix"] for item in json.loads(off.stdout)["items"] if item["rule"] == "PYP006"]
    assert "`pydantic1 = true` in [tool.connect]" in fix


def test_its_own_tests_pass(project: Path) -> None:
    done = run(project, "pytest", "-p", "no:cacheprovider", PYTHONPATH=str(project))
    assert done.returncode == 0, done.stdout
    assert "models work as under pydantic 1" in done.stdout
    assert run(project, "pytest", "-p", "no:cacheprovider", PYTHONPATH=str(project), **{VARIABLE: "0"}).returncode != 0


def test_its_conftest_may_import_its_models(project: Path) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write(
            '[tool.pytest.ini_options]\ntestpaths = "tests"\nfilterwarnings = ["error"]\n'
            'asyncio_default_fixture_loop_scope = "function"\n'
        )
    (project / "tests" / "conftest.py").write_text(
        "from old.events import Note\nfrom pydantic import BaseModel, Field, validator\n\n\n"
        "class Old(BaseModel):\n    x: str = Field(..., regex='^a')\n\n"
        "    @validator('x')\n    def check(cls, value):\n        return value\n"
    )
    done = run(project, "pytest", "-p", "no:cacheprovider", PYTHONPATH=str(project))
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = run(project, "pytest", "-p", "no:cacheprovider", PYTHONPATH=str(project), **{VARIABLE: "perhaps"})
    assert wrong.returncode == 4
    assert f"ERROR: {VARIABLE}: expected 1 or 0, got 'perhaps'" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_its_tests_pass_where_warnings_are_errors(project: Path) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write(
            '[tool.pytest.ini_options]\nfilterwarnings = ["error"]\nasyncio_default_fixture_loop_scope = "function"\n'
        )
    (project / "old" / "old_way.py").write_text(
        "from pydantic import BaseModel, validator\n\n\n"
        "class Old(BaseModel):\n    x: int\n\n"
        "    @validator('x')\n    def check(cls, value):\n        return value\n"
    )
    (project / "tests" / "test_old.py").write_text(
        "from old.old_way import Old\n\n\ndef test_old():\n    assert Old(x=1).dict() == {'x': 1}\n"
    )
    done = run(project, "pytest", "-p", "no:cacheprovider", PYTHONPATH=str(project))
    assert done.returncode == 0, done.stdout
