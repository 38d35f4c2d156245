"""The matrix of answers: all combinations that the wizard allows, and a selection that has every pair of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rendered_projects import LICENSES, SOURCE, events_of

__all__ = ["ALL", "PAIRWISE", "TYPES", "answers_of", "pairs_of"]

Choice = Mapping[str, str]

_AXES: Final[Mapping[str, tuple[str, ...]]] = {
    "extension_type": tuple(SOURCE["extension_type"]),
    "events": ("none", "usual", "all", "scheduled"),
    "anvil": ("n", "y"),
    "webapp": ("n", "y"),
    "tfnapp": ("n", "y"),
    "webapp_supports_ui": ("n", "y"),
    "use_asyncio": ("n", "y"),
    "use_github_actions": ("n", "y"),
    "include_variables_example": ("n", "y"),
    "license": tuple(LICENSES),
}
_INSTALLED: Final = ("multiaccount", "transformations")


def _is_possible(choice: Choice) -> bool:
    """The rules of the wizard's steps 14 to 18 (reference/cli.md 4.3)."""
    kind = choice["extension_type"]
    chosen = {name for name in ("anvil", "webapp", "tfnapp") if choice[name] == "y"}
    if choice["events"] != "none":
        chosen.add("events")
    if not chosen or any(kind not in SOURCE["_applications"][name] for name in chosen):
        return False
    with_pages = choice["webapp_supports_ui"] == "y"
    if kind == "transformations" and not (with_pages and {"webapp", "tfnapp"} <= chosen):
        return False
    return not with_pages or ("webapp" in chosen and kind in _INSTALLED)


def _possible() -> Iterator[Choice]:
    for values in itertools.product(*_AXES.values()):
        choice = dict(zip(_AXES, values, strict=True))
        if _is_possible(choice):
            yield choice


def pairs_of(choice: Choice) -> set[tuple[tuple[str, str], ...]]:
    """The pairs of two answers in a choice."""
    return set(itertools.combinations(sorted(choice.items()), 2))


def _pairwise(choices: list[Choice]) -> list[Choice]:
    """Take the choice with the most pairs that were not seen yet, until all have been."""
    pairs = [pairs_of(choice) for choice in choices]
    missing = set().union(*pairs)
    found = []
    while missing:
        best = max(range(len(choices)), key=lambda number: len(pairs[number] & missing))
        missing -= pairs[best]
        found.append(choices[best])
    return found


_EVERY: Final = list(_possible())
ALL: Final = [choice for choice in _EVERY if choice["events"] in ("none", "all")]
"""Types × applications × pages × asyncio × CI × variables × licences; where there are events, all of the type."""

PAIRWISE: Final = _pairwise(_EVERY)
"""Each two answers that can occur together do so in one of these, also with few events and with schedules alone."""

TYPES: Final = list({choice["extension_type"]: choice for choice in ALL}.values())
"""One of each type, with everything that it can have."""


def answers_of(choice: Choice) -> dict[str, Any]:
    """The template's answers that a choice stands for."""
    kind = choice["extension_type"]
    features = ["events"] if choice["events"] != "none" else []
    features += [name for name in ("anvil", "webapp", "tfnapp") if choice[name] == "y"]
    answers: dict[str, Any] = {name: choice[name] for name in choice if name in SOURCE}
    answers["application_types"] = ",".join(features)
    if choice["events"] == "scheduled":
        answers["event_types"] = "scheduled"
    elif choice["events"] == "all":
        answers.update({name: ",".join(events_of(name, kind)) for name in ("background", "interactive")})
    return answers
