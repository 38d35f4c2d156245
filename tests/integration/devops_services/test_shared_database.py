"""Several platforms on one database, and what each does about another one that has died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from connect_devops.clock import ManualClock
from connect_devops.services import FernetSecrets, Services, build_services
from connect_devops.services.queue import NewTask
from connect_devops.storage import Store
from connect_eaas.protocol.messages import TaskOutput

from .conftest import PURCHASE

GRACE = timedelta(seconds=15)
SILENCE = timedelta(seconds=25)
"""Longer than a platform may be silent."""

MakePlatform = Callable[[str], Services]


@pytest.fixture
def real(clock: ManualClock) -> ManualClock:
    """The machine's time, which does not follow the platforms' clock."""
    return ManualClock(clock.now())


@pytest.fixture
def platform(store: Store, clock: ManualClock, real: ManualClock, secrets: FernetSecrets) -> MakePlatform:
    def make(name: str) -> Services:
        return build_services(store, clock, secrets=secrets, real_time=real.now, platform_id=name)

    return make


def hold(services: Services, environment_id: str, object_id: str) -> tuple[str, str, str]:
    """A runner connects and takes a task; returns session, task and lease."""
    session = services.environments.open_session(environment_id, f"runner of {object_id}", "events")
    task = services.queue.submit(NewTask(environment_id, "background", PURCHASE, object_id)).task
    (leased,) = services.leases.lease(environment_id, ["background"], session.id, session.instance_id, 1)
    assert leased.task_id == task.id
    return session.id, task.id, leased.lease_id


def test_platform_that_starts_leaves_others_alone_and_takes_up_its_own_last_run(
    backend: str, platform: MakePlatform, environment_id: str, clock: ManualClock
) -> None:
    first, second = platform("first"), platform("second")
    assert first.recover(GRACE) == second.recover(GRACE) == []
    session, task, lease = hold(first, environment_id, "PR-1")
    other_session, other_task, other_lease = hold(second, environment_id, "PR-2")
    waiting = first.queue.submit(NewTask(environment_id, "interactive", "product_custom_event_processing", "x")).task

    # Killed, and started again at once: its heartbeat is still young.
    again = platform("first")
    recovered = again.recover(GRACE)
    assert lease in recovered
    assert session not in [item.id for item in again.environments.sessions(environment_id)]
    if backend == "sqlite":
        # There is one process at most: what others have left is nobody's.
        assert other_lease in recovered
        assert again.queue.get(waiting.id).status == "failed"
        return
    assert recovered == [lease]
    assert [item.id for item in again.environments.sessions(environment_id)] == [other_session]
    assert again.environments.get(environment_id).status == "connected"
    assert again.queue.get(waiting.id).status == "scheduled", "the other platform may wait for it"
    clock.advance(GRACE)
    again.timekeeper.tick()
    assert again.queue.get(task).status == "retrying"
    assert again.queue.get(other_task).status == "processing"
    settled = second.leases.settle(other_task, other_lease, TaskOutput(result="success"))
    assert settled.verdict == "accepted"


def test_silent_platform_loses_its_sessions_to_the_others(
    backend: str, platform: MakePlatform, environment_id: str, clock: ManualClock, real: ManualClock
) -> None:
    if backend == "sqlite":
        pytest.skip("an SQLite file belongs to one platform")
    first, second = platform("first"), platform("second")
    first.recover(GRACE)
    second.recover(GRACE)
    _, task, lease = hold(first, environment_id, "PR-1")
    # People may move the platforms' clock as far as they like.
    clock.advance(timedelta(hours=1))
    for _ in range(10):
        real.advance(timedelta(seconds=5))
        assert first.presence.beat(GRACE)
        assert second.presence.beat(GRACE)
    assert len(second.environments.sessions(environment_id)) == 1

    real.advance(SILENCE)
    assert not second.presence.beat(GRACE) or second.environments.sessions(environment_id) == []
    assert second.environments.sessions(environment_id) == []
    assert second.environments.get(environment_id).status == "disconnected"
    clock.advance(GRACE)
    second.timekeeper.tick()
    assert second.queue.get(task).status == "retrying"
    assert first.leases.settle(task, lease, TaskOutput(result="success")).verdict == "stale"
    assert first.presence.beat(GRACE) is False, "it has to send its runners away"
    assert first.presence.beat(GRACE) is True


def test_platform_that_ends_is_not_waited_for(backend: str, platform: MakePlatform, environment_id: str) -> None:
    if backend == "sqlite":
        pytest.skip("an SQLite file belongs to one platform")
    first, second = platform("first"), platform("second")
    first.recover(GRACE)
    hold(first, environment_id, "PR-1")
    first.presence.leave()
    second.recover(GRACE)
    assert second.environments.sessions(environment_id) == []


def test_moving_the_clock_does_not_end_leases_that_runners_hold(
    platform: MakePlatform, environment_id: str, clock: ManualClock
) -> None:
    services = platform("first")
    _, task, lease = hold(services, environment_id, "PR-1")
    session, lost, _ = hold(services, environment_id, "PR-2")
    services.leases.release_session(session, GRACE)
    before = services.queue.timeline(task).attempts[0]
    month = timedelta(days=30)

    with services.leases.outlasting(month):
        clock.advance(month)
    services.timekeeper.tick()

    assert services.queue.get(task).status == "processing"
    assert services.queue.get(lost).status == "retrying", "a session that is gone is waited for by the clock"
    assert services.timekeeper.next_due() is None
    # As long as without the move, and not longer.
    clock.advance(timedelta(seconds=389))
    services.timekeeper.tick()
    assert services.queue.get(task).status == "processing"
    clock.advance(timedelta(seconds=1))
    services.timekeeper.tick()
    assert services.queue.get(task).status == "retrying"
    assert services.leases.settle(task, lease, TaskOutput(result="success")).verdict == "stale"
    assert services.queue.timeline(task).attempts[0].leased == before.leased
