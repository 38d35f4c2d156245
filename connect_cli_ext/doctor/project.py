"""Checks of a project: whether it fits the SDK that is installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version as installed_version
from pathlib import Path

from connect_cli_ext.doctor.check import Check, fail, ok, warn
from connect_cli_ext.errors import CommandError
from connect_cli_ext.project.contents import files_of
from connect_cli_ext.project.existing import open_project
from connect_cli_ext.project.marker import MARKER, read_marker
from connect_cli_ext.project.pins import sdk_requirements
from connect_cli_ext.project.requirement import DISTRIBUTION, admits
from connect_cli_ext.project.undecided import undecided

__all__ = ["check_project"]


def check_project(project: Path) -> Iterator[Check]:
    """Yield whether the project can be read and wants the SDK that is installed."""
    try:
        found = open_project(project)
    except CommandError as error:
        yield fail("project", error.message, "'ccli project extension validate' tells more")
        return
    yield ok("project", f"{project.resolve().name}: {', '.join(found.applications)}")
    yield _sdk(project)
    yield from _merges(project)


def _merges(project: Path) -> Iterator[Check]:
    marker = read_marker(project)
    if marker is None:
        if (project / MARKER).exists():
            advice = "bring it back from a commit; without it 'update' cannot tell your changes from the template's"
            yield fail("template", f"{project / MARKER} cannot be read", advice)
        return
    try:
        left = [f"{item.path} ({item.note})" for item in undecided(dict(files_of(project)), marker.files)]
    except CommandError as error:
        yield fail("merges", error.message, "make it readable for you")
        return
    if left:
        yield fail("merges", "; ".join(left), "keep what you want in each place, and take the marks away")


def _sdk(project: Path) -> Check:
    installed = installed_version(DISTRIBUTION)
    wanted = sdk_requirements((project / "pyproject.toml").read_text(encoding="utf-8"))
    if not wanted:
        return warn("SDK", f"{installed}; the project does not depend on it", f"add {DISTRIBUTION} to its dependencies")
    refused = [requirement for requirement in wanted if not admits(requirement, installed)]
    if refused:
        return fail(
            "SDK",
            f"{installed}, but the project wants {', '.join(refused)}",
            "install that, or put the project on the installed one: 'ccli project extension bump'",
        )
    marker = read_marker(project)
    if marker is not None and marker.version != installed:
        return warn(
            "SDK",
            f"{installed}; the project was made by {marker.version}",
            "see what is new: 'ccli project extension update --check'",
        )
    return ok("SDK", installed)
