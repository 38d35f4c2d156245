"""Makes sample objects for an event, or takes in real ones, and tells the extensions that subscribed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Final

from connect_devops.domain.errors import ValidationError
from connect_devops.sandbox import assets, kinds, product_actions, tier_config_requests, transformations
from connect_devops.sandbox.choosing import CONNECTED
from connect_devops.sandbox.kinds import Kind
from connect_devops.sandbox.samples import others, support
from connect_devops.sandbox.samples import transformations as transformation_samples
from connect_devops.sandbox.samples.asset_requests import active_asset, asset_request
from connect_devops.sandbox.samples.changes import apply_changes
from connect_devops.sandbox.samples.imports import check_payload, remember_parts
from connect_devops.sandbox.samples.scene import Scene
from connect_devops.sandbox.samples.words import Words
from connect_devops.sandbox.world import World
from connect_devops.services.extensions import Extension, Reference
from connect_devops.services.queue import Submission
from connect_eaas.events import CATALOGUE

__all__ = ["EVENTS", "Sample", "concerned_extensions", "create_sample"]

Build = Callable[[World, Scene, Words, str], dict[str, Any]]


@dataclass(frozen=True)
class Recipe:
    """How to make the object of an event: its kind, its type, its usual status, and the statuses it can have."""

    kind: Kind
    type: str | None
    status: str
    build: Build

    @property
    def status_field(self) -> str:
        """The property that holds the status."""
        return self.kind.status_field


@dataclass(frozen=True)
class Sample:
    """An object that was stored, and the tasks that it made.

    ``notes`` say why somebody who might have expected a task gets none.
    """

    object: dict[str, Any]
    kind: Kind
    tasks: tuple[Submission, ...] = ()
    notes: tuple[str, ...] = field(default=())


def _request(kind: str, status: str = "pending") -> Recipe:
    return Recipe(
        kinds.ASSET_REQUESTS,
        kind,
        status,
        lambda world, scene, words, status: asset_request(world, scene, words, kind, status),
    )


def _tier_config(kind: str, status: str = "pending") -> Recipe:
    return Recipe(
        kinds.TIER_CONFIG_REQUESTS,
        kind,
        status,
        lambda world, scene, words, status: others.tier_config_request(world, scene, words, kind, status),
    )


def _listing(kind: str) -> Recipe:
    return Recipe(
        kinds.LISTING_REQUESTS,
        kind,
        "deploying",
        lambda world, scene, words, status: others.listing_request(world, scene, words, kind, status),
    )


def _product(world: World, scene: Scene, words: Words, status: str) -> dict[str, Any]:
    return {**scene.product, "status": status}


EVENTS: Final[Mapping[str, Recipe]] = {
    **{f"asset_{kind}_request_processing": _request(kind) for kind in assets.REQUEST_TYPES},
    **{
        f"asset_{kind}_request_validation": _request(kind, "draft")
        for kind in ("purchase", "change", "renew", "transfer")
    },
    "tier_config_setup_request_processing": _tier_config("setup"),
    "tier_config_change_request_processing": _tier_config("update"),
    "tier_config_adjustment_request_processing": _tier_config("adjustment"),
    "tier_config_setup_request_validation": _tier_config("setup", "draft"),
    "tier_config_change_request_validation": _tier_config("update", "draft"),
    "listing_new_request_processing": _listing("new"),
    "listing_remove_request_processing": _listing("remove"),
    "listing_request_processing": _listing("new"),
    "listing_processing": Recipe(kinds.LISTINGS, None, "listed", others.listing),
    "tier_account_update_request_processing": Recipe(
        kinds.TIER_ACCOUNT_REQUESTS, "update", "pending", others.tier_account_request
    ),
    "usage_file_request_processing": Recipe(kinds.USAGE_FILES, None, "ready", others.usage_file),
    "part_usage_file_request_processing": Recipe(kinds.USAGE_CHUNKS, None, "ready", others.usage_chunk),
    "translation_change": Recipe(kinds.TRANSLATIONS, None, "active", support.translation),
    "helpdesk_case_processing": Recipe(kinds.HELPDESK_CASES, None, "pending", support.helpdesk_case),
    "product_changed": Recipe(kinds.PRODUCTS, None, "published", _product),
    "billing_transformation_request": Recipe(
        kinds.BILLING_REQUESTS, None, "pending", transformation_samples.billing_request
    ),
    "pricing_transformation_request": Recipe(
        kinds.PRICING_REQUESTS, None, "pending", transformation_samples.pricing_request
    ),
    "product_action_execution": Recipe(
        kinds.ASSETS, None, "active", lambda world, scene, words, _: active_asset(world, scene, words)
    ),
}
"""Events that the sandbox can make an object for."""


def create_sample(
    world: World,
    event_type: str,
    *,
    status: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    payload: Any = None,
    extension_id: str | None = None,
    seed: int | None = None,
) -> Sample:
    """Store an object of an event, with everything it refers to, and publish the event; all of it or nothing.

    Args:
        world: the sandbox.
        event_type: which event; one of ``EVENTS``.
        status: the object's status; by default the payload's, or one that the extension subscribed to.
        overrides: values by dotted paths, set last. In a list a step is a position or the id of an element; a
            parameter that is missing is added.
        payload: a real object to take in as it is (its ids are kept), instead of an invented one. Only the letter
            case of its status is made that of the event's definition.
        extension_id: only this extension is told; by default all that subscribed.
        seed: makes the same object again (on an empty sandbox, at the same time).

    Raises:
        ValidationError: the event, the status, a path or the payload is wrong; the field is named.
        NotFoundError: there is no such extension.
    """
    recipe = EVENTS.get(event_type)
    if recipe is None:
        near = get_close_matches(event_type, CATALOGUE) or sorted(CATALOGUE)
        raise ValidationError.of("event_type", f"There is no event '{event_type}'. Possible: {', '.join(near)}.")
    with world.services.store.transaction():
        extensions = concerned_extensions(world, event_type, extension_id)
        words = Words(seed if seed is not None else int(world.services.ids.uuid().replace("-", ""), 16))
        if payload is not None:
            doc = check_payload(payload, recipe.kind, recipe.type, CATALOGUE[event_type])
            _check_status(event_type, recipe, status)
            if status is not None:
                doc[recipe.status_field] = status
            notes = _override(doc, recipe, event_type, overrides)
            remember_parts(world, recipe.kind, doc)
        else:
            chosen = status or _usual_status(extensions, event_type, recipe)
            _check_status(event_type, recipe, chosen)
            first = extensions[0] if extensions else None
            doc = recipe.build(world, Scene.of(world, first, words), words, chosen)
            notes = _override(doc, recipe, event_type, overrides)
        sample = _publish(world, recipe, event_type, doc, extensions, extension_id, given=payload is not None)
        notes += _several_told(world, sample.tasks)
        return replace(sample, notes=(*notes, *sample.notes))


def _publish(
    world: World,
    recipe: Recipe,
    event_type: str,
    doc: dict[str, Any],
    extensions: list[Extension],
    extension_id: str | None,
    *,
    given: bool,
) -> Sample:
    kind = recipe.kind
    if kind in transformations.REQUESTS:
        submissions, remarks = transformations.start(world, kind, doc, extensions, event_type)
        return Sample(copy.deepcopy(doc), kind, tuple(submissions), tuple(remarks))
    if not given:
        if kind is kinds.ASSET_REQUESTS:
            before = doc["asset"].get("status")
            assets.follow(world, doc)
            if before not in ("processing", "active", "suspended"):
                doc["asset"]["status"] = before  # set on purpose by an override
        elif kind is kinds.TIER_CONFIG_REQUESTS:
            tier_config_requests.follow(world, doc)
    world.store(kind, doc)
    notes = _link_product(world, kind, doc, extensions)
    tasks = world.publish(kind, doc, extension_id=extension_id)
    background = event_type in CATALOGUE and CATALOGUE[event_type].category == "background"
    if not tasks and background:
        notes.append(_why_nobody(world, extensions, event_type, kind.status_of(doc)))
    return Sample(copy.deepcopy(doc), kind, tuple(tasks), tuple(notes))


def concerned_extensions(world: World, event_type: str, extension_id: str | None) -> list[Extension]:
    """The extension that is meant, or all that may hear of the event; those that subscribed come first."""
    if extension_id is not None:
        return [world.services.extensions.get(extension_id)]
    possible = [
        extension
        for extension in world.services.extensions.page().items
        if extension.type in CATALOGUE[event_type].extension_types
    ]
    return sorted(possible, key=lambda extension: not _subscriptions(extension, event_type))


def _subscriptions(extension: Extension, event_type: str) -> list[tuple[str, ...]]:
    return [
        environment.declared.event_subscriptions[event_type]
        for environment in extension.environments.values()
        if event_type in environment.declared.event_subscriptions
    ]


def _usual_status(extensions: list[Extension], event_type: str, recipe: Recipe) -> str:
    for extension in extensions:
        for statuses in _subscriptions(extension, event_type):
            if statuses and recipe.status not in statuses:
                return statuses[0]
            return recipe.status
    return recipe.status


def _check_status(event_type: str, recipe: Recipe, status: str | None) -> None:
    possible = CATALOGUE[event_type].statuses
    if status is not None and event_type == product_actions.EVENT_TYPE and status != recipe.status:
        raise ValidationError.of("status", f"{event_type} has no statuses; its asset is {recipe.status}.")
    if status is not None and possible and status not in possible:
        raise ValidationError.of(
            "status", f"'{status}' is no status of {event_type} (possible: {', '.join(possible)})."
        )


def _override(doc: dict[str, Any], recipe: Recipe, event_type: str, overrides: Mapping[str, Any] | None) -> list[str]:
    # A product action carries the asset's id alone, so a field that no asset has would reach nobody.
    only_known = "an asset" if event_type == product_actions.EVENT_TYPE else ""
    notes = apply_changes(doc, overrides or {}, only_known=only_known)
    if not isinstance(doc.get("id"), str) or not doc["id"]:
        raise ValidationError.of("id", "This field must be a text that is not empty.")
    _check_status(event_type, recipe, recipe.kind.status_of(doc))
    return notes


def _several_told(world: World, tasks: Sequence[Submission]) -> list[str]:
    environments = {submission.task.environment_id for submission in tasks}
    told = sorted({world.services.environments.get(one).extension_id for one in environments})
    if len(told) < 2:
        return []
    return [f"{len(told)} extensions are told: {', '.join(told)}; choose one with 'extension_id' (-x)."]


def _link_product(world: World, kind: Kind, doc: dict[str, Any], extensions: list[Extension]) -> list[str]:
    """Let the extensions serve the object's product, so that they hear of it."""
    product_id, hub_id = kind.product_of(doc), world.hub_of(kind, doc)
    notes: list[str] = []
    for extension in extensions:
        if extension.type == "products" and product_id is not None:
            if product_id not in {product.id for product in extension.products}:
                known = world.find(kinds.PRODUCTS, product_id) or {}
                name = str(known.get("name") or product_id)
                world.services.extensions.add_product(extension.id, Reference(product_id, name))
                notes.append(f"{extension.id} serves the product {product_id} from now on.")
        elif extension.type == "hub" and extension.hub is not None and hub_id != extension.hub.id:
            notes.append(f"{extension.id} is for the hub {extension.hub.id}; the object belongs to {hub_id or 'none'}.")
    return notes


def _why_nobody(world: World, extensions: list[Extension], event_type: str, status: str | None) -> str:
    if not extensions:
        return f"No task: there is no extension that {event_type} concerns."
    types = CATALOGUE[event_type].extension_types
    if not any(one.type in types for one in extensions):
        return (
            f"No task: {event_type} is an event for extensions of the types {', '.join(types)}; "
            f"{extensions[0].id} is one of the type {extensions[0].type}."
        )
    subscribed = [statuses for extension in extensions for statuses in _subscriptions(extension, event_type)]
    if not subscribed:
        if len(extensions) > 1:
            return (
                f"No task: no extension subscribed to {event_type}; a subscription is known once its runner connected."
            )
        connected = any(one.status in CONNECTED for one in extensions[0].environments.values())
        add = f"add one with 'ccli project extension add event {event_type}'"
        why = (
            f"it is connected, so it has no handler: {add}" if connected else "that is known once its runner connected"
        )
        return f"No task: {extensions[0].id} has not subscribed to {event_type}; {why}."
    if any(not statuses or status in statuses for statuses in subscribed):
        idle = [one.id for one in extensions if one.type == "multiaccount" and not _is_installed(world, one)]
        if idle:
            return (
                f"No task: no account has installed {', '.join(idle)}; install it with "
                "'ccli devops install' in the folder of its project."
            )
        return f"No task: {event_type} is subscribed, but the object does not concern those who subscribed."
    shown = ", ".join(sorted({one for statuses in subscribed for one in statuses}))
    return f"No task: {event_type} is subscribed with other statuses ({shown}) than {status}."


def _is_installed(world: World, extension: Extension) -> bool:
    present = world.services.installations.page(extension_id=extension.id).items
    return any(one.status == "installed" for one in present)
