"""Rules on ``extension.json``, which lies beside the module of each application."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from connect_eaas.descriptor import Descriptor, find
from connect_eaas.errors import DeclarationError
from connect_eaas.validation.project import Project
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Place, Rule
from connect_eaas.validation.text_file import line_of

__all__ = ["RULES", "check", "read_descriptors"]

AUDIENCE: Final = ("vendor", "distributor", "reseller")
_TEXTS: Final = ("name", "description", "version")
_URLS: Final = ("readme_url", "changelog_url")
_KNOWN: Final = (*_TEXTS, *_URLS, "audience", "icon", "capabilities", "schedulables", "variables")

MISSING: Final = Rule(
    "EXT001", ERROR, "extension.json is missing",
    "It tells the platform the extension's name, version and links.",
    "Add an extension.json beside the module of the application.",
    blocks=False,
)  # fmt: skip
AUDIENCE_WRONG: Final = Rule(
    "EXT002", ERROR, "the audience is missing or wrong",
    "An extension that several accounts install has to say which roles may do so; for others it is advice.",
    f'Declare "audience" as a list of some of: {", ".join(AUDIENCE)}.',
    blocks=False,
)  # fmt: skip
NOT_JSON: Final = Rule(
    "EXT003", ERROR, "extension.json cannot be read",
    "Nothing that it declares counts, and the runner cannot start.",
    "Correct the line that the message names. JSON has no comments and no commas before a closing bracket.",
)  # fmt: skip
LINK_MISSING: Final = Rule(
    "EXT004", WARNING, "a link is missing",
    "The platform shows the links to the readme and the change log in the environment; the public runner does not "
    "start without them.",
    "Add the key with the address of the document.",
)  # fmt: skip
TEXT_MISSING: Final = Rule(
    "EXT005", WARNING, "a text is missing or is none",
    "Name, description and version are what people see of the extension.",
    "Add the key with a text that is not empty.",
)  # fmt: skip
UNKNOWN_KEY: Final = Rule(
    "EXT006", WARNING, "a key looks misspelt",
    "Unknown keys are ignored.",
    "Correct the key's spelling.",
)  # fmt: skip

RULES: Final = (MISSING, AUDIENCE_WRONG, NOT_JSON, LINK_MISSING, TEXT_MISSING, UNKNOWN_KEY)


def read_descriptors(project: Project) -> dict[Path, Descriptor | DeclarationError | None]:
    """Read the files beside all applications: each once; None where there is none."""
    found: dict[Path, Descriptor | DeclarationError | None] = {}
    for application in project.applications:
        path = find(application.cls)
        if path is None or path in found:
            continue
        try:
            found[path] = Descriptor.load(path) if path.is_file() else None
        except DeclarationError as error:
            found[path] = error
    return found


def check(project: Project) -> Iterator[Finding]:
    """Check every descriptor of the project."""
    web = any(entry.kind == "webapp" for entry in project.entry_points)
    for path, descriptor in read_descriptors(project).items():
        if descriptor is None:
            yield MISSING.broken(f"there is no {path.name} in {path.parent.name}/", Place(path))
        elif isinstance(descriptor, DeclarationError):
            problem = descriptor.problems[0]
            yield NOT_JSON.broken(problem.message, Place(path, problem.line))
        else:
            yield from _content(path, descriptor, web=web)


def _content(path: Path, descriptor: Descriptor, *, web: bool) -> Iterator[Finding]:
    content = descriptor.content

    def place(key: str) -> Place:
        return Place(path, line_of(descriptor.text, rf"{_quoted(key)}\s*:"))

    audience: Any = content.get("audience")
    if (
        not isinstance(audience, list)
        or not audience
        or not all(isinstance(role, str) and role in AUDIENCE for role in audience)
    ):
        message = "no 'audience' is declared" if audience is None else f"'audience' is {json.dumps(audience)}"
        yield AUDIENCE_WRONG.broken(message, place("audience"), level=ERROR if web else WARNING)
    for key in _TEXTS:
        if not isinstance(content.get(key), str) or not content[key].strip():
            message = f"{key!r} is missing" if key not in content else f"{key!r} is {json.dumps(content[key])}"
            yield TEXT_MISSING.broken(message, place(key))
    for key in _URLS:
        value = content.get(key)
        if not isinstance(value, str) or not value.startswith(("https://", "http://")):
            message = f"{key!r} is missing" if key not in content else f"{key!r} is no address: {json.dumps(value)}"
            yield LINK_MISSING.broken(message, place(key))
    for key in content:
        near = difflib.get_close_matches(key, _KNOWN, 1, 0.8) if key not in _KNOWN else []
        if near and near[0] not in content:
            yield UNKNOWN_KEY.broken(f"{key!r} is unknown", place(key), fix=f"Rename it to {near[0]!r}.")


def _quoted(key: str) -> str:
    return re.escape(json.dumps(key))
