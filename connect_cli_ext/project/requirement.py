"""Requirements on the SDK, and the version in them."""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "DISTRIBUTION",
    "admits",
    "bumped_poetry",
    "bumped_requirement",
    "is_version",
    "same_version",
    "versions_in",
]

DISTRIBUTION: Final = "connect-extension-sdk"
_NAME: Final = r"connect[-_.]extension[-_.]sdk"
_REQUIREMENT: Final = re.compile(
    rf"(?P<head>\s*{_NAME}\s*(?:\[[^\]]*\])?\s*\(?\s*)(?P<clauses>[^;)#@]*?)(?P<tail>\s*\)?\s*(?:[;#].*)?)",
    re.IGNORECASE | re.DOTALL,
)
_CLAUSE: Final = re.compile(
    r"(?P<operator>===|==|~=|>=|<=|!=|<|>|\^|~)?(?P<space>\s*)(?P<version>v?\d[\w!+-]*(?:\.[\w!+-]+)*(?:\.\*)?)"
)
_VERSION: Final = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9.]+)?")


def is_version(text: str) -> bool:
    """Whether ``text`` is a version such as ``1.2.0`` or ``2.0rc1``."""
    return _VERSION.fullmatch(text) is not None


def same_version(one: str, other: str) -> bool:
    """Whether two versions are equal; ``1.0`` and ``1.0.0`` are."""
    return _parts(one) == _parts(other)


def _parts(version: str) -> tuple[tuple[int, ...], str]:
    match = re.fullmatch(r"v?((?:\d+\.)*\d+)(.*)", version.strip())
    if match is None:
        return (), version
    release = [int(number) for number in match[1].split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    return tuple(release), match[2]


def versions_in(requirement: str) -> str | None:
    """Return the versions that a requirement on the SDK admits, as text; None if it is on something else."""
    match = _REQUIREMENT.fullmatch(requirement)
    return match["clauses"].strip() if match is not None else None


def admits(versions: str, version: str) -> bool:
    """Whether a constraint such as ``>=0.1,<0.2`` or ``^0.1`` admits ``version``; one that nobody understands does."""
    from poetry.core.constraints.version import Version, parse_constraint

    try:
        return parse_constraint(versions or "*").allows(Version.parse(version))
    except ValueError:
        return True


def bumped_requirement(text: str, version: str) -> str:
    """Return the requirement ``text`` for ``version``: as it was, if it is none on the SDK or names no version.

    The lower or exact version becomes ``version``. An upper bound that shuts it out moves to the next release of its
    own precision: ``>=0.1,<0.2`` for 0.2.1 is ``>=0.2.1,<0.3``.
    """
    match = _REQUIREMENT.fullmatch(text)
    if match is None or not match["clauses"].strip():
        return text
    return f"{match['head']}{_bumped_clauses(match['clauses'], version)}{match['tail']}"


def bumped_poetry(text: str, version: str) -> str:
    """Return the version constraint ``text`` of Poetry (``^0.1``, ``0.1.0``, ``>=0.1,<0.2``, ``*``) for ``version``."""
    return _bumped_clauses(text, version)


def _bumped_clauses(text: str, version: str) -> str:
    if not all(_CLAUSE.fullmatch(clause.strip()) for clause in text.split(",")):
        return text
    return _CLAUSE.sub(lambda match: _bumped_clause(match, version), text)


def _bumped_clause(match: re.Match[str], version: str) -> str:
    operator, old = match["operator"] or "", match["version"]
    if operator == "!=":
        return match[0]
    if operator in ("<", "<="):
        release = _parts(version)[0]
        limit = _parts(old)[0]
        shut_out = release >= limit if operator == "<" else release > limit
        return f"{operator}{match['space']}{_after(version, old, operator)}" if shut_out else match[0]
    if old.endswith(".*"):
        precision = len(old.split(".")) - 1
        new = ".".join((*_padded(version, precision), "*"))
        return f"{operator}{match['space']}{new}"
    if operator == ">":
        operator = ">="
    if operator == "~=" and "." not in version:
        version = f"{version}.0"
    return f"{operator}{match['space']}{old if same_version(old, version) else version}"


def _padded(version: str, precision: int) -> list[str]:
    release = [str(number) for number in _parts(version)[0]]
    return [*release, *["0"] * precision][:precision]


def _after(version: str, old: str, operator: str) -> str:
    if operator == "<=":
        return version
    precision = max(1, len(old.split(".")))
    numbers = [int(number) for number in _padded(version, precision)]
    # `<2.0.0` means the next major one, so the trailing zeros of the old bound stay zeros.
    kept = max(1, len(_parts(old)[0]))
    numbers[kept - 1] += 1
    return ".".join(str(number) if index < kept else "0" for index, number in enumerate(numbers))
