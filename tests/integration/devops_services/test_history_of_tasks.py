"""What is kept beside tasks: the API calls of their handlers, and their objects as they were."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from connect_devops.clock import ManualClock
from connect_devops.domain.account import Identity
from connect_devops.ids import Ids
from connect_devops.services import FernetSecrets, Services
from connect_devops.services.context import Context
from connect_devops.services.queue import NewTask, Submission
from connect_devops.services.signals import CallsNoted, CallsStored, Signal
from connect_devops.services.task_calls import TaskCalls
from connect_devops.services.task_objects import TaskObjects
from connect_devops.storage import Store
from connect_devops.storage.objects import ObjectStore, StoredObject
from connect_eaas.protocol.messages import TaskOutput

from .conftest import PURCHASE


@pytest.fixture
def owner(services: Services, environment_id: str) -> Identity:
    found = services.accounts.owner()
    assert found is not None
    return Identity(found, "SU-1", "Key")


@pytest.fixture
def context(store: Store, clock: ManualClock, secrets: FernetSecrets, services: Services) -> Context:
    return Context(store, clock, Ids(), secrets, services.signals)


def put(services: Services, environment_id: str, object_id: str = "PR-1") -> Submission:
    return services.queue.submit(NewTask(environment_id, "background", PURCHASE, object_id))


def call(calls: TaskCalls, task_id: str, by: Identity, clock: ManualClock, path: str = "/requests") -> None:
    calls.note(task_id, by, at=clock.now(), method="GET", path=path, status=200, duration=0.01)


def test_calls_stand_at_the_attempts_that_made_them(
    services: Services, environment_id: str, owner: Identity, clock: ManualClock
) -> None:
    task_id = put(services, environment_id).task.id
    call(services.task_calls, task_id, owner, clock, "/before")
    for number in (1, 2):
        clock.advance(timedelta(minutes=10))
        (leased,) = services.leases.lease(environment_id, ["background"], "session", "INS-1", 1)
        clock.advance(timedelta(seconds=1))
        call(services.task_calls, task_id, owner, clock, f"/during/{number}")
        clock.advance(timedelta(seconds=1))
        services.leases.settle(task_id, leased.lease_id, TaskOutput.model_validate({"result": "retry"}))
    found = [(item.attempt, item.path) for item in services.task_calls.of(task_id)]
    assert found == [(None, "/before"), (1, "/during/1"), (2, "/during/2")]


def test_calls_may_have_any_path_and_method(
    services: Services, environment_id: str, owner: Identity, clock: ManualClock
) -> None:
    task_id = put(services, environment_id).task.id
    for path in ("/\0/x", "/" + "y" * 5000, "/\ufffd", "/\x1b[2J\n\x9b1m\u202e", "/" + "\ud800" * 200):
        services.task_calls.note(
            task_id, owner, at=clock.now(), method="PROPFINDANDMOREOFIT", path=path, status=405, duration=0.0
        )
    found = services.task_calls.of(task_id)
    assert [item.path for item in found] == [
        "/%00/x",
        "/" + "y" * 999,
        "/\ufffd",
        "/%1B[2J%0A%C2%9B1m%E2%80%AE",
        ("/" + "%ED%A0%80" * 200)[:1000],
    ]
    assert {item.method for item in found} == {"PROPFINDANDMOREO"}


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("api_key=abc&limit=1", "api_key=********&limit=1"),
        ("limit=1&access_token=a=b", "limit=1&access_token=********"),
        ("X-Amz-Signature=abc&a=?token=d", "X-Amz-Signature=********&a=?token=********"),
        ("eq(status,token)&tokens=3&key=v", "eq(status,token)&tokens=3&key=v"),
    ],
)
def test_secrets_in_queries_are_not_kept(
    services: Services, environment_id: str, owner: Identity, clock: ManualClock, query: str, kept: str
) -> None:
    task_id = put(services, environment_id).task.id
    call(services.task_calls, task_id, owner, clock, f"/requests?{query}")
    (found,) = services.task_calls.of(task_id)
    assert found.path == f"/requests?{kept}"


def test_only_calls_of_its_owner_and_of_its_installation_count(
    services: Services, environment_id: str, owner: Identity, clock: ManualClock
) -> None:
    task_id = put(services, environment_id).task.id
    stranger = Identity(services.accounts.create("Stranger", "vendor"), "SU-2", "Key")
    installed = Identity(owner.account, "SU-3", "Key", installation_id="EIN-1")
    for by in (owner, stranger, installed):
        call(services.task_calls, task_id, by, clock)
    call(services.task_calls, "TQ-0-0", owner, clock)
    assert len(services.task_calls.of(task_id)) == 1
    assert services.task_calls.of("TQ-0-0") == []


def test_calls_of_one_task_and_of_all_are_bounded_and_the_newest_stay(
    services: Services, context: Context, environment_id: str, owner: Identity, clock: ManualClock
) -> None:
    calls = TaskCalls(context, most=8, most_of_a_task=5)
    first, second = (put(services, environment_id, f"PR-{number}").task.id for number in (1, 2))
    for number in range(12):
        call(calls, first, owner, clock, f"/{number}")
        clock.advance(timedelta(seconds=1))
    assert [item.path for item in calls.of(first)] == ["/7", "/8", "/9", "/10", "/11"]
    for number in range(5):
        call(calls, second, owner, clock, f"/{number}")
    assert len(calls.of(second)) == 5
    assert [item.path for item in calls.of(first)] == ["/9", "/10", "/11"]


def test_a_handler_that_makes_very_many_calls_leaves_other_tasks_theirs(
    services: Services, context: Context, environment_id: str, owner: Identity, clock: ManualClock
) -> None:
    calls = TaskCalls(context, most=8, most_of_a_task=5)
    quiet, noisy = (put(services, environment_id, f"PR-{number}").task.id for number in (1, 2))
    for number in range(3):
        call(calls, quiet, owner, clock, f"/{number}")
    calls.store()
    for _ in range(4):
        for _ in range(10):
            call(calls, noisy, owner, clock)
        calls.store()
    assert len(calls.of(noisy)) == 5
    assert [item.path for item in calls.of(quiet)] == ["/0", "/1", "/2"]


def test_what_waits_behind_calls_that_could_not_be_stored_is_told_of_again(
    store: Store, services: Services, context: Context, environment_id: str, owner: Identity, clock: ManualClock
) -> None:
    told: list[Signal] = []
    calls = TaskCalls(context)
    task_id = put(services, environment_id).task.id
    stop = services.signals.subscribe(told.append)
    for _ in range(600):
        call(calls, task_id, owner, clock)
    with store.transaction() as transaction:
        transaction.connection.execute(text("ALTER TABLE task_calls RENAME TO elsewhere"))
    with pytest.raises(DBAPIError):
        calls.store()
    with store.transaction() as transaction:
        transaction.connection.execute(text("ALTER TABLE elsewhere RENAME TO task_calls"))
    assert told == [CallsNoted(), CallsNoted()]
    assert len(calls.of(task_id)) == 100
    stop()


def test_noting_is_told_once_until_it_is_stored(
    services: Services, environment_id: str, owner: Identity, clock: ManualClock
) -> None:
    told: list[Signal] = []
    task_id = put(services, environment_id).task.id
    stop = services.signals.subscribe(told.append)
    for _ in range(3):
        call(services.task_calls, task_id, owner, clock)
    assert told == [CallsNoted()]
    services.task_calls.store()
    assert told == [CallsNoted(), CallsStored()]
    call(services.task_calls, task_id, owner, clock)
    stop()
    assert told == [CallsNoted(), CallsStored(), CallsNoted()]
    assert len(services.task_calls.of(task_id)) == 4


def test_an_object_is_kept_as_it_was_until_its_task_is_delivered(
    services: Services, environment_id: str, store: Store
) -> None:
    def changed(**fields: str) -> None:
        doc = {"id": "PR-1", "events": {"updated": fields}, **fields}
        with store.transaction():
            ObjectStore(store).put(StoredObject("requests", "PR-1", doc))
            services.task_objects.keep([put(services, environment_id)], "requests", doc)

    changed(status="pending", note="first")
    changed(status="pending", note="second")
    task_id = put(services, environment_id).task.id
    assert services.task_objects.of("TQ-0-0") is None
    found = services.task_objects.of(task_id)
    assert found is not None
    assert found.was["note"] == "second"
    assert found.changes == ()

    (leased,) = services.leases.lease(environment_id, ["background"], "session", "INS-1", 1)
    changed(status="approved", note="second")
    services.leases.settle(task_id, leased.lease_id, TaskOutput.model_validate({"result": "success"}))
    found = services.task_objects.of(task_id)
    assert found is not None
    assert [(item.path, item.was, item.now) for item in found.changes] == [("status", "pending", "approved")]

    ObjectStore(store).delete("requests", "PR-1")
    found = services.task_objects.of(task_id)
    assert found is not None
    assert found.now is None


def test_objects_of_the_newest_tasks_are_kept(
    services: Services, context: Context, environment_id: str, store: Store
) -> None:
    objects = TaskObjects(context, most=2)
    made = [put(services, environment_id, f"PR-{number}") for number in range(4)]
    for submission in made:
        objects.keep([submission], "requests", {"id": submission.task.object_id})
    assert [objects.of(submission.task.id) is not None for submission in made] == [False, False, True, True]
