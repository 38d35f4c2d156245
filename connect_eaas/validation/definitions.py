"""Event definitions in the platform's own words: what ``GET devops/event-definitions`` answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from connect_eaas.events import Category, EventType, ExtensionType

__all__ = ["read_definitions"]


def read_definitions(items: object) -> dict[str, EventType]:
    """Read a list of definitions; those of one type for several extension types are merged.

    Fields: ``type``, ``category``, ``object_statuses``, ``extension_type``, ``group``, ``name``
    (reference/cli.md 4.2).

    Raises:
        ValueError: it is not such a list; the text says which item is wrong.
    """
    if not isinstance(items, list):
        raise ValueError("expected a list of event definitions")
    found: dict[str, EventType] = {}
    for number, item in enumerate(items, 1):
        if not isinstance(item, Mapping) or not isinstance(item.get("type"), str):
            raise ValueError(f"definition {number}: expected an object with 'type'")
        category, statuses = item.get("category"), item.get("object_statuses") or []
        if category not in get_args(Category):
            raise ValueError(f"definition {number} ({item['type']}): unknown category {category!r}")
        if not isinstance(statuses, list) or not all(isinstance(status, str) for status in statuses):
            raise ValueError(f"definition {number} ({item['type']}): 'object_statuses' must be a list of texts")
        found[item["type"]] = _merged(found.get(item["type"]), item, cast("Category", category), statuses)
    return found


def _merged(known: EventType | None, item: Mapping[str, Any], category: Category, statuses: list[str]) -> EventType:
    types = item.get("extension_type")
    listed = [types] if isinstance(types, str) else types if isinstance(types, list) else []
    extension_types = [kind for kind in listed if kind in get_args(ExtensionType)]
    return EventType(
        type=item["type"],
        category=category,
        group=str(item.get("group") or ""),
        name=str(item.get("name") or item["type"]),
        description=str(item.get("description") or ""),
        statuses=tuple(dict.fromkeys([*(known.statuses if known else ()), *statuses])),
        extension_types=tuple(
            dict.fromkeys([*(known.extension_types if known else ()), *cast("list[ExtensionType]", extension_types)])
        ),
    )
