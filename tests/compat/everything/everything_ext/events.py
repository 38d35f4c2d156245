"""An extension with a handler for every event of its type; each keeps the object that it was given, and is done."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connect_eaas import BackgroundResponse, EventsApplicationBase, InteractiveResponse, event
from connect_eaas.events import CATALOGUE


def keep(event_type: str, argument: Any) -> None:
    """Write the argument where the test looks for it."""
    file = Path(os.environ["EVERYTHING_DIR"]) / f"{event_type}.json"
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(argument))
    fresh.replace(file)


def background(event_type: str) -> Callable[..., BackgroundResponse]:
    def handle(self: EventsApplicationBase, request: dict[str, Any]) -> BackgroundResponse:
        keep(event_type, request)
        return BackgroundResponse.done()

    return handle


def interactive(event_type: str) -> Callable[..., InteractiveResponse]:
    def handle(self: EventsApplicationBase, request: dict[str, Any]) -> InteractiveResponse:
        keep(event_type, request)
        return InteractiveResponse.done(body=request)

    return handle


def handlers() -> dict[str, Any]:
    """A decorated method for each event that concerns extensions of products."""
    found: dict[str, Any] = {}
    for definition in CATALOGUE.values():
        if "products" not in definition.extension_types or definition.category not in ("background", "interactive"):
            continue
        make = background if definition.category == "background" else interactive
        method = make(definition.type)
        method.__name__ = f"handle_{definition.type}"
        found[method.__name__] = event(definition.type, statuses=list(definition.statuses))(method)
    return found


EverythingApplication = type("EverythingApplication", (EventsApplicationBase,), {**handlers(), "__module__": __name__})
