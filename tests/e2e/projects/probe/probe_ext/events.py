"""An extension whose handlers do what the object's note says."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from connect_eaas import (
    BackgroundResponse,
    EventsApplicationBase,
    InteractiveResponse,
    ScheduledExecutionResponse,
    event,
    schedulable,
    variables,
)
from probe_ext.telling import tell, wait_at_the_gate

VERSION = "ONE"
PUT_OFF: set[str] = set()
"""Requests that this process has put off already: once is enough."""


@variables([{"name": "COLOUR", "initial_value": "red"}, {"name": "PASSWORD", "initial_value": "", "secure": True}])
class ProbeApplication(EventsApplicationBase):
    """One handler a category; the first word of the note is the instruction, the others are its arguments."""

    @classmethod
    def on_startup(cls, logger: logging.Logger, config: dict[str, Any]) -> None:
        tell(hook="startup", colour=config.get("COLOUR"))

    @classmethod
    def on_shutdown(cls, logger: logging.Logger, config: dict[str, Any]) -> None:
        tell(hook="shutdown")

    @event("asset_purchase_request_processing", statuses=["pending"])
    def purchase(self, request: dict[str, Any]) -> BackgroundResponse:
        word, _, argument = request["note"].partition(" ")
        tell(
            began=request["id"],
            word=word,
            version=VERSION,
            colour=self.config.get("COLOUR"),
            password_length=len(self.config.get("PASSWORD") or ""),
            level=logging.getLogger("eaas.eventsapp").getEffectiveLevel(),
        )
        self.logger.debug("a word for developers about %s", request["id"])
        if word == "raise" and self.config["COLOUR"] != "green":
            raise RuntimeError(argument)
        if word in ("reschedule", "slow") and request["id"] not in PUT_OFF:
            PUT_OFF.add(request["id"])
            if word == "slow":
                return BackgroundResponse.slow_process_reschedule(int(argument))
            return BackgroundResponse.reschedule(int(argument))
        if word == "fail":
            return BackgroundResponse.fail(argument)
        if word == "skip":
            return BackgroundResponse.skip(argument)
        if word == "hold" and not os.environ.get("PROBE_IGNORES_THE_GATE"):
            wait_at_the_gate()
        if word == "secret":
            self.logger.warning("Authorization: %s", self.config["PASSWORD"])
            self.client.requests[request["id"]].get()
        tell(ended=request["id"], version=VERSION)
        return BackgroundResponse.done()

    @event("asset_purchase_request_validation", statuses=["draft", "inquiring"])
    def validate(self, request: dict[str, Any]) -> InteractiveResponse:
        word = request["note"].partition(" ")[0]
        if word == "raise":
            raise RuntimeError("on purpose")
        if word == "hang":
            threading.Event().wait()
        if word == "fail":
            return InteractiveResponse.fail(body=request)
        for parameter in request["asset"]["params"]:
            if parameter["id"] == "admin_email":
                parameter["value_error"] = "The probe does not like it."
        return InteractiveResponse.done(body=request)

    @event("product_action_execution")
    def act(self, request: dict[str, Any]) -> InteractiveResponse:
        status = int(self.config["COLOUR"]) if self.config["COLOUR"].isdigit() else 302
        return InteractiveResponse.done(http_status=status, headers={"Location": "https://example.org/there"})

    @event("product_custom_event_processing")
    def custom(self, request: dict[str, Any]) -> InteractiveResponse:
        word = (request["body"] or {}).get("word")
        if word == "raise":
            raise RuntimeError("on purpose")
        if word == "hang":
            threading.Event().wait()
        return InteractiveResponse.done(body={"heard": word})

    @schedulable("Probe", "Tells that it ran.")
    def scheduled(self, schedule: dict[str, Any]) -> ScheduledExecutionResponse:
        if (schedule.get("parameter") or {}).get("hold"):
            wait_at_the_gate()
        tell(scheduled=schedule["id"])
        return ScheduledExecutionResponse.done()
