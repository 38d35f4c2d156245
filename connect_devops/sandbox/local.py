"""``POST /devops/local/trigger``: make something happen. Ours, for the command line: the real platform has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import anyio.to_thread

from connect_devops.domain.errors import RuleError, ValidationError
from connect_devops.sandbox import body, custom_events, kinds, product_actions
from connect_devops.sandbox.endpoints import Call
from connect_devops.sandbox.errors import BadAnswerError
from connect_devops.sandbox.own_events import OWN_EVENTS, Wish
from connect_devops.sandbox.samples import Sample, create_sample
from connect_devops.sandbox.samples.create import concerned_extensions
from connect_devops.sandbox.settings_offer import SettingsOffer, offer_settings
from connect_devops.sandbox.transformations import TRANSFORMATIONS, Meant, without_settings
from connect_devops.sandbox.validation import validate
from connect_devops.services.interactive import NoAnswerError, NotConnectedError
from connect_devops.services.queue import Submission

__all__ = ["trigger"]

_ACTION: Final = "action_id"
_SETTINGS: Final = ("transformation.settings", "transformation.columns")


async def trigger(call: Call) -> dict[str, Any]:
    """Make a sample object, or take in the one in the body, and tell the extensions.

    The body: ``event_type``, and optionally ``payload``, ``status``, ``set`` (values by dotted paths),
    ``extension_id``, ``seed``, and for product actions ``execute``. The answer: ``object``, ``tasks`` (``id``,
    ``event_type``, ``object_id``, ``status``, ``output``, ``environment``, ``created``), ``notes``; for product actions
    also ``link``, for custom events and executed actions ``answer``.

    Raises:
        ValidationError: a field is wrong; NotFoundError: there is no such extension; for custom events also what
            ``InteractiveCalls.call`` raises.
    """
    event_type = body.text(call.body, "event_type", required=True) or ""
    overrides = call.body.get("set")
    if overrides is not None and not isinstance(overrides, dict):
        raise ValidationError.of("set", "This field must be an object of values by dotted paths.")
    if event_type == custom_events.EVENT_TYPE:
        return await _custom_event(call, overrides or {})
    if event_type in OWN_EVENTS:
        return await anyio.to_thread.run_sync(_own_event, call, event_type, overrides or {})
    seed = call.body.get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise ValidationError.of("seed", "This field must be a whole number.")
    action_id = None
    if event_type == product_actions.EVENT_TYPE and overrides and _ACTION in overrides:
        action_id = str(overrides[_ACTION])
        overrides = {path: value for path, value in overrides.items() if path != _ACTION}
    offer = await _offered_settings(call, event_type, overrides or {})
    if offer is not None:
        overrides = {**(overrides or {}), **offer.changes}
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
    if offer is not None:
        sample = replace(sample, notes=(*sample.notes, offer.note))
    if event_type.endswith("_validation"):
        return await _validated(call, sample)
    if event_type == product_actions.EVENT_TYPE:
        return await _action(call, sample, action_id)
    return _described(sample)


async def _offered_settings(call: Call, event_type: str, changes: Mapping[str, Any]) -> SettingsOffer | None:
    """Make settings for a transformation that has none; what somebody gives is left to them."""
    given = any(path == "transformation" or path.startswith(_SETTINGS) for path in changes)
    if event_type not in TRANSFORMATIONS or call.body.get("payload") is not None or given:
        return None
    method = changes.get("transformation.method")
    extension_id = body.text(call.body, "extension_id")

    def find() -> Meant | None:
        extensions = concerned_extensions(call.world, event_type, extension_id)
        return without_settings(call.world, method if isinstance(method, str) else None, extensions)

    meant = await anyio.to_thread.run_sync(find)
    return None if meant is None else await offer_settings(call.world, meant)


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
            "output": submission.task.output,
            "environment": {"id": submission.task.environment_id, "type": submission.task.environment_type},
            "created": submission.created,
        }
        for submission in submissions
    ]


async def _validated(call: Call, sample: Sample) -> dict[str, Any]:
    extension_id = body.text(call.body, "extension_id")
    validated = await validate(call.world, sample.kind, sample.object, extension_id=extension_id)
    described = _described(Sample(validated.request, sample.kind, sample.tasks, sample.notes))
    if validated.task_id is None:
        described["notes"].append("Not validated: no connected extension validates this.")
    else:
        described["tasks"].append(await _task(call, validated.task_id))
    return described


async def _task(call: Call, task_id: str) -> dict[str, Any]:
    task = await anyio.to_thread.run_sync(call.world.services.queue.get, task_id)
    (shown,) = _shown([Submission(task, True)])
    return shown


async def _action(call: Call, sample: Sample, action_id: str | None) -> dict[str, Any]:
    described, token = await anyio.to_thread.run_sync(_with_link, call, sample, action_id)
    if token is None or call.body.get("execute") is not True:
        return described
    try:
        result = await product_actions.execute(call.world, token)
    except (NotConnectedError, NoAnswerError) as error:
        described["notes"].append(f"Not executed: {error}")
        return described
    described["tasks"].append(await _task(call, result.task_id))
    described["answer"] = result.output.data
    try:
        product_actions.refuse_permanent(result)
    except BadAnswerError as error:
        described["notes"].append(str(error))
    return described


def _with_link(call: Call, sample: Sample, action_id: str | None) -> tuple[dict[str, Any], str | None]:
    product_id = kinds.ASSETS.product_of(sample.object) or ""
    actions = call.world.objects.all(kinds.PRODUCT_ACTIONS.collection, parent_id=product_id)
    possible = [action for action in actions if action.get("scope") == "asset"]
    wanted = [action for action in possible if action_id in (None, action["id"], action.get("action"))]
    if not possible:
        return _without_link(sample, f"{product_id} has no actions for assets."), None
    if not wanted:
        names = ", ".join(str(action.get("action")) for action in possible)
        raise ValidationError.of(f"set.{_ACTION}", f"{product_id} has no such action for assets (there are: {names}).")
    base = str(call.request.base_url).rstrip("/")
    query = {"asset_id": str(sample.object["id"])}
    extension_id = body.text(call.body, "extension_id")
    try:
        token = product_actions.link_token(
            call.world, product_id, wanted[0]["id"], query, f"{base}/public/v1", extension_id=extension_id
        )
    except RuleError as error:
        return _without_link(sample, str(error)), None
    return _described(sample, link=f"{base}{product_actions.LINK_PATH}/{token}"), token


def _without_link(sample: Sample, cause: str) -> dict[str, Any]:
    described = _described(sample, link=None)
    described["notes"].append(f"No link: {cause}")
    return described


async def _custom_event(call: Call, changes: dict[str, Any]) -> dict[str, Any]:
    if body.text(call.body, "status") is not None:
        raise ValidationError.of("status", f"{custom_events.EVENT_TYPE} has no statuses.")
    events = custom_events.CustomEvents(call.world)
    extension_id = body.text(call.body, "extension_id")
    environment_id, product_id = await anyio.to_thread.run_sync(events.target, extension_id)
    event = events.event(product_id, call.body.get("payload"), changes)
    result = await events.send(environment_id, product_id, event)
    return {"object": event, "tasks": [await _task(call, result.task_id)], "notes": [], "answer": result.output.data}
