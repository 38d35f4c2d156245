"""Where the files of a project name the SDK's version, and putting another one there: nothing else in them changes.

Each function takes the text of a file and returns it with the new version.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, Final

from connect_cli_ext.project.requirement import (
    DISTRIBUTION,
    bumped_poetry,
    bumped_requirement,
    same_version,
    versions_in,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "PUBLIC_IMAGE",
    "TOMLDecodeError",
    "build_arguments",
    "in_compose",
    "in_constraints",
    "in_dockerfile",
    "in_pyproject",
    "sdk_requirements",
]

TOMLDecodeError = tomllib.TOMLDecodeError
"""What is raised for a text that is no TOML; a kind of ValueError."""

PUBLIC_IMAGE: Final = "connect-extension-runner"
"""The image of the public runner, which has versions of its own."""

_DEPENDENCY: Final = re.compile(rf"(?<![\w./-]){DISTRIBUTION}\s*(?:\[[^\]]*\])?\s*(?:[=~<>!]=?[^\s\"';#]*)+")
_BY_ARGUMENT: Final = re.compile(rf"(?<![\w./-]){DISTRIBUTION}\s*(?:\[[^\]]*\])?\s*[=~]=\s*\$\{{?(\w+)", re.IGNORECASE)
_IMAGE_BY_ARGUMENT: Final = re.compile(rf"(?<![\w-])(?:{DISTRIBUTION}|{PUBLIC_IMAGE}):\$\{{?(\w+)")
_TOML_TOKEN: Final = re.compile(
    r"(?P<comment>\#[^\n]*)|(?P<long>\"{3}.*?\"{3}|'{3}.*?'{3})|\"(?P<basic>(?:\\.|[^\"\\\n])*)\"|'(?P<plain>[^'\n]*)'",
    re.DOTALL,
)
_POETRY_LINE: Final = re.compile(
    rf"^(?P<head>[ \t]*[\"']?{DISTRIBUTION}[\"']?[ \t]*=[ \t]*)(?P<value>[^\n]*)", re.MULTILINE
)
_INLINE_VERSION: Final = re.compile(r"(?P<head>\bversion\s*=\s*[\"'])(?P<version>[^\"']*)")


def _image(name: str) -> re.Pattern[str]:
    # The tag may be the default of a variable, and may name a variant after the version: 1.2.0-slim.
    return re.compile(
        rf"(?P<head>(?<![\w-]){name}:(?:\$\{{\w+:?-)?)(?P<version>\d[\w.]*)(?=[-}}@\s\"']|$)", re.MULTILINE
    )


def in_pyproject(text: str, version: str) -> str:
    """Return a ``pyproject.toml`` whose dependencies are on ``version``: PEP 621, groups, and Poetry's tables.

    Raises:
        TOMLDecodeError: it is no TOML.
        ValueError: the requirement is written in a way that cannot be edited.
    """
    document = tomllib.loads(text)
    wanted = {found: bumped_requirement(found, version) for found in _requirements(document)}

    def token(match: re.Match[str]) -> str:
        for kind in ("basic", "plain"):
            content = match[kind]
            if content is not None and content in wanted:
                start, end = match.span(kind)
                offset = match.start()
                return match[0][: start - offset] + wanted[content] + match[0][end - offset :]
        return match[0]

    edited = _TOML_TOKEN.sub(token, text)
    if _poetry_tables(document):
        edited = _POETRY_LINE.sub(lambda match: _poetry_line(match, version), edited)
    # Whatever the text looks like: only what was meant has changed, or nothing has.
    if tomllib.loads(edited) != _expected(document, version):
        raise ValueError(
            f"the requirement on {DISTRIBUTION} is written in a way that cannot be edited; change it by hand"
        )
    return edited


def sdk_requirements(text: str) -> list[str]:
    """Return the version constraints on the SDK in a ``pyproject.toml``, each once; empty text where any will do.

    Raises:
        ValueError: it is no TOML.
    """
    document = tomllib.loads(text)
    found = [versions_in(item) for item in _requirements(document)]
    for table in _poetry_tables(document):
        value = table[DISTRIBUTION]
        found.append(str(value.get("version", "")) if isinstance(value, dict) else str(value))
    return list(dict.fromkeys(item for item in found if item is not None))


def _requirements(document: dict[str, Any]) -> Iterator[str]:
    for items in _requirement_lists(document):
        yield from (item for item in items if isinstance(item, str))


def _requirement_lists(document: dict[str, Any]) -> Iterator[list[Any]]:
    project = document.get("project")
    groups: list[Any] = [document.get("dependency-groups")]
    if isinstance(project, dict):
        groups.append({"": project.get("dependencies")})
        groups.append(project.get("optional-dependencies"))
    for group in groups:
        for items in group.values() if isinstance(group, dict) else ():
            if isinstance(items, list):
                yield items


def _poetry_tables(document: dict[str, Any]) -> list[dict[str, Any]]:
    tool = document.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    if not isinstance(poetry, dict):
        return []
    groups = poetry.get("group")
    tables = [poetry.get("dependencies"), poetry.get("dev-dependencies")]
    tables += [
        group.get("dependencies")
        for group in (groups.values() if isinstance(groups, dict) else ())
        if isinstance(group, dict)
    ]
    return [table for table in tables if isinstance(table, dict) and DISTRIBUTION in table]


def _poetry_line(match: re.Match[str], version: str) -> str:
    value = match["value"]
    if value.startswith(("'", '"')):
        quote = value[0]
        inner, closing, rest = value[1:].partition(quote)
        return f"{match['head']}{quote}{bumped_poetry(inner, version)}{closing}{rest}"
    if value.startswith("{"):
        return match["head"] + _INLINE_VERSION.sub(
            lambda found: found["head"] + bumped_poetry(found["version"], version), value, count=1
        )
    return match[0]


def _expected(document: dict[str, Any], version: str) -> dict[str, Any]:
    for items in _requirement_lists(document):
        items[:] = [bumped_requirement(item, version) if isinstance(item, str) else item for item in items]
    for table in _poetry_tables(document):
        value = table[DISTRIBUTION]
        if isinstance(value, str):
            table[DISTRIBUTION] = bumped_poetry(value, version)
        elif isinstance(value, dict) and isinstance(value.get("version"), str):
            value["version"] = bumped_poetry(value["version"], version)
    return document


def in_constraints(text: str, version: str) -> str:
    """Return a ``constraints.txt`` or requirements file with ``version``."""
    return "".join(
        line if line.lstrip().startswith("#") else _requirement_line(line, version) for line in text.splitlines(True)
    )


def _requirement_line(line: str, version: str) -> str:
    body = line.rstrip("\r\n")
    return bumped_requirement(body, version) + line[len(body) :]


def build_arguments(dockerfile: str) -> frozenset[str]:
    """Return the names of the build arguments that hold the SDK's version."""
    code = "".join(line for line in dockerfile.splitlines(True) if not line.lstrip().startswith("#"))
    return frozenset(_BY_ARGUMENT.findall(code))


def in_dockerfile(text: str, version: str, runner: str | None = None) -> str:
    """Return a Dockerfile with ``version`` in images of the SDK, in ``pip install``, and in build arguments for it.

    ``runner`` is the tag for images of the public runner; None leaves them.
    """
    arguments = build_arguments(text)
    runner_arguments = frozenset(_IMAGE_BY_ARGUMENT.findall(text))
    return "".join(
        line if line.lstrip().startswith("#") else _docker_line(line, version, runner, arguments, runner_arguments)
        for line in text.splitlines(True)
    )


def _docker_line(
    line: str, version: str, runner: str | None, arguments: frozenset[str], image_arguments: frozenset[str]
) -> str:
    line = _images(line, version, runner)
    line = _DEPENDENCY.sub(lambda match: bumped_requirement(match[0], version), line)
    for name in arguments - image_arguments:
        line = _argument(line, name, version)
    return line


def _images(line: str, version: str, runner: str | None) -> str:
    line = _image(DISTRIBUTION).sub(lambda match: _tagged(match, version), line)
    if runner is not None:
        line = _image(PUBLIC_IMAGE).sub(lambda match: _tagged(match, runner), line)
    return line


def _tagged(match: re.Match[str], version: str) -> str:
    # What is pinned by its digest is that image, whatever its tag says.
    if match.string[match.end() :].startswith("@") or same_version(match["version"], version):
        return match[0]
    return match["head"] + version


def _argument(line: str, name: str, version: str) -> str:
    pattern = re.compile(rf"(?P<head>(?<![\w$]){name}\s*[=:]\s*[\"']?)(?P<version>\d[\w.]*)")
    return pattern.sub(lambda match: match["head"] + _kept(match["version"], version), line)


def _kept(old: str, version: str) -> str:
    return old if same_version(old, version) else version


def in_compose(text: str, version: str, runner: str | None = None, arguments: frozenset[str] = frozenset()) -> str:
    """Return a compose file with ``version`` in the tags of the SDK's images and in the build ``arguments`` for it."""
    lines: list[str] = []
    for line in text.splitlines(True):
        if not line.lstrip().startswith("#"):
            line = _images(line, version, runner)
            for name in arguments:
                line = _argument(line, name, version)
        lines.append(line)
    return "".join(lines)
