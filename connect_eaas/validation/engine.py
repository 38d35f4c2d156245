"""Validates a project: one subject after the other, each with what the earlier ones found out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from connect_eaas.declarations import Declarations
from connect_eaas.errors import DeclarationError
from connect_eaas.events import EventType
from connect_eaas.validation import (
    anvil,
    code,
    containers,
    descriptor,
    events,
    licence,
    loading,
    pyproject,
    transformations,
    variables,
    web,
)
from connect_eaas.validation.project import Application, Project
from connect_eaas.validation.report import Report, make_report
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Place, Rule

__all__ = ["FILES", "RULES", "RUNNER", "SUBJECTS", "validate_files", "validate_project"]

Check = Callable[[Project], Iterable[Finding]]

ENDED: Final = Rule(
    "IMP001", ERROR, "the extension ended the check",
    "Importing the project's modules ended the process in which they were imported, so nothing that they declare "
    "could be looked at. It would end the runner in the same way.",
    "Do nothing at import that ends the process; the message says how it ended.",
)  # fmt: skip
TOO_LONG: Final = Rule(
    "IMP002", ERROR, "importing the extension takes too long",
    "The runner waits for it at each start.",
    "Move what takes long from the modules' top level into handlers or on_startup.",
)  # fmt: skip
NO_SDK: Final = Rule(
    "IMP003", WARNING, "the project's own Python does not have this SDK",
    "The project was checked with another Python instead, which may lack its dependencies.",
    "Install the project in its environment, or choose a Python with --python.",
)  # fmt: skip
WRONG_HOOK: Final = Rule(
    "APP001", WARNING, "a hook is no class method",
    "on_startup and on_shutdown are called on the class; others are ignored.",
    "Decorate the hook with @classmethod.",
)  # fmt: skip
REFUSED: Final = Rule(
    "APP002", ERROR, "the runner refuses the application",
    "What it declares cannot be understood, so cextrun does not start.",
    "Correct what the message names.",
)  # fmt: skip
UNFINISHED: Final = Rule(
    "APP003", ERROR, "a check could not be finished",
    "The extension's own code raised an error while it was asked what it declares.",
    "Correct the code that the message names.",
    blocks=False,
)  # fmt: skip


def _applications(project: Project) -> Iterator[Finding]:
    """Check what all kinds of applications have in common."""
    for application in project.applications:
        for hook in ("on_startup", "on_shutdown"):
            attribute = inspect.getattr_static(application.cls, hook, None)
            if attribute is not None and not isinstance(attribute, classmethod):
                yield WRONG_HOOK.broken(
                    f"{application.cls.__qualname__}.{hook}", project.place_of_method(application.cls, hook)
                )


_OWN_RULES: Final = (ENDED, TOO_LONG, NO_SDK, WRONG_HOOK, REFUSED, UNFINISHED)

SUBJECTS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "pyproject": pyproject.check,
        "licence": licence.check,
        "containers": containers.check,
        "loading": loading.check,
        "applications": _applications,
        "descriptor": descriptor.check,
        "events": events.check,
        "anvil": anvil.check,
        "web": web.check,
        "transformations": transformations.check,
        "variables": variables.check,
        "code": code.check,
    }
)
"""The subjects in their order; each needs ``pyproject`` before it, those from ``applications`` on ``loading`` too."""

FILES: Final = ("pyproject", "licence", "containers", "code")
"""Subjects that import nothing of the project."""

RUNNER: Final = tuple(name for name in SUBJECTS if name not in ("licence", "containers"))
"""Subjects that matter to a runner at its start."""

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        rule.id: rule
        for rules in (
            pyproject.RULES, loading.RULES, licence.RULES, descriptor.RULES, containers.RULES, _OWN_RULES, events.RULES,
            anvil.RULES, web.RULES, transformations.RULES, variables.RULES, code.RULES,
        )
        for rule in sorted(rules, key=lambda item: item.id)
    }
)  # fmt: skip
"""Every rule by its id."""


def validate_project(
    root: Path,
    *,
    definitions: Mapping[str, EventType] | None = None,
    subjects: Iterable[str] | None = None,
    notes: Iterable[Finding] = (),
) -> Report:
    """Validate a project, importing its applications into this process.

    Args:
        root: the project's directory; it is put at the front of ``sys.path``.
        definitions: event types by name, for example the platform's; the SDK's catalogue if left out.
        subjects: names of ``SUBJECTS``; all if left out.
        notes: findings that are known already.
    """
    project = Project(root, definitions)
    findings = [*notes]
    chosen = list(SUBJECTS if subjects is None else subjects)
    for name, check in SUBJECTS.items():
        if name in chosen:
            findings += _guarded(name, check, project)
    if "loading" in chosen:
        for application in project.applications:
            findings += _refusals(project, application, findings)
    imported = {finding.place for finding in findings if finding.rule is loading.NOT_IMPORTED}
    # What could not be imported because it cannot be parsed is said once.
    findings = [item for item in findings if item.rule is not code.NOT_PYTHON or item.place not in imported]
    return make_report(project.root, findings, project.files)


def validate_files(root: Path, *, notes: Iterable[Finding] = ()) -> Report:
    """Validate the files of a project without importing anything of it; ``notes`` are findings known already."""
    return validate_project(root, subjects=FILES, notes=notes)


def _guarded(name: str, check: Check, project: Project) -> list[Finding]:
    findings: list[Finding] = []
    try:
        findings.extend(check(project))
    except (Exception, SystemExit) as error:  # the author's own methods and classes are called
        findings.append(UNFINISHED.broken(f"{name}: {type(error).__name__}: {error}", _origin(project, error)))
    return findings


def _origin(project: Project, error: BaseException) -> Place | None:
    place, trace = None, error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(project.root):
            place = Place(path, trace.tb_lineno)
        trace = trace.tb_next
    return place


def _refusals(project: Project, application: Application, findings: list[Finding]) -> Iterator[Finding]:
    """Yield what the runner itself refuses and no rule has said: it has the last word."""
    cls = application.cls
    said = {finding.place for finding in findings if finding.level == ERROR}
    unplaced = {finding.rule.id[:3] for finding in findings if finding.level == ERROR}
    bases = {"EVT002", "WEB001", "ANV001", "TFN001"}
    try:
        _, problems = Declarations.inspect(cls)
    except DeclarationError as error:
        if not any(finding.rule.id in bases or finding.rule is descriptor.NOT_JSON for finding in findings):
            for problem in error.problems:
                yield REFUSED.broken(str(problem), project.place_of_class(cls))
        return
    except Exception as error:  # the author's own methods are called
        yield UNFINISHED.broken(f"{type(error).__name__}: {error}", _origin(project, error))
        return
    for problem in problems:
        place = Place(problem.file, problem.line) if problem.file is not None else None
        about_variables = "variable" in problem.message and "VAR" in unplaced
        if place in said or about_variables:
            continue
        yield REFUSED.broken(str(problem), place)
