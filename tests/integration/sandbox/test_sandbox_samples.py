"""Samples of every event, and real objects taken in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connect_devops.domain.errors import NotFoundError, ValidationError
from connect_devops.sandbox import EVENTS, World, create_sample, kinds
from connect_devops.services.extensions import Extension, Reference
from connect_eaas.events import CATALOGUE
from connect_eaas.protocol.messages import SetupRequest

_PAYLOADS = next(
    (found for parent in Path(__file__).parents[3:] if (found := parent / "shared/reference/payloads").is_dir()), None
)
PRODUCT = "PRD-100-200-300"
_ASSET = {"id": "AS-1", "product": {"id": "PRD-1"}}
_BACKGROUND = sorted(
    name
    for name in EVENTS
    if CATALOGUE[name].category == "background" and "products" in CATALOGUE[name].extension_types
)


@pytest.mark.parametrize("event_type", _BACKGROUND)
def test_every_event_has_a_sample_that_makes_a_task(world: World, extension: Extension, event_type: str) -> None:
    sample = create_sample(world, event_type)
    assert [one.task.event_type for one in sample.tasks] == [event_type]
    assert sample.tasks[0].task.object_id == sample.object["id"]
    assert sample.kind.status_of(sample.object) in CATALOGUE[event_type].statuses
    assert world.get(sample.kind, sample.object["id"]) == sample.object


def test_every_status_of_every_event_can_be_made(world: World, extension: Extension) -> None:
    for event_type in _BACKGROUND:
        for status in CATALOGUE[event_type].statuses:
            sample = create_sample(world, event_type, status=status)
            assert sample.kind.status_of(sample.object) == status, event_type
            assert len(sample.tasks) == 1, (event_type, status)


def test_interactive_samples_are_drafts_and_make_no_background_task_of_another_kind(world: World) -> None:
    for event_type in EVENTS:
        if event_type.endswith("_validation"):
            assert create_sample(world, event_type).object["status"] == "draft"


def test_the_same_seed_makes_the_same_object(world: World) -> None:
    seen: list[dict[str, Any]] = []

    def make_and_undo() -> None:
        with world.services.store.transaction():
            seen.append(create_sample(world, "asset_purchase_request_processing", seed=5).object)
            raise ArithmeticError

    for _ in range(2):
        with pytest.raises(ArithmeticError):
            make_and_undo()
    assert seen[0] == seen[1]
    assert create_sample(world, "asset_purchase_request_processing", seed=6).object["id"] != seen[0]["id"]


def test_samples_of_one_product_play_in_one_setting(world: World, extension: Extension) -> None:
    first = create_sample(world, "asset_purchase_request_processing").object
    second = create_sample(world, "tier_config_setup_request_processing").object
    assert first["asset"]["product"]["id"] == extension.products[0].id == second["configuration"]["product"]["id"]
    assert first["asset"]["connection"] == second["configuration"]["connection"]
    assert len(world.objects.all("connections")) == 1


def test_values_are_set_by_paths(world: World) -> None:
    sample = create_sample(
        world,
        "asset_purchase_request_processing",
        overrides={"asset.params.admin_email.value": "set@example.com", "asset.items.0.quantity": "9", "note": "Hi"},
    )
    stored = world.get(kinds.ASSET_REQUESTS, sample.object["id"])
    assert stored["note"] == "Hi"
    assert stored["asset"]["items"][0]["quantity"] == "9"
    assert {one["id"]: one["value"] for one in stored["asset"]["params"]}["admin_email"] == "set@example.com"
    assert world.get(kinds.ASSETS, stored["asset"]["id"])["items"][0]["quantity"] == "9"


@pytest.mark.parametrize(
    ("event_type", "params"),
    [
        ("asset_purchase_request_processing", "asset.params"),
        ("asset_change_request_processing", "asset.params"),
        ("tier_config_setup_request_processing", "params"),
        ("asset_purchase_request_validation", "asset.params"),
        ("product_action_execution", "params"),
    ],
)
def test_a_parameter_that_the_product_does_not_have_is_added(world: World, event_type: str, params: str) -> None:
    sample = create_sample(
        world, event_type, overrides={f"{params}.seats.value": 3, f"{params}.seats.constraints.required": True}
    )
    stored = world.get(sample.kind, sample.object["id"])
    found = stored["asset"]["params"] if params.startswith("asset") else stored["params"]
    (seats,) = [one for one in found if one["id"] == "seats"]
    assert (seats["value"], seats["title"], seats["phase"]) == ("3", "Seats", "ordering")
    assert seats["constraints"]["required"] is True
    assert set(found[0]) - set(seats) <= {"structured_value"}
    assert f"{params} had no parameter 'seats'" in sample.notes[0]


def test_a_parameter_of_the_product_comes_with_every_sample(world: World, extension: Extension) -> None:
    create_sample(world, "asset_purchase_request_processing")
    parameter = {
        "id": "PRM-1",
        "name": "seats",
        "title": "Seats",
        "type": "text",
        "scope": "asset",
        "phase": "ordering",
    }
    world.store(kinds.PRODUCT_PARAMETERS, parameter, parent_id=extension.products[0].id)
    sample = create_sample(world, "asset_purchase_request_processing", overrides={"asset.params.seats.value": 4.5})
    assert {one["id"]: one["value"] for one in sample.object["asset"]["params"]}["seats"] == "4.5"
    assert sample.notes == ()


def test_a_field_that_the_object_does_not_have_is_named(world: World, extension: Extension) -> None:
    sample = create_sample(world, "asset_purchase_request_processing", overrides={"seats": 3})
    assert world.get(kinds.ASSET_REQUESTS, sample.object["id"])["seats"] == 3
    assert "no field 'seats'" in sample.notes[0]
    with pytest.raises(ValidationError, match="no field 'seats' in an asset"):
        create_sample(world, "product_action_execution", overrides={"seats": 3})


def test_several_extensions_that_are_told_are_named(world: World, extension: Extension) -> None:
    owner = world.services.accounts.owner()
    assert owner is not None
    other = world.services.extensions.create(
        owner.id, type="products", name="Other", products=[Reference(PRODUCT, "P")]
    )
    wanted = {"event_subscriptions": {"asset_purchase_request_processing": ["pending"]}}
    environment = other.environments["development"].id
    world.services.environments.record_setup(environment, "events", SetupRequest.model_validate(wanted))
    both = create_sample(world, "asset_purchase_request_processing")
    assert len(both.tasks) == 2
    assert extension.id in both.notes[0]
    assert other.id in both.notes[0]
    one = create_sample(world, "asset_purchase_request_processing", extension_id=other.id)
    assert [submission.task.environment_id for submission in one.tasks] == [environment]
    assert one.notes == ()


def test_an_extension_of_a_type_that_the_event_is_not_for_is_named(world: World, extension: Extension) -> None:
    sample = create_sample(world, "product_changed", extension_id=extension.id)
    assert sample.tasks == ()
    assert f"{extension.id} is one of the type products" in sample.notes[-1]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"event_type": "asset_gift_request_processing"}, "event_type"),
        ({"status": "open"}, "status"),
        ({"overrides": {"asset.params.99.value": "x"}}, "asset.params.99.value"),
        ({"overrides": {"asset.params.no pe.value": "x"}}, "asset.params.no pe.value"),
        ({"overrides": {"asset.params.seats": "3"}}, "asset.params.seats"),
        ({"overrides": {"asset.items.nope.quantity": "x"}}, "asset.items.nope.quantity"),
        ({"overrides": {"status.deep": "x"}}, "status.deep"),
        ({"overrides": {"status": "open"}}, "status"),
        ({"overrides": {"id": ""}}, "id"),
        ({"payload": []}, "payload"),
        ({"payload": "text"}, "payload"),
        ({"payload": {"type": "purchase", "status": "pending", "asset": _ASSET}}, "payload.id"),
        ({"payload": {"id": "PR-1", "status": "pending", "asset": _ASSET}}, "payload.type"),
        (
            {"payload": {"id": "PR-1", "type": "change", "status": "pending", "asset": _ASSET}},
            "payload.type",
        ),
        (
            {"payload": {"id": "PR-1", "type": "purchase", "status": "open", "asset": _ASSET}},
            "payload.status",
        ),
        ({"payload": {"id": "PR-1", "type": "purchase", "status": "pending"}}, "payload.asset"),
        (
            {"payload": {"id": "PR-1", "type": "purchase", "status": "pending", "asset": {"id": "AS-1"}}},
            "payload.asset.product",
        ),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    world: World, extension: Extension, wrong: dict[str, Any], field: str
) -> None:
    arguments = {"event_type": "asset_purchase_request_processing", **wrong}
    with pytest.raises(ValidationError) as caught:
        create_sample(world, arguments.pop("event_type"), **arguments)
    assert [name for name, _ in caught.value.errors] == [field]
    for collection in (*kinds.KINDS, "products/items"):
        assert world.objects.all(collection) == [], collection
    assert world.services.queue.page().items == []


def test_an_unknown_extension_is_refused(world: World) -> None:
    with pytest.raises(NotFoundError):
        create_sample(world, "asset_purchase_request_processing", extension_id="SRVC-0000-0000")


def test_a_foreign_product_is_linked_to_the_extension(world: World, extension: Extension) -> None:
    payload = {
        "id": "PR-1111-2222-3333-001",
        "type": "purchase",
        "status": "pending",
        "asset": {
            "id": "AS-1111-2222-3333",
            "status": "processing",
            "product": {"id": "PRD-777-888-999", "name": "Far"},
        },
    }
    sample = create_sample(world, "asset_purchase_request_processing", payload=payload, extension_id=extension.id)
    assert len(sample.tasks) == 1
    assert "PRD-777-888-999" in {one.id for one in world.services.extensions.get(extension.id).products}
    assert world.get(kinds.PRODUCTS, "PRD-777-888-999")["name"] == "Far"
    assert world.get(kinds.ASSETS, "AS-1111-2222-3333")["status"] == "processing"
    # The same object again, while its task waits, is the same work.
    again = create_sample(world, "asset_purchase_request_processing", payload=payload, extension_id=extension.id)
    assert [one.created for one in again.tasks] == [False]


def test_nobody_subscribed_is_said(world: World) -> None:
    sample = create_sample(world, "asset_purchase_request_processing")
    assert sample.tasks == ()
    assert "No task" in sample.notes[-1]


def test_an_extension_that_nobody_installed_is_named(world: World) -> None:
    owner = world.services.accounts.owner()
    assert owner is not None
    made = world.services.extensions.create(owner.id, type="multiaccount", name="Many", package_id="com.example.many")
    environment = made.environments["development"].id
    wanted = {"event_subscriptions": {"asset_purchase_request_processing": ["pending"]}}
    world.services.environments.record_setup(environment, "events", SetupRequest.model_validate(wanted))

    sample = create_sample(world, "asset_purchase_request_processing")
    assert sample.tasks == ()
    assert f"no account has installed {made.id}" in sample.notes[-1]
    assert "ccli devops install" in sample.notes[-1]

    other = create_sample(world, "asset_purchase_request_processing", status="approved")
    assert "other statuses (pending) than approved" in other.notes[-1]

    world.services.installations.install(environment, owner.id)
    assert len(create_sample(world, "asset_purchase_request_processing").tasks) == 1


def _reference_payloads(folder: Path) -> Iterator[tuple[str, str]]:
    events = {
        "request-": "asset_{type}_request_processing",
        "tier-config-request-": "tier_config_{type}_request_processing",
        "listing-request-": "listing_{type}_request_processing",
        "usage-file-": "usage_file_request_processing",
        "tier-account-request-": "tier_account_update_request_processing",
    }
    for path in sorted(folder.glob("*.json")):
        for prefix, event_type in events.items():
            if path.name.startswith(prefix) and "create" not in path.name.replace("created", ""):
                yield path.name, event_type


@pytest.mark.compat
def test_every_reference_payload_is_taken_in_as_it_is(world: World, extension: Extension) -> None:
    if _PAYLOADS is None:
        pytest.skip("the reference payloads do not lie beside the checkout (../shared)")
    names = list(_reference_payloads(_PAYLOADS))
    assert len(names) >= 28
    for name, event_type in names:
        payload = json.loads((_PAYLOADS / name).read_text())
        sample = create_sample(world, event_type.format(type=payload.get("type")), payload=payload)
        stored = world.get(sample.kind, str(payload["id"]))
        status = sample.kind.status_field
        assert stored == {**payload, "id": str(payload["id"]), status: payload[status].lower()}, name
        assert len(sample.tasks) == 1, name


# Values by free names, and forms of very few objects.
_RARE = {
    ".asset.connection.hub.account_id",
    ".asset.connection.hub.instance_id",
    ".asset.items[].params[].structured_value.checked",
    ".asset.params[].structured_value.V-1",
    ".asset.params[].structured_value.V-2",
    ".asset.params[].structured_value.V-3",
    ".assignee.email",
    ".assignee.id",
    ".assignee.name",
}


def _leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, f"{path}[]")
    elif value is not None:
        yield path


@pytest.mark.compat
@pytest.mark.parametrize(
    ("prefix", "event_type", "statuses"),
    [
        ("request-", "asset_purchase_request_processing", ("pending", "approved", "scheduled", "inquiring")),
        ("request-", "asset_change_request_processing", ("pending", "approved", "scheduled", "inquiring")),
        ("tier-config-request-", "tier_config_setup_request_processing", ("pending", "approved", "inquiring")),
        ("listing-request-", "listing_new_request_processing", ("completed",)),
        ("usage-file-", "usage_file_request_processing", ("closed", "rejected")),
        ("tier-account-request-", "tier_account_update_request_processing", ("ignored",)),
    ],
)
def test_samples_have_every_field_that_real_objects_have(
    world: World, prefix: str, event_type: str, statuses: tuple[str, ...]
) -> None:
    if _PAYLOADS is None:
        pytest.skip("the reference payloads do not lie beside the checkout (../shared)")
    real: set[str] = set()
    for name, _ in _reference_payloads(_PAYLOADS):
        if name.startswith(prefix):
            real.update(_leaves(json.loads((_PAYLOADS / name).read_text())))
    assert real
    ours: set[str] = set()
    for status in statuses:
        ours.update(_leaves(create_sample(world, event_type, status=status).object))
    assert real - ours - _RARE == set()
