"""Projects rendered from the template, each once, when a test first asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from choices import CHOICES
from rendered_projects import Project, render


class Projects(dict[str, Project]):
    """The projects of ``CHOICES``, by name."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root

    def __missing__(self, name: str) -> Project:
        self[name] = render(self.root / name, **CHOICES[name])
        return self[name]


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Projects:
    """All projects of ``CHOICES``, by name."""
    return Projects(tmp_path_factory.mktemp("projects"))
