"""Looks at one extension project, in a process of its own: ``python -m connect_cli_ext.project.inspection DIR REPORT``.

The extension's modules are imported for it, so what they do, print or leave behind must not touch `ccli`.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from connect_eaas.declarations import Declarations
from connect_eaas.errors import DeclarationError, Problem
from connect_eaas.runner.errors import ExtensionError
from connect_eaas.runner.extension import EntryPoints, find_entry_points, load_application

__all__ = ["Finding", "inspect_project"]


@dataclass(frozen=True)
class Finding:
    """Something about a project that its author should know.

    Args:
        level: an error keeps the extension from running as it is meant to, a warning does not.
        message: what is wrong and what to do.
        file: where, relative to the project if it is inside.
        line: where in the file, from 1.
    """

    level: Literal["error", "warning"]
    message: str
    file: str | None = None
    line: int | None = None


def inspect_project(project: Path) -> list[Finding]:
    """Import the project's applications and return what is wrong with what they declare."""
    if not (project / "pyproject.toml").is_file():
        return [Finding("error", "is missing: this is no extension project", "pyproject.toml")]
    try:
        points = find_entry_points(project)
    except ExtensionError as error:
        return [Finding("error", str(error), "pyproject.toml")]
    if points.source != str(project / "pyproject.toml"):
        return [Finding("error", "has no entry point in the group 'connect.eaas.ext'", "pyproject.toml")]
    findings: list[Finding] = []
    for kind, reference in points.applications.items():
        findings += _application(project, points, kind, reference)
    return findings


def _application(project: Path, points: EntryPoints, kind: str, reference: str) -> list[Finding]:
    try:
        application = load_application(kind, reference, source="pyproject.toml")
        declared, problems = Declarations.inspect(application)
    except ExtensionError as error:
        return [Finding("error", str(error))]
    except DeclarationError as error:
        return [_finding(project, problem) for problem in error.problems]
    findings = [_finding(project, problem) for problem in problems]
    if declared.kind != kind:
        findings.append(
            Finding(
                "error",
                f"the entry point '{kind}' names {reference}, which is an application of the kind '{declared.kind}'",
                "pyproject.toml",
            )
        )
    if declared.descriptor.path is None:
        findings.append(Finding("error", f"extension.json is missing beside the module of {reference}"))
    findings += [Finding("warning", sentence) for sentence in declared.deprecations]
    return findings


def _finding(project: Path, problem: Problem) -> Finding:
    subject = ".".join(part for part in (problem.class_name, problem.method) if part)
    message = f"{subject}: {problem.message}" if subject else problem.message
    file = None
    if problem.file is not None:
        inside = problem.file.is_relative_to(project)
        file = str(problem.file.relative_to(project) if inside else problem.file)
    return Finding("error", message, file, problem.line)


def main(project: str, report: str) -> None:
    """Inspect ``project`` and write the findings to ``report`` as JSON."""
    folder = Path(project).resolve()
    os.chdir(folder)
    findings = inspect_project(folder)
    Path(report).write_text(json.dumps([asdict(finding) for finding in findings]), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
