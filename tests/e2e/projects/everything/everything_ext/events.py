"""A handler for every event of the catalogue that an extension of this type can hear of, in every status."""

from __future__ import annotations

import os
from typing import Any

from connect_eaas import (
    BackgroundResponse,
    CustomEventResponse,
    EventsApplicationBase,
    InteractiveResponse,
    ProductActionResponse,
    ScheduledExecutionResponse,
    ValidationResponse,
    event,
    schedulable,
)
from connect_eaas.events import CATALOGUE


class Everything(EventsApplicationBase):
    @schedulable("Count", "Counts.")
    def count(self, schedule: dict[str, Any]) -> ScheduledExecutionResponse:
        assert schedule["method"] == "count", schedule
        return ScheduledExecutionResponse.done()


def add_handler(event_type: str) -> None:
    """Give the application a handler that looks whether its argument is what the event is about."""
    known = CATALOGUE[event_type]

    def handle(self: Any, request: dict[str, Any]) -> BackgroundResponse | InteractiveResponse:
        if event_type == "product_action_execution":
            assert request["jwt_payload"]["asset_id"].startswith("AS-"), request
            return ProductActionResponse.done(http_status=200, body="seen")
        if event_type == "product_custom_event_processing":
            return CustomEventResponse.done(http_status=200, body={"seen": request["body"]})
        if known.statuses:
            assert request[known.status_field] in known.statuses, request
        if known.category == "interactive":
            return ValidationResponse.done(request)
        assert request["id"], request
        return BackgroundResponse.done()

    handle.__name__ = f"handle_{event_type}"
    setattr(Everything, handle.__name__, event(event_type, statuses=list(known.statuses))(handle))


for one in CATALOGUE.values():
    if one.category in ("background", "interactive") and os.environ["EVERYTHING_FOR"] in one.extension_types:
        add_handler(one.type)
