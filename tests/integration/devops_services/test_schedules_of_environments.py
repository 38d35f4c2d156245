"""Schedules make tasks when their time comes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from connect_devops.clock import ManualClock
from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.services import Services
from connect_eaas.protocol.messages import Schedulable, SetupRequest, TaskOutput

HOURLY = {"type": "recurring", "unit": "hours", "amount": 1, "start": "2026-01-01T00:10:00"}


def body(trigger: dict[str, object], **more: object) -> dict[str, object]:
    return {"name": "At night", "method": "nightly", "trigger": trigger, **more}


def test_a_recurring_schedule_fires_once_for_all_that_was_missed(
    services: Services, environment_id: str, clock: ManualClock
) -> None:
    schedule = services.schedules.create(environment_id, body(HOURLY, parameter={"n": 1}))
    digits = environment_id.removeprefix("ENV-")
    assert schedule.id == f"EFS-{digits}-0001"
    assert (schedule.status, schedule.next_trigger) == ("pending", clock.now() + timedelta(minutes=10))
    assert services.timekeeper.tick() == schedule.next_trigger
    clock.advance(timedelta(hours=5))
    services.timekeeper.tick()
    [leased] = services.leases.lease(environment_id, ["scheduled"], "session", None, 10)
    assert (leased.event_type, leased.object_id) == ("scheduled_execution", schedule.id)
    fired = services.schedules.get(environment_id, schedule.id)
    assert (fired.status, fired.last_triggered) == ("enabled", clock.now())
    assert fired.next_trigger == datetime(2026, 1, 1, 5, 10, tzinfo=timezone.utc)
    clock.advance(timedelta(hours=3))
    services.timekeeper.tick()
    clock.advance(timedelta(hours=3))
    services.timekeeper.tick()
    assert services.queue.counts(environment_id) == {"processing": 1, "scheduled": 1}, "one waiting task for a schedule"
    services.leases.settle(leased.task_id, leased.lease_id, TaskOutput(result="success"))


def test_a_onetime_schedule_fires_once(services: Services, environment_id: str, clock: ManualClock) -> None:
    trigger = {"type": "onetime", "date": "2026-01-01T00:01:10"}
    schedule = services.schedules.create(environment_id, body(trigger))
    assert schedule.status == "enabled"
    clock.advance(timedelta(seconds=69))
    assert services.schedules.fire_due() == []
    clock.advance(timedelta(seconds=1))
    assert len(services.schedules.fire_due()) == 1
    assert services.schedules.get(environment_id, schedule.id).next_trigger is None
    clock.advance(timedelta(days=1000))
    assert services.schedules.fire_due() == []


def test_a_disabled_schedule_rests_and_an_enabled_one_looks_ahead(
    services: Services, environment_id: str, clock: ManualClock
) -> None:
    schedule = services.schedules.create(environment_id, body(HOURLY))
    assert services.schedules.disable(environment_id, schedule.id).status == "disabled"
    clock.advance(timedelta(hours=2))
    assert services.schedules.fire_due() == []
    enabled = services.schedules.enable(environment_id, schedule.id)
    assert enabled.next_trigger == datetime(2026, 1, 1, 2, 10, tzinfo=timezone.utc)
    assert services.schedules.trigger(environment_id, schedule.id).created
    services.schedules.delete(environment_id, schedule.id)
    assert services.queue.counts(environment_id) == {"failed": 1}
    with pytest.raises(NotFoundError):
        services.schedules.get(environment_id, schedule.id)
    assert services.schedules.create(environment_id, body(HOURLY)).id.endswith("-0002")


def test_a_schedule_whose_method_is_gone_is_obsolete_until_it_is_back(
    services: Services, environment_id: str, clock: ManualClock
) -> None:
    schedule = services.schedules.create(environment_id, body(HOURLY))
    services.environments.record_setup(environment_id, "events", SetupRequest(schedulables=[]))
    gone = services.schedules.get(environment_id, schedule.id)
    assert gone.status == "obsolete"
    assert "nightly" in (gone.reason or "")
    clock.advance(timedelta(hours=2))
    assert services.schedules.fire_due() == []
    with pytest.raises(RuleError, match="nightly"):
        services.schedules.enable(environment_id, schedule.id)
    back = SetupRequest(schedulables=[Schedulable(method="nightly", name="Nightly")])
    services.environments.record_setup(environment_id, "events", back)
    assert services.schedules.get(environment_id, schedule.id).status == "enabled"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"method": "unknown"}, "method"),
        ({"trigger": None}, "trigger"),
        ({"trigger": {"type": "never"}}, "trigger.type"),
        ({"trigger": {"type": "onetime", "date": "tomorrow"}}, "trigger.date"),
        ({"trigger": {**HOURLY, "amount": 0}}, "trigger.amount"),
        ({"trigger": {**HOURLY, "unit": "years"}}, "trigger.unit"),
        ({"trigger": {**HOURLY, "end": "2025-01-01T00:00:00"}}, "trigger.end"),
        ({"trigger": {"type": "advanced", "cron_expression": "* * *"}}, "trigger.cron_expression"),
    ],
)
def test_a_wrong_schedule_names_the_field(
    services: Services, environment_id: str, wrong: dict[str, object], field: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        services.schedules.create(environment_id, {**body(HOURLY), **wrong})
    assert field in [name for name, _ in caught.value.errors]
    assert services.schedules.page(environment_id).total == 0
