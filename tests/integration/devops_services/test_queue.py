"""The queue's promises one by one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from connect_devops.clock import ManualClock
from connect_devops.domain.errors import NotFoundError, RuleError
from connect_devops.domain.task import Fail, Reschedule, Retry
from connect_devops.services import FernetSecrets, Services, build_services
from connect_devops.services.interactive import NoAnswerError, NotConnectedError
from connect_devops.services.lease import Leased
from connect_devops.services.queue import NewTask
from connect_devops.services.signals import Signal, TasksDue, TaskSettled
from connect_devops.storage import Store, open_store
from connect_eaas.protocol.messages import TaskOutput

from .conftest import PRODUCT, PURCHASE

BACKGROUND = ("background", "scheduled")


def put(services: Services, environment_id: str, object_id: str = "PR-1") -> str:
    return services.queue.submit(NewTask(environment_id, "background", PURCHASE, object_id)).task.id


def take(services: Services, environment_id: str, session_id: str = "session", limit: int = 1) -> list[Leased]:
    return services.leases.lease(environment_id, BACKGROUND, session_id, "INS-1", limit)


def test_a_task_that_raises_is_tried_ten_times_again_and_exactly_ten(
    services: Services, environment_id: str, clock: ManualClock
) -> None:
    task_id = put(services, environment_id)
    pauses = []
    for attempt in range(1, 12):
        [leased] = take(services, environment_id)
        assert leased.attempt == attempt
        settlement = services.leases.settle(
            task_id, leased.lease_id, TaskOutput(result="retry", message=f"no {attempt}")
        )
        if attempt <= 10:
            assert isinstance(settlement.decision, Retry)
            pauses.append(settlement.decision.at - clock.now())
            assert take(services, environment_id) == [], "delivered before its pause was over"
            following = services.timekeeper.tick()
            assert following == settlement.decision.at
            clock.advance(pauses[-1])
    assert isinstance(settlement.decision, Fail)
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=30)
    assert pauses[-1] == timedelta(hours=1)
    clock.advance(timedelta(days=1))
    assert take(services, environment_id) == []
    timeline = services.queue.timeline(task_id)
    assert timeline.task.status == "failed"
    assert timeline.task.retry_count == 10
    assert [attempt.message for attempt in timeline.attempts] == [f"no {n}" for n in range(1, 12)]

    assert services.queue.resubmit(task_id).status == "scheduled"
    [leased] = take(services, environment_id)
    again = services.leases.settle(task_id, leased.lease_id, TaskOutput(result="retry"))
    assert isinstance(again.decision, Retry), "trying again by hand starts the count anew"


def test_a_rescheduled_task_comes_back_after_its_countdown_and_is_waiting_meanwhile(
    services: Services, environment_id: str, clock: ManualClock
) -> None:
    task_id = put(services, environment_id)
    [leased] = take(services, environment_id)
    settlement = services.leases.settle(task_id, leased.lease_id, TaskOutput(result="reschedule", countdown=45))
    assert settlement.decision == Reschedule(clock.now() + timedelta(seconds=45))
    assert put(services, environment_id) == task_id, "one waiting task for object and event"
    heard: list[Signal] = []
    services.signals.subscribe(heard.append)
    clock.advance(timedelta(seconds=44))
    services.timekeeper.tick()
    assert TasksDue(environment_id) not in heard
    clock.advance(timedelta(seconds=1))
    services.timekeeper.tick()
    assert TasksDue(environment_id) in heard
    assert [item.task_id for item in take(services, environment_id)] == [task_id]


def test_a_reason_for_rescheduling_stands_with_the_attempt(services: Services, environment_id: str) -> None:
    task_id = put(services, environment_id)
    [leased] = take(services, environment_id)
    output = TaskOutput(result="reschedule", countdown=60, message="waits for stock")
    services.leases.settle(task_id, leased.lease_id, output)
    timeline = services.queue.timeline(task_id)
    assert timeline.task.status == "rescheduled"
    assert [(attempt.outcome, attempt.message) for attempt in timeline.attempts] == [("reschedule", "waits for stock")]


@pytest.mark.parametrize("result", ["retry", "reschedule"])
def test_a_task_that_waits_for_a_later_try_is_tried_now_by_hand(
    services: Services, environment_id: str, result: Literal["retry", "reschedule"]
) -> None:
    task_id = put(services, environment_id)
    with pytest.raises(RuleError, match="waits for a runner already"):
        services.queue.retry(task_id)
    [leased] = take(services, environment_id)
    with pytest.raises(RuleError, match="being processed"):
        services.queue.retry(task_id)
    services.leases.settle(task_id, leased.lease_id, TaskOutput(result=result, countdown=45))
    assert take(services, environment_id) == []
    heard: list[Signal] = []
    services.signals.subscribe(heard.append)
    assert services.queue.retry(task_id).status == "scheduled"
    assert TasksDue(environment_id) in heard
    [leased] = take(services, environment_id)
    services.leases.settle(task_id, leased.lease_id, TaskOutput(result="success"))
    with pytest.raises(RuleError, match="has succeeded"):
        services.queue.retry(task_id)
    assert [attempt.outcome for attempt in services.queue.timeline(task_id).attempts] == [result, "success"]


def test_a_change_while_the_task_runs_is_worked_on_afterwards(services: Services, environment_id: str) -> None:
    first = put(services, environment_id)
    [leased] = take(services, environment_id)
    second = put(services, environment_id)
    assert second != first
    assert take(services, environment_id) == [], "the same object is not processed twice at once"
    heard: list[Signal] = []
    services.signals.subscribe(heard.append)
    services.leases.settle(first, leased.lease_id, TaskOutput(result="success"))
    assert TasksDue(environment_id) in heard
    assert [item.task_id for item in take(services, environment_id)] == [second]


def test_a_change_during_a_try_that_fails_is_covered_by_the_next_try(services: Services, environment_id: str) -> None:
    first = put(services, environment_id)
    [leased] = take(services, environment_id)
    second = put(services, environment_id)
    services.leases.settle(first, leased.lease_id, TaskOutput(result="retry"))
    task = services.queue.get(second)
    assert task.status == "skipped"
    assert first in (task.output or "")
    with pytest.raises(RuleError, match="Only a failed task"):
        services.queue.resubmit(second)


def test_an_expired_lease_is_an_attempt_and_its_late_result_is_shown(
    services: Services, environment_id: str, clock: ManualClock
) -> None:
    task_id = put(services, environment_id)
    [leased] = take(services, environment_id)
    clock.advance(leased.expires - clock.now())
    following = services.timekeeper.tick()
    assert following == clock.now() + timedelta(seconds=30)
    assert services.leases.settle(task_id, leased.lease_id, TaskOutput(result="success")).verdict == "stale"
    [attempt] = services.queue.timeline(task_id).attempts
    assert (attempt.outcome, attempt.late_result, attempt.late_count) == ("expired", "success", 1)
    assert services.queue.get(task_id).status == "retrying"


def test_an_unknown_lease_or_task_is_told_apart(services: Services, environment_id: str) -> None:
    task_id = put(services, environment_id)
    assert services.leases.settle(task_id, "f" * 32, TaskOutput(result="success")).verdict == "unknown"
    assert services.leases.settle("TQ-0", None, TaskOutput(result="success")).verdict == "unknown"
    with pytest.raises(NotFoundError, match="TQ-0"):
        services.queue.get("TQ-0")


def test_a_result_without_lease_counts_for_the_present_one(services: Services, environment_id: str) -> None:
    task_id = put(services, environment_id)
    take(services, environment_id)
    assert services.leases.settle(task_id, None, TaskOutput(result="success")).verdict == "accepted"
    assert services.leases.settle(task_id, None, TaskOutput(result="success")).verdict == "duplicate"
    assert services.leases.settle(task_id, None, TaskOutput(result="fail")).verdict == "stale"


def test_a_message_no_database_can_hold_is_kept_as_far_as_it_can(services: Services, environment_id: str) -> None:
    task_id = put(services, environment_id)
    [leased] = take(services, environment_id)
    output = TaskOutput(result="fail", message="nul \x00 half \ud800" + "x" * 5000)
    services.leases.settle(task_id, leased.lease_id, output)
    kept = services.queue.get(task_id).output
    assert kept is not None
    assert kept.startswith("nul  half ?")
    assert len(kept) <= 4000


def test_threads_that_lease_at_once_never_get_the_same_task(services: Services, environment_id: str) -> None:
    for number in range(60):
        put(services, environment_id, f"PR-{number}")
    taken: list[str] = []
    start = threading.Barrier(3)

    def work(name: str) -> None:
        start.wait()
        while leased := take(services, environment_id, name, limit=4):
            taken.extend(item.task_id for item in leased)

    threads = [threading.Thread(target=work, args=(f"session-{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 60


def test_threads_that_submit_the_same_work_at_once_make_one_task(services: Services, environment_id: str) -> None:
    start = threading.Barrier(4)
    made: list[str] = []

    def work() -> None:
        start.wait()
        made.extend(put(services, environment_id, f"PR-{number}") for number in range(10))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 40
    assert len(set(made)) == services.queue.page(environment_id).total == 10


def test_pages_by_key_show_every_task_once(services: Services, environment_id: str) -> None:
    for number in range(7):
        put(services, environment_id, f"PR-{number}")
    seen: list[str] = []
    before: int | None = None
    while items := services.queue.page(environment_id, before=before, limit=3).items:
        seen.extend(item.object_id for item in items)
        before = items[-1].number
    assert seen == [f"PR-{number}" for number in reversed(range(7))]
    assert services.queue.page(environment_id, limit=0).total == 7
    assert services.queue.counts(environment_id) == {"scheduled": 7}


def test_what_joins_a_transaction_that_fails_did_not_happen(services: Services, environment_id: str) -> None:
    heard: list[Signal] = []
    services.signals.subscribe(heard.append)
    with pytest.raises(ZeroDivisionError), services.store.transaction():  # noqa: PT012 - the block is the point
        assert services.events.object_changed(PURCHASE, "PR-1", "pending", product_id=PRODUCT)
        assert heard == []
        _ = 1 / 0
    assert services.queue.page(environment_id).total == 0
    assert heard == []


async def test_an_interactive_call_gets_the_answer_of_the_extension(services: Services, environment_id: str) -> None:
    services.environments.open_session(environment_id, "here", "events")

    async def answer() -> None:
        with services.signals.listen(lambda signal: isinstance(signal, TasksDue)) as inbox:
            ready.set()
            await inbox.get()
        [leased] = services.leases.lease(environment_id, ["interactive"], "session", "INS-1", 5)
        output = TaskOutput(result="success", data={"http_status": 200, "body": leased.data})
        services.leases.settle(leased.task_id, leased.lease_id, output)

    ready = asyncio.Event()
    answering = asyncio.ensure_future(answer())
    await ready.wait()
    result = await services.interactive.call(environment_id, "product_custom_event_processing", "PRD-1", {"a": 1})
    await answering
    assert result.output.data == {"http_status": 200, "body": {"a": 1}}


async def test_an_interactive_call_nobody_answers_ends_in_time(
    services: Services, environment_id: str, clock: ManualClock
) -> None:
    with pytest.raises(NotConnectedError, match=environment_id):
        await services.interactive.call(environment_id, "product_custom_event_processing", "PRD-1", None)
    services.environments.open_session(environment_id, "here", "events")
    with services.signals.listen(lambda signal: isinstance(signal, TasksDue)) as inbox:
        calling = asyncio.ensure_future(
            services.interactive.call(environment_id, "product_custom_event_processing", "PRD-1", None)
        )
        await inbox.get()
    while not calling.done():
        clock.advance(timedelta(seconds=125))
        await asyncio.wait([calling], timeout=0.05)
    with pytest.raises(NoAnswerError):
        await calling
    assert services.queue.counts(environment_id) == {"failed": 1}
    assert services.leases.lease(environment_id, ["interactive"], "session", "INS-1", 5) == []


def test_an_interactive_task_fails_at_once_when_its_session_dies(services: Services, environment_id: str) -> None:
    new = NewTask(environment_id, "interactive", "product_custom_event_processing", "PRD-1", {})
    task_id = services.queue.submit(new).task.id
    services.leases.lease(environment_id, ["interactive"], "session", "INS-1", 5)
    heard: list[Signal] = []
    services.signals.subscribe(heard.append)
    services.leases.release_session("session", timedelta(minutes=1))
    assert TaskSettled(task_id, environment_id, "failed") in heard
    assert services.queue.result(task_id) is None
    assert "vanished" in str(services.queue.get(task_id).output)


VICTIM = """
import sys
from pathlib import Path
from connect_devops.clock import ManualClock
from connect_devops.services import FernetSecrets, build_services
from connect_devops.services.queue import NewTask
from connect_devops.storage import open_store
from connect_eaas.protocol.messages import TaskOutput

directory, environment_id = Path(sys.argv[1]), sys.argv[2]
services = build_services(
    open_store(directory / "data.db"), ManualClock(), secrets=FernetSecrets.in_directory(directory)
)
number = 0
while True:
    number += 1
    task = services.queue.submit(NewTask(environment_id, "background", "killed", f"PR-{number}")).task
    [leased] = services.leases.lease(environment_id, ["background"], "session", "INS-1", 1)
    if number % 2:
        services.leases.settle(task.id, leased.lease_id, TaskOutput(result="success"))
    print(task.id, "settled" if number % 2 else "leased", flush=True)
"""


def test_a_platform_killed_at_any_moment_has_lost_nothing(tmp_path: Path) -> None:
    from .conftest import make_extension

    def reopened() -> Services:
        return build_services(
            open_store(tmp_path / "data.db"), ManualClock(), secrets=FernetSecrets.in_directory(tmp_path)
        )

    services = reopened()
    environment_id = make_extension(services).environments["development"].id
    services.store.close()
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(VICTIM), str(tmp_path), environment_id],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    ) as victim:
        assert victim.stdout is not None
        said = [victim.stdout.readline().split() for _ in range(25)]
        victim.send_signal(signal.SIGKILL)
        said += [line.split() for line in victim.stdout.read().splitlines()]
    assert len(said) >= 25
    services = reopened()
    services.recover(timedelta(0))
    for task_id, state in said:
        task = services.queue.get(task_id)
        assert task.status == ("succeeded" if state == "settled" else "retrying")
    again = take(services, environment_id, limit=1000)
    assert {task_id for task_id, state in said if state == "leased"} <= {item.task_id for item in again}
    services.store.close()


def test_one_store_is_shared_by_two_platforms(
    store: Store, services: Services, environment_id: str, clock: ManualClock, secrets: FernetSecrets
) -> None:
    other = build_services(store, clock, secrets=secrets)
    task_id = put(services, environment_id)
    [leased] = take(other, environment_id)
    assert take(services, environment_id) == []
    assert services.leases.settle(task_id, leased.lease_id, TaskOutput(result="success")).verdict == "accepted"
    assert other.queue.get(task_id).status == "succeeded"
