"""Code that was saved twice within a second runs in its newest form."""

from __future__ import annotations

import os
import py_compile
import sys
from pathlib import Path

import pytest

from connect_eaas.runner.extension import load_application


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    package = tmp_path / "saved_twice"
    package.mkdir()
    (package / "__init__.py").write_text("")
    return tmp_path


def test_the_newest_save_within_a_second_is_run(project: Path) -> None:
    module = project / "saved_twice" / "events.py"
    module.write_text("class App:\n    word = 'one'\n")
    os.utime(module, ns=(10**18, 10**18))
    compiled = Path(str(py_compile.compile(str(module))))
    os.utime(compiled, ns=(10**18 + 1, 10**18 + 1))
    module.write_text("class App:\n    word = 'two'\n")
    # The same second and the same length: the interpreter alone would run the compiled file.
    os.utime(module, ns=(10**18 + 2, 10**18 + 2))

    loaded = load_application("eventsapp", "saved_twice.events:App", source="a test")

    assert vars(loaded)["word"] == "two"
    del sys.modules["saved_twice.events"], sys.modules["saved_twice"]
