import sys
from pathlib import Path

# The scripted platform and its fixtures are those of the runner's tests.
sys.path.append(str(Path(__file__).parent.parent / "runner"))

from conftest_runner import platform, start
from test_cextrun_process import project

__all__ = ["platform", "project", "start"]
