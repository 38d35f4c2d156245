"""Renders the project template, as cookiecutter's own command does it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cookiecutter.main import cookiecutter
from cookiecutter.prompt import prompt_for_config

TEMPLATE = Path(__file__).parents[3] / "templates" / "extension"
SOURCE: Mapping[str, Any] = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
LICENSES = {"Apache Software License 2.0": "Apache-2.0", "MIT": "MIT", "BSD": "BSD-3-Clause"}


def events_of(kind: str, extension_type: str) -> list[str]:
    """The events of a kind (``background``, ``interactive``) that an extension of this type can handle."""
    return [
        event for event, entry in SOURCE[f"_{kind}"].items() if extension_type in entry.get("types", [extension_type])
    ]


def handler_kind(event: str, extension_type: str) -> str:
    """The kind of handler that an event has in an extension of this type."""
    side = {"hub": "hub", "multiaccount": "installed", "transformations": "installed"}.get(extension_type, "vendor")
    kind = str((SOURCE["_background"] | SOURCE["_interactive"])[event]["kind"])
    return str(SOURCE["_variants"].get(side, {}).get(kind, {}).get("kind", kind))


@dataclass(frozen=True)
class Project:
    """A rendered project, and all answers it was rendered with."""

    path: Path
    answers: Mapping[str, Any]

    def answer(self, name: str) -> Any:
        """An answer, as it was given or presumed."""
        return self.answers[name]

    def items(self, name: str) -> list[str]:
        """A list answer."""
        answer = self.answers[name]
        return list(answer["values"]) if isinstance(answer, dict) else [item for item in str(answer).split(",") if item]

    @property
    def applications(self) -> list[str]:
        """Its applications, as the answers name them."""
        return self.items("application_types")

    @property
    def has_pages(self) -> bool:
        """Whether it has pages in the Connect UI."""
        return (
            "webapp" in self.applications
            and self.answer("extension_type") in ("multiaccount", "transformations")
            and self.answer("webapp_supports_ui") == "y"
        )

    def chosen(self, kind: str) -> list[str]:
        """The events of a kind that it handles."""
        return self.items(kind) if "events" in self.applications and kind in self.items("event_types") else []

    @property
    def package(self) -> Path:
        """The folder of its Python package."""
        return self.path / str(self.answer("package_name"))

    def files(self) -> list[Path]:
        """All its files."""
        return sorted(path for path in self.path.rglob("*") if path.is_file())

    def digest(self) -> str:
        """Stands for what its tools read: documents, the workflow and the name of the license do not count."""
        found = hashlib.sha256()
        for path in self.files():
            name = path.relative_to(self.path).as_posix()
            if path.suffix == ".md" or name == "LICENSE" or name.startswith(".github/"):
                continue
            lines = path.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if not line.startswith((b"license = ", b"# SPDX-License-Identifier:"))]
            found.update(name.encode() + b"\0" + b"".join(kept) + b"\0")
        return found.hexdigest()


def render(into: Path, **answers: Any) -> Project:
    """Render the template without asking, without the user's own cookiecutter settings."""
    path = Path(
        cookiecutter(str(TEMPLATE), no_input=True, output_dir=str(into), default_config=True, extra_context=answers)
    )
    for file in path.rglob("*.py"):
        # mypy takes a module of the same name, size and time for the one that it knows from another project.
        moment = int(hashlib.sha256(file.read_bytes()).hexdigest()[:7], 16)
        os.utime(file, (moment, moment))
    resolved = prompt_for_config({"cookiecutter": {**SOURCE, **answers}}, no_input=True)
    return Project(path, {**resolved, **answers})
