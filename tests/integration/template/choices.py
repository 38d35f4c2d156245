"""The answers whose projects the tests of the template look into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from matrix import PAIRWISE, answers_of
from rendered_projects import SOURCE, events_of, handler_kind

_NAMED: dict[str, dict[str, Any]] = {
    "defaults": {},
    "other-names": {
        "use_asyncio": "y",
        "event_types": "background",
        "include_variables_example": "y",
        "package_name": "zebra",
        "project_slug": "Seats-2.go",
    },
    "long-names": {
        "extension_type": "multiaccount",
        "application_types": "events,anvil,webapp",
        "package_name": "p" * 64,
        "project_slug": "s" * 64,
    },
    "lists": {
        "background": {"values": list(reversed(events_of("background", "products")))},
        "interactive": {"values": list(reversed(events_of("interactive", "products")))},
    },
}


def _one_event_of_each_kind() -> Iterator[tuple[str, dict[str, Any]]]:
    seen = set()
    for extension_type in SOURCE["extension_type"]:
        for category in ("background", "interactive"):
            for event in events_of(category, extension_type):
                kind = handler_kind(event, extension_type)
                if kind in seen:
                    continue
                seen.add(kind)
                answers = {"extension_type": extension_type, "event_types": category, category: event}
                name = f"only-{kind}"
                yield name, {**answers, "application_types": "events", "use_asyncio": "y" if len(name) % 2 else "n"}


ONE_EVENT = dict(_one_event_of_each_kind())
"""One event of each kind of handler."""

CHOICES: dict[str, dict[str, Any]] = {
    **_NAMED,
    **{f"pairwise-{number}": answers_of(choice) for number, choice in enumerate(PAIRWISE, 1)},
    **ONE_EVENT,
}
