"""Validation of drafts: the extension is asked while the customer waits.

A validation that fails, crashes or does not answer in time lets the request pass (``reference/websocket-protocol.md``
6.2), so nothing here is an error of the caller.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import anyio.to_thread

from connect_devops.sandbox import parameters
from connect_devops.sandbox.kinds import ASSET_REQUESTS, TIER_CONFIG_REQUESTS, Kind
from connect_devops.sandbox.paths import value_at
from connect_devops.sandbox.world import World
from connect_devops.services.interactive import InteractiveResult, NoAnswerError, NotConnectedError
from connect_eaas.events import CATALOGUE

__all__ = ["VALIDATED_STATUSES", "Validated", "validate"]

VALIDATED_STATUSES: Final = frozenset({"draft", "inquiring"})
"""Statuses in which a customer fills in the request (``reference/event-types.md`` section 2)."""

_PARAMS: Final[Mapping[str, str]] = {
    ASSET_REQUESTS.collection: "asset.params",
    TIER_CONFIG_REQUESTS.collection: "params",
}
_TIER_CONFIG_TYPES: Final[Mapping[str, str]] = {"setup": "setup", "update": "change", "change": "change"}

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Validated:
    """A request after its validation. ``task_id`` is None if no runner was there to ask."""

    request: dict[str, Any]
    task_id: str | None = None


async def validate(world: World, kind: Kind, request: dict[str, Any], *, extension_id: str | None = None) -> Validated:
    """Ask the extension about a draft: the one that is named, or the first one of its product that answers.

    Returns:
        the request with the values and errors of parameters that the extension answered, saved; the request as it was
        if nobody validates it or the validation failed.
    """
    event_type = _event_type(kind, request)
    if event_type is None or request.get("status") not in VALIDATED_STATUSES:
        return Validated(request)
    answer = await _ask(world, kind, request, event_type, extension_id)
    if answer is None:
        return Validated(request)
    params = _answered_params(kind, answer.output.data) if answer.output.result == "success" else None
    if params is None:
        return Validated(request, answer.task_id)
    changed = await anyio.to_thread.run_sync(_take_over, world, kind, str(request["id"]), params)
    return Validated(changed, answer.task_id)


def _event_type(kind: Kind, request: Mapping[str, Any]) -> str | None:
    if kind is ASSET_REQUESTS:
        event_type = f"asset_{request.get('type')}_request_validation"
    else:
        event_type = f"tier_config_{_TIER_CONFIG_TYPES.get(str(request.get('type')))}_request_validation"
    return event_type if event_type in CATALOGUE else None


async def _ask(
    world: World, kind: Kind, request: dict[str, Any], event_type: str, extension_id: str | None
) -> InteractiveResult | None:
    def subscribers() -> list[str]:
        found = world.services.events.subscribers(
            event_type,
            status=kind.status_of(request),
            product_id=kind.product_of(request),
            extension_id=extension_id,
        )
        return [environment.id for environment in found]

    for environment_id in await anyio.to_thread.run_sync(subscribers):
        try:
            return await world.services.interactive.call(
                environment_id, event_type, str(request["id"]), copy.deepcopy(request)
            )
        except NotConnectedError:  # noqa: PERF203 - three environments at most
            continue
        except NoAnswerError:
            _logger.warning("validation not answered in time object=%s event=%s", request["id"], event_type)
            return None
    return None


def _answered_params(kind: Kind, data: Any) -> Any:
    if not isinstance(data, Mapping):
        return None
    status = data.get("http_status", 200)
    if isinstance(status, int) and status >= 500:
        return None
    return value_at(data.get("body"), _PARAMS[kind.collection])


def _take_over(world: World, kind: Kind, object_id: str, answered: Any) -> dict[str, Any]:
    with world.services.store.transaction():
        request = world.get(kind, object_id)
        params = value_at(request, _PARAMS[kind.collection])
        # The request may have moved on while the extension thought; then its answer is about the past.
        current = request.get("status") in VALIDATED_STATUSES and isinstance(params, list)
        if current and parameters.take_errors(params, answered):
            # No event: whoever hears of drafts would validate what was validated.
            world.store(kind, request)
        return request
