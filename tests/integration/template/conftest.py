"""Projects rendered from the template, once for all tests."""

from __future__ import annotations

import pytest
from rendered_projects import CHOICES, Project, render


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """All projects of ``CHOICES``, by name."""
    root = tmp_path_factory.mktemp("projects")
    return {name: render(root / name, **answers) for name, answers in CHOICES.items()}
