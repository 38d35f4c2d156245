"""Custom events by hand: calls of the kind that external systems send to an extension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connect_devops.domain.errors import ValidationError
from connect_devops.sandbox.choosing import chosen_environment
from connect_devops.sandbox.paths import set_value
from connect_devops.sandbox.world import World
from connect_devops.services.interactive import InteractiveResult

__all__ = ["EVENT_TYPE", "CustomEvents"]

EVENT_TYPE: Final = "product_custom_event_processing"
_TEXTS: Final = ("method", "querystring")
_OBJECTS: Final = ("headers", "form_data")


class CustomEvents:
    """Sends custom events past their hook: no token is needed, whoever triggers has a key of the platform."""

    def __init__(self, world: World) -> None:
        self._world = world

    def target(self, extension_id: str | None) -> tuple[str, str]:
        """The environment that is told, and the product that the event is about.

        Raises:
            NotFoundError: there is no such extension; RuleError: none or several extensions handle custom events.
        """
        environment = chosen_environment(
            self._world, EVENT_TYPE, extension_id, lambda one: EVENT_TYPE in one.declared.event_subscriptions
        )
        extension = self._world.services.extensions.get(environment.extension_id)
        return environment.id, extension.products[0].id if extension.products else extension.id

    def event(self, product_id: str, payload: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The call as a handler gets it.

        Args:
            product_id: the product, for the sample.
            payload: the body; None for a sample of one.
            changes: values by dotted paths in the body, with or without a leading ``body``; the names of the other
                parts of a call (``method``, ``headers``, ``querystring``, ``form_data``) lead there.

        Raises:
            ValidationError: a path leads nowhere, or a part of the call is of the wrong type.
        """
        event: dict[str, Any] = {
            "method": "POST",
            "headers": {"content-type": "application/json"},
            "querystring": "",
            "body": self._sample(product_id) if payload is None else payload,
            "form_data": None,
        }
        if payload is None and any(path.partition(".")[0] == "form_data" for path in changes):
            event |= {"body": None, "headers": {"content-type": "application/x-www-form-urlencoded"}}
        for path, value in changes.items():
            inside = path.partition(".")[0] in event
            set_value(event, path if inside else f"body.{path}", value)
        for names, type_, shown in ((_TEXTS, str, "a text"), (_OBJECTS, (dict, type(None)), "an object")):
            for name in names:
                if not isinstance(event[name], type_):
                    raise ValidationError.of(f"set.{name}", f"This field must be {shown}.")
        return event

    async def send(self, environment_id: str, product_id: str, event: Mapping[str, Any]) -> InteractiveResult:
        """Call the extension; raises what ``InteractiveCalls.call`` raises."""
        return await self._world.services.interactive.call(environment_id, EVENT_TYPE, product_id, dict(event))

    def _sample(self, product_id: str) -> dict[str, Any]:
        return {
            "event": "sample",
            "id": self._world.services.ids.uuid(),
            "created": self._world.now(),
            "product": {"id": product_id},
        }
