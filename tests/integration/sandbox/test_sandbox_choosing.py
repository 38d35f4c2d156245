"""Which extension an event goes to that goes to one alone."""

from __future__ import annotations

import pytest

from connect_devops.domain.errors import NotFoundError, RuleError
from connect_devops.sandbox import World
from connect_devops.sandbox.choosing import chosen_environment
from connect_devops.services.extensions import Extension, Reference
from connect_eaas.protocol.messages import SetupRequest

EVENT = "product_custom_event_processing"


def choose(world: World, extension_id: str | None = None) -> str:
    found = chosen_environment(world, EVENT, extension_id, lambda one: EVENT in one.declared.event_subscriptions)
    return found.id


def another(world: World) -> Extension:
    owner = world.services.accounts.owner()
    assert owner is not None
    return world.services.extensions.create(owner.id, type="products", name="B", products=[Reference("PRD-1", "P")])


def subscribe(world: World, extension: Extension) -> str:
    environment = extension.environments["development"].id
    wanted = SetupRequest.model_validate({"event_subscriptions": {EVENT: []}})
    world.services.environments.record_setup(environment, "events", wanted)
    return environment


def test_the_only_one_is_chosen(world: World, extension: Extension) -> None:
    other = another(world)
    assert choose(world) == extension.environments["development"].id
    with pytest.raises(RuleError, match=f"{other.id} does not declare {EVENT}; .*start its runner first"):
        choose(world, other.id)
    with pytest.raises(NotFoundError):
        choose(world, "SRVC-0000-0000")


def test_of_several_the_connected_one_is_chosen_or_all_are_named(world: World, extension: Extension) -> None:
    first, second = subscribe(world, extension), subscribe(world, other := another(world))
    with pytest.raises(RuleError) as refused:
        choose(world)
    assert extension.id in str(refused.value)
    assert other.id in str(refused.value)
    assert (choose(world, extension.id), choose(world, other.id)) == (first, second)
    world.services.environments.open_session(second, "runner", "events")
    assert choose(world) == second


def test_of_a_connected_one_it_is_said_that_it_has_no_handler(world: World) -> None:
    made = another(world)
    world.services.environments.open_session(made.environments["development"].id, "runner", "events")
    with pytest.raises(RuleError, match="it is connected: add a handler"):
        choose(world, made.id)
