"""Business objects move as their state machines say, take their assets along, and make tasks."""

from __future__ import annotations

from typing import Any

import pytest

from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.sandbox import (
    World,
    asset_requests,
    conversations,
    create_sample,
    kinds,
    listings,
    tier_accounts,
    tier_config_requests,
    usage,
)
from connect_devops.sandbox.machines import (
    ASSET_REQUEST,
    LISTING_REQUEST,
    TIER_ACCOUNT_REQUEST,
    TIER_CONFIG_REQUEST,
    USAGE_CHUNK,
    USAGE_FILE,
    USAGE_RECORD,
    Machine,
)
from connect_devops.services.extensions import Extension

MACHINES = [
    ASSET_REQUEST,
    TIER_CONFIG_REQUEST,
    TIER_ACCOUNT_REQUEST,
    LISTING_REQUEST,
    USAGE_FILE,
    USAGE_CHUNK,
    USAGE_RECORD,
]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.noun)
def test_a_machine_is_closed(machine: Machine) -> None:
    for action, targets in machine.actions.items():
        assert set(targets) | set(targets.values()) <= set(machine.statuses), action
        assert not set(targets) & machine.final, action
        for status in machine.statuses:
            if status not in targets:
                with pytest.raises(RuleError, match=f"'{action}' is possible .* not {status}"):
                    machine.next_status(action, status)


def _template(world: World, scope: str = "asset", type_: str | None = "fulfillment") -> str:
    product_id = world.objects.all("products")[0]["id"]
    templates = world.objects.all("products/templates", parent_id=product_id)
    return next(str(one["id"]) for one in templates if one["scope"] == scope and one.get("type") == type_)


def _sample(world: World, kind: str, status: str = "pending") -> dict[str, Any]:
    return create_sample(world, f"asset_{kind}_request_processing", status=status).object


_BODIES = {
    "fail": {"reason": "no"},
    "schedule": {"planned_date": "2026-02-01T00:00:00"},
    "ignore": {"reason": "no"},
    "reject": {"rejection_note": "no"},
    "close": {"external_billing_id": "B-1"},
}


@pytest.mark.parametrize("status", ASSET_REQUEST.statuses)
@pytest.mark.parametrize("action", sorted(ASSET_REQUEST.actions))
def test_each_action_on_an_asset_request_in_each_status(world: World, action: str, status: str) -> None:
    request = _sample(world, "purchase", status)
    sent: dict[str, Any] = dict(_BODIES.get(action, {}))
    if action == "approve":
        sent = {"template_id": _template(world)}
    elif action == "inquire":
        sent = {"template_id": _template(world, type_="inquire")}
    expected = ASSET_REQUEST.actions[action].get(status)
    if expected is None:
        with pytest.raises(RuleError, match=action):
            asset_requests.act(world, request["id"], action, sent, None)
        assert world.get(kinds.ASSET_REQUESTS, request["id"])["status"] == status
    else:
        asset_requests.act(world, request["id"], action, sent, None)
        assert world.get(kinds.ASSET_REQUESTS, request["id"])["status"] == expected


@pytest.mark.parametrize(
    ("kind", "action", "before", "after"),
    [
        ("purchase", "approve", "processing", "active"),
        ("purchase", "fail", "processing", "terminated"),
        ("change", "approve", "active", "active"),
        ("change", "fail", "active", "active"),
        ("suspend", "approve", "active", "suspended"),
        ("suspend", "fail", "active", "active"),
        ("resume", "approve", "suspended", "active"),
        ("resume", "fail", "suspended", "suspended"),
        ("cancel", "approve", "terminating", "terminated"),
        ("cancel", "fail", "terminating", "active"),
        ("adjustment", "approve", "active", "active"),
        ("renew", "approve", "active", "active"),
        ("transfer", "approve", "active", "active"),
    ],
)
def test_an_asset_follows_its_request(world: World, kind: str, action: str, before: str, after: str) -> None:
    request = _sample(world, kind)
    asset = world.get(kinds.ASSETS, request["asset"]["id"])
    assert asset["status"] == request["asset"]["status"] == before
    assert asset["pending_request"]["id"] == request["id"]
    sent = {"template_id": _template(world)} if action == "approve" else {"reason": "no"}
    answer = asset_requests.act(world, request["id"], action, sent, None)
    asset = world.get(kinds.ASSETS, request["asset"]["id"])
    assert asset["status"] == answer["asset"]["status"] == after
    assert "pending_request" not in asset


def test_approving_fills_the_tile_from_the_template_and_dates_it(world: World) -> None:
    request = _sample(world, "purchase")
    asset_requests.update(
        world,
        request["id"],
        {"asset": {"params": [{"id": "activation_url", "value": "https://here.example.com"}]}},
        None,
    )
    answer = asset_requests.act(world, request["id"], "approve", {"template_id": _template(world)}, None)
    assert "https://here.example.com" in answer["activation_key"]
    assert answer["effective_date"] == world.now()
    assert answer["template"]["id"] == _template(world)
    asset = world.get(kinds.ASSETS, request["asset"]["id"])
    assert {one["id"]: one["value"] for one in asset["params"]}["activation_url"] == "https://here.example.com"
    assert asset["template"]["id"] == _template(world)


def test_approving_with_a_tile_of_ones_own_and_a_date(world: World) -> None:
    request = _sample(world, "purchase")
    sent = {"activation_tile": "# Hello", "effective_date": "2026-05-01T10:00:00Z"}
    answer = asset_requests.act(world, request["id"], "approve", sent, None)
    assert (answer["activation_key"], answer["effective_date"]) == ("# Hello", "2026-05-01T10:00:00+00:00")


@pytest.mark.parametrize(
    ("action", "sent", "field"),
    [
        ("approve", {}, "template_id"),
        ("approve", {"template_id": "TL-999-999-999"}, "template_id"),
        ("approve", {"template_id": 5}, "template_id"),
        ("approve", {"activation_tile": "x", "effective_date": "soon"}, "effective_date"),
        ("fail", {}, "reason"),
        ("fail", {"reason": ""}, "reason"),
        ("schedule", {}, "planned_date"),
    ],
)
def test_a_wrong_body_names_its_field_and_changes_nothing(
    world: World, action: str, sent: dict[str, Any], field: str
) -> None:
    request = _sample(world, "purchase")
    with pytest.raises(ValidationError) as caught:
        asset_requests.act(world, request["id"], action, sent, None)
    assert [name for name, _ in caught.value.errors] == [field]
    assert world.get(kinds.ASSET_REQUESTS, request["id"]) == request


def test_a_template_for_something_else_is_refused(world: World) -> None:
    request = _sample(world, "purchase")
    with pytest.raises(ValidationError, match="is a template for asset inquire, not for asset fulfillment"):
        asset_requests.act(world, request["id"], "approve", {"template_id": _template(world, type_="inquire")}, None)


def test_a_change_applies_its_items_when_it_is_approved(world: World, extension: Extension) -> None:
    bought = _sample(world, "purchase")
    asset_requests.act(world, bought["id"], "approve", {"activation_tile": "ok"}, None)
    asset_id = bought["asset"]["id"]
    item = bought["asset"]["items"][0]
    sent = {"type": "change", "asset": {"id": asset_id, "items": [{"id": item["id"], "quantity": 77}]}}
    change = asset_requests.create(world, sent, None)
    assert change["id"] == f"PR-{asset_id[3:]}-002"
    shown = change["asset"]["items"][0]
    assert (shown["old_quantity"], shown["quantity"]) == (item["quantity"], "77")
    assert world.get(kinds.ASSETS, asset_id)["items"][0]["quantity"] == item["quantity"]
    with pytest.raises(RuleError, match=f"has an open request, {change['id']}"):
        asset_requests.create(world, {"type": "suspend", "asset": {"id": asset_id}}, None)
    asset_requests.act(world, change["id"], "approve", {"activation_tile": "ok"}, None)
    assert world.get(kinds.ASSETS, asset_id)["items"][0]["quantity"] == "77"
    with pytest.raises(RuleError, match="needs an asset that is suspended"):
        asset_requests.create(world, {"type": "resume", "asset": {"id": asset_id}}, None)


def test_a_purchase_is_made_from_product_items_and_accounts(world: World, extension: Extension) -> None:
    first = _sample(world, "purchase")
    product_id = first["asset"]["product"]["id"]
    sent = {
        "type": "purchase",
        "asset": {
            "product": {"id": product_id},
            "connection": {"id": first["asset"]["connection"]["id"]},
            "items": [{"id": f"{product_id}-0001", "quantity": 5}],
            "params": [{"id": "admin_email", "value": "new@example.com"}],
            "tiers": {"customer": {"name": "New Customer", "contact_info": {}}},
        },
        "marketplace": {"id": first["marketplace"]["id"]},
    }
    made = asset_requests.create(world, sent, None)
    assert made["status"] == "pending"
    assert made["asset"]["items"][0]["quantity"] == "5"
    customer = made["asset"]["tiers"]["customer"]
    assert world.get(kinds.TIER_ACCOUNTS, customer["id"])["name"] == "New Customer"
    assert world.get(kinds.ASSETS, made["asset"]["id"])["status"] == "processing"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "type"),
        ({"type": "gift"}, "type"),
        ({"type": "purchase"}, "asset"),
        ({"type": "purchase", "asset": {}}, "asset.connection.id"),
        ({"type": "purchase", "asset": {"connection": {"id": "CT-0"}}}, "asset.connection.id"),
        ({"type": "purchase", "asset": {"product": {"id": "PRD-0"}}}, "asset.product.id"),
        ({"type": "purchase", "status": "open", "asset": {}}, "status"),
        ({"type": "suspend", "asset": {}}, "asset.id"),
    ],
)
def test_a_request_that_cannot_be_made_names_the_field(world: World, sent: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        asset_requests.create(world, sent, None)
    assert caught.value.errors[0][0] == field
    assert world.objects.all("requests") == []


def test_unknown_parameters_are_named_and_the_same_values_make_no_event(world: World, extension: Extension) -> None:
    sample = create_sample(world, "asset_purchase_request_processing")
    request = sample.object
    with pytest.raises(ValidationError, match=r"asset\.params\[1\]\.id: There is no parameter 'nope'"):
        asset_requests.update(
            world,
            request["id"],
            {"asset": {"params": [{"id": "admin_email", "value": "x"}, {"id": "nope", "value": "y"}]}},
            None,
        )
    same = {"asset": {"params": [{"id": "admin_email", "value": request["asset"]["params"][0]["value"]}]}}
    assert asset_requests.update(world, request["id"], same, None) == request


def test_a_closed_request_cannot_be_changed(world: World) -> None:
    request = _sample(world, "purchase", "approved")
    with pytest.raises(RuleError, match="approved cannot be changed"):
        asset_requests.update(world, request["id"], {"note": "x"}, None)


def test_a_change_and_its_task_are_one_transaction(world: World, extension: Extension) -> None:
    sample = create_sample(world, "asset_purchase_request_processing", status="draft")
    assert [task.task.event_type for task in sample.tasks] == ["asset_purchase_request_processing"]
    request_id = sample.object["id"]

    def fail_after_purchase() -> None:
        with world.services.store.transaction():
            asset_requests.act(world, request_id, "purchase", {}, None)
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail_after_purchase()
    assert world.get(kinds.ASSET_REQUESTS, request_id)["status"] == "draft"


# --- tiers ----------------------------------------------------------------------------------------------------------


def test_a_tier_setup_becomes_an_active_configuration(world: World, extension: Extension) -> None:
    request = create_sample(world, "tier_config_setup_request_processing").object
    config_id = request["configuration"]["id"]
    assert world.get(kinds.TIER_CONFIGS, config_id)["status"] == "processing"
    assert world.get(kinds.TIER_CONFIGS, config_id)["open_request"] == {"id": request["id"]}
    tier_config_requests.update(world, request["id"], {"params": [{"id": "partner_token", "value": "token-1"}]}, None)
    tier_config_requests.act(world, request["id"], "inquire", {}, None)
    tier_config_requests.act(world, request["id"], "pend", {}, None)
    template_id = _template(world, "tier1", None)
    answer = tier_config_requests.act(world, request["id"], "approve", {"template": {"id": template_id}}, None)
    assert answer["status"] == "approved"
    assert answer["template"]["representation"].startswith("Partner number: **")
    config = world.get(kinds.TIER_CONFIGS, config_id)
    assert config["status"] == "active"
    assert "open_request" not in config
    assert {one["id"]: one["value"] for one in config["params"]}["partner_token"] == "token-1"

    update = tier_config_requests.create(world, {"configuration": {"id": config_id}}, None)
    assert (update["type"], update["status"]) == ("update", "pending")
    with pytest.raises(RuleError, match="has an open request"):
        tier_config_requests.create(world, {"configuration": {"id": config_id}}, None)
    tier_config_requests.act(world, update["id"], "fail", {"reason": "no"}, None)
    assert world.get(kinds.TIER_CONFIGS, config_id)["status"] == "active"


@pytest.mark.parametrize("status", TIER_CONFIG_REQUEST.statuses)
@pytest.mark.parametrize("action", sorted(TIER_CONFIG_REQUEST.actions))
def test_each_action_on_a_tier_config_request_in_each_status(world: World, action: str, status: str) -> None:
    request = create_sample(world, "tier_config_setup_request_processing", status=status).object
    sent = {"template": {"id": _template(world, "tier1", None)}} if action == "approve" else _BODIES.get(action, {})
    expected = TIER_CONFIG_REQUEST.actions[action].get(status)
    if expected is None:
        with pytest.raises(RuleError):
            tier_config_requests.act(world, request["id"], action, sent, None)
    else:
        assert tier_config_requests.act(world, request["id"], action, sent, None)["status"] == expected


def test_accepting_an_account_request_makes_a_version(world: World) -> None:
    request = create_sample(world, "tier_account_update_request_processing").object
    account_id = request["account"]["id"]
    before = world.get(kinds.TIER_ACCOUNTS, account_id)
    assert before["version"] == 1
    tier_accounts.act(world, request["id"], "accept", {}, None)
    after = world.get(kinds.TIER_ACCOUNTS, account_id)
    assert after["version"] == 2
    assert after["contact_info"] == request["account"]["contact_info"]
    with pytest.raises(RuleError):
        tier_accounts.act(world, request["id"], "ignore", {"reason": "late"}, None)
    with pytest.raises(NotFoundError, match="version 9"):
        tier_accounts.version(world, account_id, "9")


# --- listings, usage, conversations ---------------------------------------------------------------------------------


def test_a_completed_listing_request_lists_and_a_removal_unlists(world: World) -> None:
    request = create_sample(world, "listing_new_request_processing", status="draft").object
    for action, state in (("submit", "reviewing"), ("deploy", "deploying"), ("complete", "completed")):
        assert listings.act(world, request["id"], action, {}, None)["state"] == state
    listing_id = request["listing"]["id"]
    assert world.get(kinds.LISTINGS, listing_id)["status"] == "listed"
    removal = listings.create(world, {"type": "remove", "listing_id": listing_id}, None)
    for action in ("submit", "deploy", "complete"):
        listings.act(world, removal["id"], action, {}, None)
    assert world.get(kinds.LISTINGS, listing_id)["status"] == "unlisted"


def test_a_usage_file_from_draft_to_closed(world: World) -> None:
    first = create_sample(world, "usage_file_request_processing").object
    sent = {"name": "May", "product": {"id": first["product"]["id"]}, "contract": {"id": first["contract"]["id"]}}
    made = usage.create_file(world, sent, None)
    assert made["status"] == "draft"
    with pytest.raises(ValidationError, match="empty"):
        usage.upload(world, made["id"], "u.xlsx", 0, None)
    assert usage.upload(world, made["id"], "u.xlsx", 10, None)["status"] == "ready"
    with pytest.raises(RuleError, match="'accept' is possible for a usage file that is pending"):
        usage.act_on_file(world, made["id"], "accept", {}, None)
    for action, status in (("submit", "pending"), ("accept", "accepted"), ("close", "closed")):
        assert usage.act_on_file(world, made["id"], action, {}, None)["status"] == status
    chunk = create_sample(world, "part_usage_file_request_processing").object
    with pytest.raises(ValidationError, match="external_billing_id"):
        usage.act_on_chunk(world, chunk["id"], "close", {}, None)
    assert usage.act_on_chunk(world, chunk["id"], "close", _BODIES["close"], None)["status"] == "closed"


def test_messages_are_written_by_the_objects_id(world: World) -> None:
    request = _sample(world, "purchase")
    first = conversations.add_message(world, request["id"], {"text": "Hello"}, None)
    second = conversations.add_message(world, first["conversation"], {"text": "Again", "type": "private"}, None)
    assert first["conversation"] == second["conversation"]
    with pytest.raises(NotFoundError):
        conversations.add_message(world, "PR-000", {"text": "Hello"}, None)
    conversations.close(world, request["id"], None)
    with pytest.raises(RuleError, match="closed"):
        conversations.add_message(world, request["id"], {"text": "More"}, None)
