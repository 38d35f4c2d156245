"""Real git repositories with an extension in them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

MANIFEST = """\
package_id: com.example.sorter
name: Sorter
type: multiaccount
description: Sorts what comes in.
overview: OVERVIEW.md
category: Automation
website: https://example.com/sorter
icon: icon.svg
var:
  REGION: {value: EU}
  TOKEN: {secure: true}
"""


class GitProject:
    """A repository whose tags are made on demand."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.write(
            {
                "connect-deployment.yaml": MANIFEST,
                "OVERVIEW.md": "# Sorter\n",
                "icon.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
            }
        )

    def git(self, *arguments: str) -> str:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.com",
        }
        done = subprocess.run(
            ["git", "-C", str(self.directory), *arguments], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def release(self, tag: str, files: Mapping[str, str] | None = None, *, annotated: bool = False) -> str:
        """Commit, tag, and return the commit."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", f"Release {tag}")
        self.git("tag", *(["--annotate", "--message", tag] if annotated else []), tag)
        return self.git("rev-parse", "HEAD")

    @property
    def url(self) -> str:
        return self.directory.as_uri()
