"""Running git for a project."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

__all__ = ["run_git"]


def run_git(folder: str | Path, *arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    """Run git in ``folder`` and return how it ended, whatever its status; None where git is not installed."""
    git = shutil.which("git")
    if git is None:
        return None
    # Inside a git hook these point to the repository of the hook.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run([git, *arguments], cwd=folder, env=environment, capture_output=True, check=False)
