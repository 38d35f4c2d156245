"""Where the real payloads lie, and the machinery of the end-to-end tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(_ROOT / "tests" / "e2e"))
REFERENCE = Path(os.environ.get("CONNECT_REFERENCE_DIR") or _ROOT.parent / "shared" / "reference")


@pytest.fixture(scope="session")
def payloads() -> Path:
    """The folder of the real payloads; skips where it is not."""
    folder = REFERENCE / "payloads"
    if not folder.is_dir():
        pytest.skip("no real payloads beside the checkout; CONNECT_REFERENCE_DIR names the folder that has them")
    return folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test a file for tests that ask for ``payload_file``, by the patterns of their mark ``payload_files``."""
    if "payload_file" not in metafunc.fixturenames:
        return
    patterns, without = metafunc.module.PAYLOADS[metafunc.function.__name__]
    folder = REFERENCE / "payloads"
    files = sorted({file for pattern in patterns for file in folder.glob(pattern)})
    wanted = [file for file in files if not any(file.match(pattern) for pattern in without)]
    if wanted:
        metafunc.parametrize("payload_file", wanted, ids=[file.name for file in wanted])
    else:
        skip = pytest.mark.skip(reason=f"no real payloads in {folder}; CONNECT_REFERENCE_DIR names the folder")
        metafunc.parametrize("payload_file", [pytest.param(None, marks=skip, id="absent")])
