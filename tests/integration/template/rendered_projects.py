"""Renders the project template: the choices of answers that the tests look at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cookiecutter.main import cookiecutter
from cookiecutter.prompt import prompt_for_config

TEMPLATE = Path(__file__).parents[3] / "templates" / "extension"
SOURCE: Mapping[str, Any] = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
# What a template without answers would be rendered with: some defaults follow from others.
DEFAULTS: Mapping[str, Any] = prompt_for_config({"cookiecutter": dict(SOURCE)}, no_input=True)
LICENSES = {"Apache Software License 2.0": "Apache-2.0", "MIT": "MIT", "BSD": "BSD-3-Clause"}


def events_of(kind: str, extension_type: str) -> list[str]:
    """The events of a kind (``background``, ``interactive``) that an extension of this type can handle."""
    return [
        event for event, entry in SOURCE[f"_{kind}"].items() if extension_type in entry.get("types", [extension_type])
    ]


BACKGROUND = events_of("background", "products")
INTERACTIVE = events_of("interactive", "products")


@dataclass(frozen=True)
class Project:
    """A rendered project and the answers that differ from the defaults."""

    path: Path
    answers: Mapping[str, Any]

    def answer(self, name: str) -> Any:
        return self.answers.get(name, DEFAULTS[name])

    @property
    def package(self) -> Path:
        return self.path / str(self.answer("package_name"))

    def files(self) -> list[Path]:
        return sorted(path for path in self.path.rglob("*") if path.is_file())


def render(into: Path, **answers: Any) -> Project:
    """Render the template without asking, without the user's own cookiecutter settings."""
    path = cookiecutter(str(TEMPLATE), no_input=True, output_dir=str(into), default_config=True, extra_context=answers)
    return Project(Path(path), answers)


# Every pair of two answers' values occurs together at least once in these.
PAIRWISE: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything-async": {
        "use_asyncio": "y",
        "use_github_actions": "y",
        "license": "MIT",
        "include_variables_example": "y",
        "background": {"values": BACKGROUND},
        "interactive": {"values": INTERACTIVE},
    },
    "everything-sync": {
        "license": "BSD",
        "include_variables_example": "y",
        "background": ",".join(reversed(BACKGROUND)),
        "interactive": ",".join(reversed(INTERACTIVE)),
    },
    "scheduled-async": {"use_asyncio": "y", "license": "BSD", "event_types": "scheduled", "use_github_actions": "y"},
    "scheduled-sync": {"license": "MIT", "event_types": "scheduled", "include_variables_example": "y"},
    "scheduled-apache": {"event_types": "scheduled", "use_github_actions": "y"},
    "background-async": {
        "use_asyncio": "y",
        "event_types": "background",
        "include_variables_example": "y",
        "package_name": "seats",
        "project_slug": "Seats-2.go",
    },
    "background-sync": {"event_types": "background", "license": "MIT", "use_github_actions": "y"},
    "background-bsd": {"event_types": "background", "license": "BSD", "background": "asset_cancel_request_processing"},
    "interactive-async": {"use_asyncio": "y", "event_types": "interactive", "license": "MIT"},
    "interactive-sync": {
        "event_types": "interactive",
        "license": "BSD",
        "use_github_actions": "y",
        "include_variables_example": "y",
    },
    "interactive-apache": {"event_types": "interactive", "interactive": "tier_config_change_request_validation"},
}


def _one_event_of_each_kind() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for kind in ("background", "interactive"):
        for event_type in events_of(kind, "products"):
            entry = SOURCE[f"_{kind}"][event_type]
            found.setdefault(f"only-{entry['kind']}", {"event_types": kind, kind: event_type})
    for name, answers in found.items():
        answers["use_asyncio"] = "y" if len(name) % 2 else "n"
    return found


CHOICES = PAIRWISE | _one_event_of_each_kind()
