"""The validators under the names and in the form that existing tools know (reference/sdk-api.md section 13).

Each is a function from a context to a result, for one subject. The context is a dict with ``project_dir``, and
optionally ``event_definitions`` (event type to definition); ``runner_version`` is accepted and not needed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal

from connect_eaas.descriptor import FILE_NAME, Descriptor
from connect_eaas.events import EventType
from connect_eaas.validation import descriptor
from connect_eaas.validation.definitions import read_definitions
from connect_eaas.validation.engine import SUBJECTS
from connect_eaas.validation.project import Project
from connect_eaas.validation.report import make_report
from connect_eaas.validation.rule import ERROR

__all__ = ["ValidationItem", "ValidationResult", "Validator", "get_code_context", "get_validators"]


@dataclass
class ValidationItem:
    """One finding; ``code`` starts at ``start_line`` of ``file``, and ``lineno`` is the line that is meant."""

    level: Literal["WARNING", "ERROR"] = "WARNING"
    message: str = ""
    file: str | None = None
    start_line: int | None = None
    lineno: int | None = None
    code: str | None = None


@dataclass
class ValidationResult:
    """What one validator found; after ``must_exit`` the others make no sense. ``context`` is for them."""

    items: list[ValidationItem] = field(default_factory=list)
    must_exit: bool = False
    context: dict[str, Any] | None = None


Validator = Callable[[dict[str, Any]], ValidationResult]

_STOPPING: Final = ("PYP001", "PYP002", "PYP005", "PYP006", "PYP008", "PYP009", "PYP010", "EXT001", "EXT003")
_LINES_AFTER: Final = 3


def get_code_context(obj: Any, pattern: str) -> dict[str, Any]:
    """Return ``file``, ``start_line``, ``lineno`` and ``code`` of a module, class or function.

    ``lineno`` is the line where the text ``pattern`` first occurs, else the first. Of a module only the lines up to
    three after it are given.

    Raises:
        OSError: its source is not known.
        TypeError: it has none.
    """
    lines, start = inspect.getsourcelines(obj)
    start = max(start, 1)
    offset = next((number for number, line in enumerate(lines) if pattern in line), 0)
    if isinstance(obj, ModuleType):
        lines = lines[: offset + 1 + _LINES_AFTER]
    return {
        "file": inspect.getsourcefile(obj),
        "start_line": start,
        "lineno": start + offset,
        "code": "".join(lines),
    }


def get_validators() -> list[Validator]:
    """Return the validators in the order in which to call them.

    That is: pyproject, extension.json, docker-compose, events, anvil, web, transformations, variables.
    """
    return [
        validate_pyproject_toml,
        validate_extension_json,
        validate_docker_compose_yml,
        validate_eventsapp,
        validate_anvilapp,
        validate_webapp,
        validate_tfnapp,
        validate_variables,
    ]


def validate_pyproject_toml(context: dict[str, Any]) -> ValidationResult:
    """Check ``pyproject.toml``, licence and source code; the classes go to the context as ``extension_classes``."""
    result, project = _check(context, "pyproject", "licence", "loading", "applications", "code")
    classes = {application.entry.name: application.cls for application in project.applications}
    result.context = {**context, "extension_classes": classes}
    return result


def validate_extension_json(context: dict[str, Any]) -> ValidationResult:
    """Check ``extension.json``; its content and path go to the context as ``descriptor``, ``extension_json_file``."""
    result, project = _check(context, "descriptor")
    found = [item for item in descriptor.read_descriptors(project).values() if isinstance(item, Descriptor)]
    result.context = dict(context)
    if found:
        result.context["descriptor"] = dict(found[0].content)
        result.context["extension_json_file"] = str(found[0].path or FILE_NAME)
    return result


def validate_docker_compose_yml(context: dict[str, Any]) -> ValidationResult:
    """Check the compose file and the Dockerfiles."""
    return _check(context, "containers")[0]


def validate_eventsapp(context: dict[str, Any]) -> ValidationResult:
    """Check the events application."""
    return _check(context, "events")[0]


def validate_anvilapp(context: dict[str, Any]) -> ValidationResult:
    """Check the Anvil application."""
    return _check(context, "anvil")[0]


def validate_webapp(context: dict[str, Any]) -> ValidationResult:
    """Check the web application."""
    return _check(context, "web")[0]


def validate_tfnapp(context: dict[str, Any]) -> ValidationResult:
    """Check the transformations application."""
    return _check(context, "transformations")[0]


def validate_variables(context: dict[str, Any]) -> ValidationResult:
    """Check the variables of all applications."""
    return _check(context, "variables")[0]


def _check(context: dict[str, Any], *subjects: str) -> tuple[ValidationResult, Project]:
    project = Project(Path(context["project_dir"]), _definitions(context.get("event_definitions")))
    if "pyproject" not in subjects:
        # What the first validator has said already.
        for name in ("pyproject", "loading"):
            list(SUBJECTS[name](project))
    findings = [finding for name in subjects for finding in SUBJECTS[name](project)]
    report = make_report(project.root, findings, project.files)
    result = ValidationResult(must_exit=any(item.rule in _STOPPING for item in report.errors))
    for item in report.items:
        frame = item.frame
        result.items.append(
            ValidationItem(
                level="ERROR" if item.level == ERROR else "WARNING",
                message=f"{item.heading}: {item.message} {item.fix}",
                file=str(project.root / item.file) if item.file is not None else None,
                start_line=frame.start_line if frame is not None else None,
                lineno=item.line,
                code="\n".join(frame.lines) if frame is not None else None,
            )
        )
    return result, project


def _definitions(given: Any) -> dict[str, EventType] | None:
    if not given:
        return None
    items = [item if isinstance(item, dict) else vars(item) for item in given.values()]
    return read_definitions(items)
