"""A rendering of the template in memory, and the answers that an older project gives to today's questions."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connect_cli_ext.project.template import TEMPLATE, render, served
from connect_cli_ext.wizard.answers import STEP_OF, Answers, Draft
from connect_cli_ext.wizard.step import Value
from connect_cli_ext.wizard.surroundings import KnownEvents, Surroundings

# What belongs to a machine goes to the env file only, which is never rendered here; it just has to be well-formed.
_ANY_HOST = "localhost"

__all__ = ["RenderedFile", "answers_from", "rendering"]


@dataclass(frozen=True)
class RenderedFile:
    """Content and permissions of a file."""

    content: bytes
    mode: int


def answers_from(document: Mapping[str, Any], source: str, template: Path = TEMPLATE) -> Answers:
    """Return the answers in a project's marker for today's template.

    Questions that are new get their defaults; answers to questions that are gone are dropped.

    Raises:
        AnswerError: an answer will not do any more; ``source`` is named.
    """
    given: dict[str, Value] = {}
    for name, value in document.items():
        if name in STEP_OF and isinstance(value, str | list):
            given[name] = tuple(str(item) for item in value) if isinstance(value, list) else value
    with tempfile.TemporaryDirectory() as nowhere:
        surroundings = Surroundings(
            Path(nowhere), KnownEvents(), force=True, server_address=_ANY_HOST, served=served(template)
        )
        return Draft(surroundings, given).finish(source)


def rendering(answers: Answers, template: Path = TEMPLATE) -> dict[str, RenderedFile]:
    """Return the files of a project made from ``answers``, by path, without the env file, which is a machine's own.

    Raises:
        TemplateError: the template fails.
        FileError: there is no room for temporary files.
    """
    with tempfile.TemporaryDirectory(prefix="connect-extension-") as folder:
        project = render(answers, Path(folder), template)
        return {
            path.relative_to(project).as_posix(): RenderedFile(path.read_bytes(), path.stat().st_mode & 0o777)
            for path in sorted(project.rglob("*"))
            if path.is_file() and not path.name.endswith("env")
        }
