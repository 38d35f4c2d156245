"""``POST /devops/local/trigger``: make something happen. Ours, for the command line: the real platform has none."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

import anyio.to_thread

from connect_devops.domain.errors import RuleError, ValidationError
from connect_devops.sandbox import body, kinds, product_actions
from connect_devops.sandbox.endpoints import Call
from connect_devops.sandbox.own_events import OWN_EVENTS, Wish
from connect_devops.sandbox.samples import Sample, create_sample
from connect_devops.sandbox.validation import validate
from connect_devops.sandbox.world import World
from connect_devops.services.queue import Submission

__all__ = ["trigger"]

_CUSTOM_EVENT: Final = "product_custom_event_processing"


async def trigger(call: Call) -> dict[str, Any]:
    """Make a sample object, or take in the one in the body, and tell the extensions.

    The body: ``event_type``, and optionally ``payload``, ``status``, ``set`` (values by dotted paths),
    ``extension_id``, ``seed``. The answer: ``object``, ``tasks`` (``id``, ``event_type``, ``object_id``, ``status``,
    ``environment``, ``created``), ``notes``; for product actions also ``link``, for custom events ``answer``.

    Raises:
        ValidationError: a field is wrong; NotFoundError: there is no such extension; for custom events also what
            ``InteractiveCalls.call`` raises.
    """
    event_type = body.text(call.body, "event_type", required=True) or ""
    overrides = call.body.get("set")
    if overrides is not None and not isinstance(overrides, dict):
        raise ValidationError.of("set", "This field must be an object of values by dotted paths.")
    if event_type == _CUSTOM_EVENT:
        return await _custom_event(call)
    if event_type in OWN_EVENTS:
        return await anyio.to_thread.run_sync(_own_event, call, event_type, overrides or {})
    seed = call.body.get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise ValidationError.of("seed", "This field must be a whole number.")
    sample = await anyio.to_thread.run_sync(
        partial(
            create_sample,
            call.world,
            event_type,
            status=body.text(call.body, "status"),
            overrides=overrides,
            payload=call.body.get("payload"),
            extension_id=body.text(call.body, "extension_id"),
            seed=seed,
        )
    )
    if event_type.endswith("_validation"):
        return await _validated(call.world, sample)
    if event_type == product_actions.EVENT_TYPE:
        return await anyio.to_thread.run_sync(_with_link, call, sample)
    return _described(sample)


def _own_event(call: Call, event_type: str, changes: dict[str, Any]) -> dict[str, Any]:
    if call.body.get("payload") is not None:
        raise ValidationError.of("payload", f"{event_type} is about an object of the platform's own; it takes none in.")
    wish = Wish(body.text(call.body, "status"), changes, body.text(call.body, "extension_id"))
    happened = OWN_EVENTS[event_type](call.world, wish)
    return {"object": happened.object, "tasks": _shown(happened.tasks), "notes": list(happened.notes)}


def _described(sample: Sample, **further: Any) -> dict[str, Any]:
    return {"object": sample.object, "tasks": _shown(sample.tasks), "notes": list(sample.notes), **further}


def _shown(submissions: Iterable[Submission]) -> list[dict[str, Any]]:
    return [
        {
            "id": submission.task.id,
            "event_type": submission.task.event_type,
            "object_id": submission.task.object_id,
            "status": submission.task.status,
            "environment": {"id": submission.task.environment_id, "type": submission.task.environment_type},
            "created": submission.created,
        }
        for submission in submissions
    ]


async def _validated(world: World, sample: Sample) -> dict[str, Any]:
    validated = await validate(world, sample.kind, sample.object)
    described = _described(Sample(validated.request, sample.kind, sample.tasks, sample.notes))
    if validated.task_id is None:
        described["notes"].append("Not validated: no connected extension validates this.")
        return described
    task = await anyio.to_thread.run_sync(world.services.queue.get, validated.task_id)
    described["tasks"].append(
        {
            "id": task.id,
            "event_type": task.event_type,
            "object_id": task.object_id,
            "status": task.status,
            "environment": {"id": task.environment_id, "type": task.environment_type},
            "created": True,
        }
    )
    return described


def _with_link(call: Call, sample: Sample) -> dict[str, Any]:
    product_id = kinds.ASSETS.product_of(sample.object) or ""
    actions = call.world.objects.all(kinds.PRODUCT_ACTIONS.collection, parent_id=product_id)
    wanted = [action for action in actions if action.get("scope") == "asset"]
    if not wanted:
        return _without_link(sample, f"{product_id} has no actions for assets.")
    base = str(call.request.base_url).rstrip("/")
    query = {"asset_id": str(sample.object["id"])}
    try:
        token = product_actions.link_token(call.world, product_id, wanted[0]["id"], query, f"{base}/public/v1")
    except RuleError as error:
        return _without_link(sample, str(error))
    return _described(sample, link=f"{base}{product_actions.LINK_PATH}/{token}")


def _without_link(sample: Sample, cause: str) -> dict[str, Any]:
    described = _described(sample, link=None)
    described["notes"].append(f"No link: {cause}")
    return described


async def _custom_event(call: Call) -> dict[str, Any]:
    """Send a custom event past the hook: no token is needed, whoever triggers has a key of the platform."""
    event = {
        "method": "POST",
        "headers": {"content-type": "application/json"},
        "querystring": "",
        "body": call.body.get("payload"),
        "form_data": None,
    }

    def target() -> tuple[str, str]:
        extension_id = body.text(call.body, "extension_id")
        environments = call.world.services.events.subscribers(_CUSTOM_EVENT, extension_id=extension_id)
        if not environments:
            raise RuleError(f"event_type: no extension handles {_CUSTOM_EVENT}; start its runner first.")
        extension = call.world.services.extensions.get(environments[0].extension_id)
        product_id = extension.products[0].id if extension.products else extension.id
        return environments[0].id, product_id

    environment_id, product_id = await anyio.to_thread.run_sync(target)
    result = await call.world.services.interactive.call(environment_id, _CUSTOM_EVENT, product_id, event)
    return {
        "object": event,
        "tasks": [
            {
                "id": result.task_id,
                "event_type": _CUSTOM_EVENT,
                "object_id": product_id,
                "status": "succeeded" if result.output.result == "success" else "failed",
                "environment": {"id": environment_id},
                "created": True,
            }
        ],
        "notes": [],
        "answer": result.output.data,
    }
