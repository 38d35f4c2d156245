"""Everything that can happen to the queue, in any order: nothing is lost, doubled or tried too often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connect_devops.clock import ManualClock
from connect_devops.domain.errors import RuleError
from connect_devops.ids import Ids
from connect_devops.services import FernetSecrets, Services, build_services
from connect_devops.services.lease import Leased
from connect_devops.services.queue import NewTask
from connect_devops.storage import Store, open_store
from connect_eaas.protocol.messages import TaskOutput

from .conftest import make_extension

CATEGORIES = ("background", "scheduled", "interactive")
EVENT = {
    "background": "asset_purchase_request_processing",
    "scheduled": "scheduled_execution",
    "interactive": "validation",
}
OUTPUTS = st.builds(
    TaskOutput,
    result=st.sampled_from(["success", "skip", "fail", "retry", "retry", "retry", "reschedule"]),
    countdown=st.integers(0, 400),
    message=st.none() | st.text(max_size=5),
)
USED_UP = ("retry", "lost", "expired")
FINAL = {"success": "succeeded", "skip": "skipped", "fail": "failed"}


class QueueMachine(RuleBasedStateMachine):
    """Two sessions of one environment against the real services; the machine keeps its own books."""

    new_store: Callable[[], Store]
    secrets: FernetSecrets

    @initialize()
    def start(self) -> None:
        self.clock = ManualClock()
        self.store = self.new_store()
        self.opened = [self.store]
        self.restarts = 0
        self.services: Services = build_services(
            self.store, self.clock, secrets=self.secrets, ids=Ids(seed=1), platform_id="it"
        )
        self.environment_id = make_extension(self.services).environments["development"].id
        self.tasks: dict[str, tuple[str, str]] = {}
        self.open: dict[str, Leased] = {}
        self.session_of: dict[str, str] = {}
        self.ended: dict[str, Leased] = {}
        self.accepted: dict[str, TaskOutput] = {}
        self.final: dict[str, str] = {}
        self.leases = Counter[str]()
        self.resubmitted = Counter[str]()
        self.sessions = {name: self.connect(name) for name in ("one", "two")}

    def connect(self, name: str) -> tuple[str, str]:
        session = self.services.environments.open_session(self.environment_id, name, "events")
        return session.id, session.instance_id

    @rule(category=st.sampled_from(CATEGORIES), thing=st.sampled_from("AB"))
    def submit(self, category: str, thing: str) -> None:
        submission = self.services.queue.submit(
            NewTask(self.environment_id, category, EVENT[category], thing, {"of": thing})  # type: ignore[arg-type]
        )
        assert submission.created == (submission.task.id not in self.tasks)
        assert submission.created or category != "interactive"
        self.tasks[submission.task.id] = (category, thing)

    @rule(name=st.sampled_from(["one", "two"]), limit=st.integers(1, 3))
    def lease(self, name: str, limit: int) -> None:
        session_id, instance_id = self.sessions[name]
        leased = self.services.leases.lease(self.environment_id, CATEGORIES, session_id, instance_id, limit)
        assert len(leased) <= limit
        held = {item.task_id for item in self.open.values()}
        for item in leased:
            assert item.task_id not in held, "a task was leased twice at once"
            assert item.task_id not in self.final, "a task that is done was leased"
            held.add(item.task_id)
            self.open[item.lease_id] = item
            self.session_of[item.lease_id] = session_id
            self.leases[item.task_id] += 1

    @precondition(lambda self: self.open)
    @rule(data=st.data(), output=OUTPUTS)
    def settle(self, data: st.DataObject, output: TaskOutput) -> None:
        item = self.open[data.draw(st.sampled_from(sorted(self.open)))]
        settlement = self.services.leases.settle(item.task_id, item.lease_id, output)
        assert settlement.verdict == "accepted"
        self.close(item.lease_id)
        self.accepted[item.lease_id] = output
        if output.result in FINAL:
            self.final[item.task_id] = FINAL[output.result]
            assert settlement.task is not None
            assert settlement.task.status == FINAL[output.result]

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def repeat_a_result(self, data: st.DataObject) -> None:
        lease_id = data.draw(st.sampled_from(sorted(self.accepted)))
        task_id = self.ended[lease_id].task_id
        before = self.services.queue.timeline(task_id)
        assert self.services.leases.settle(task_id, lease_id, self.accepted[lease_id]).verdict == "duplicate"
        assert self.services.queue.timeline(task_id) == before

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def answer_too_late(self, data: st.DataObject) -> None:
        lease_id = data.draw(st.sampled_from(sorted(self.ended)))
        task_id = self.ended[lease_id].task_id
        before = self.services.queue.get(task_id)
        late = TaskOutput(result="success", message="another answer than any before")
        assert self.services.leases.settle(task_id, lease_id, late).verdict == "stale"
        assert self.services.queue.get(task_id) == before
        attempt = next(a for a in self.services.queue.timeline(task_id).attempts if a.lease_id == lease_id)
        assert attempt.late_count >= 1
        assert attempt.late_result == "success"

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def hand_back(self, data: st.DataObject) -> None:
        item = self.open[data.draw(st.sampled_from(sorted(self.open)))]
        before = self.services.queue.get(item.task_id)
        after = self.services.leases.hand_back(item.lease_id)
        assert after is not None
        assert after.status == "scheduled"
        assert after.retry_count == before.retry_count
        self.close(item.lease_id)
        assert self.services.leases.hand_back(item.lease_id) is None

    @rule(name=st.sampled_from(["one", "two"]), grace=st.sampled_from([0, 20]), held=st.floats(0, 1))
    def crash_and_come_back(self, name: str, grace: int, held: float) -> None:
        old, _ = self.sessions[name]
        self.services.environments.close_session(old)
        mine = sorted(lease for lease, session in self.session_of.items() if session == old and lease in self.open)
        assert sorted(self.services.leases.release_session(old, timedelta(seconds=grace))) == mine
        session_id, instance_id = self.sessions[name] = self.connect(name)
        named = mine[: round(held * len(mine))]
        answer = self.services.leases.reattach(self.environment_id, instance_id, session_id, named, CATEGORIES)
        for lease_id in mine:
            survives = lease_id in named and grace > 0 and self.open[lease_id].category != "interactive"
            assert (lease_id in answer.kept) == survives
            if survives:
                self.session_of[lease_id] = session_id
            else:
                self.lost(lease_id)
        assert answer.ended == frozenset(named) - answer.kept

    @rule(seconds=st.sampled_from([1, 30, 100, 400, 4000, 60_000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        now = self.clock.now()
        following = self.services.timekeeper.tick()
        assert following is None or following > now
        for lease_id in [lease for lease, item in self.open.items() if item.expires <= now]:
            self.lost(lease_id)

    @precondition(lambda self: self.final)
    @rule(data=st.data())
    def try_again_by_hand(self, data: st.DataObject) -> None:
        task_id = data.draw(st.sampled_from(sorted(self.final)))
        category, thing = self.tasks[task_id]
        twins = [
            other
            for other, key in self.tasks.items()
            if key == (category, thing)
            and self.services.queue.get(other).status in ("scheduled", "rescheduled", "retrying")
        ]
        if self.final[task_id] != "failed" or category == "interactive" or twins:
            with pytest.raises(RuleError):
                self.services.queue.resubmit(task_id)
        else:
            assert self.services.queue.resubmit(task_id).status == "scheduled"
            del self.final[task_id]
            self.resubmitted[task_id] = self.leases[task_id]

    @precondition(lambda self: self.tasks)
    @rule(data=st.data())
    def somebody_does_not_want_to_wait(self, data: st.DataObject) -> None:
        task_id = data.draw(st.sampled_from(sorted(self.tasks)))
        status = self.services.queue.get(task_id).status
        if status in ("rescheduled", "retrying"):
            found = self.services.queue.retry(task_id)
            assert (found.status, found.due) == ("scheduled", self.clock.now())
            self.resubmitted[task_id] = self.leases[task_id]
        elif status != "failed":
            with pytest.raises(RuleError):
                self.services.queue.retry(task_id)

    @rule(grace=st.sampled_from([0, 20]))
    def platform_is_killed(self, grace: int) -> None:
        # The old store is left as it is, connections and all: nobody says goodbye.
        if self.store.dialect == "sqlite":
            self.store = open_store(self.store.engine.url.render_as_string())
            self.opened.append(self.store)
        self.restarts += 1
        self.services = build_services(
            self.store, self.clock, secrets=self.secrets, ids=Ids(seed=1 + self.restarts), platform_id="it"
        )
        self.services.recover(timedelta(seconds=grace))
        old = dict(self.sessions)
        self.sessions = {name: self.connect(name) for name in old}
        for name, (session_id, instance_id) in self.sessions.items():
            mine = sorted(x for x, session in self.session_of.items() if session == old[name][0] and x in self.open)
            kept = self.services.leases.reattach(self.environment_id, instance_id, session_id, mine, CATEGORIES).kept
            for lease_id in mine:
                if lease_id in kept:
                    assert grace > 0
                    self.session_of[lease_id] = session_id
                else:
                    assert grace == 0 or self.open[lease_id].category == "interactive"
                    self.lost(lease_id)

    def close(self, lease_id: str) -> None:
        self.ended[lease_id] = self.open.pop(lease_id)

    def lost(self, lease_id: str) -> None:
        task_id = self.open[lease_id].task_id
        self.close(lease_id)
        if self.services.queue.get(task_id).status == "failed":
            self.final[task_id] = "failed"

    @invariant()
    def books_agree(self) -> None:
        if not hasattr(self, "tasks"):
            return
        waiting = Counter[tuple[str, str]]()
        busy = Counter[tuple[str, str]]()
        held = {item.task_id: lease_id for lease_id, item in self.open.items()}
        for task_id, key in self.tasks.items():
            timeline = self.services.queue.timeline(task_id)
            task = timeline.task
            lasting = [attempt.lease_id for attempt in timeline.attempts if attempt.ended is None]
            assert (task.status == "processing") == (task_id in held)
            assert lasting == ([held[task_id]] if task_id in held else [])
            assert len(timeline.attempts) == task.attempt_count == self.leases[task_id], "an attempt is missing"
            if task_id in self.final:
                assert task.status == self.final[task_id], "an accepted result was lost"
            if key[0] == "interactive":
                assert task.attempt_count <= 1 or all(a.outcome == "handed_back" for a in timeline.attempts[:-1])
                assert task.retry_count == 0
                continue
            waiting[key] += task.status in ("scheduled", "rescheduled", "retrying")
            busy[key] += task.status == "processing"
            used = 0
            for attempt in timeline.attempts[self.resubmitted[task_id] :]:
                used = 0 if attempt.outcome == "reschedule" else used + (attempt.outcome in USED_UP)
            assert used <= 11
            last = timeline.attempts[-1].outcome if timeline.attempts else None
            if used == 11:
                assert task.status == "failed"
            elif last in USED_UP and task.attempt_count > self.resubmitted[task_id]:
                assert task.status != "failed", f"given up after {used} tries"
                self.final.pop(task_id, None)
            if task.status == "failed":
                self.final[task_id] = "failed"
        assert all(count <= 1 for count in waiting.values()), "the same work waits twice"
        assert all(count <= 1 for count in busy.values()), "the same work is done twice at once"

    def teardown(self) -> None:
        for store in getattr(self, "opened", []):
            store.close()


def test_any_order_of_happenings_keeps_the_promises(
    new_store: Callable[[], Store], secrets: FernetSecrets, backend: str
) -> None:
    def machine() -> QueueMachine:
        made = QueueMachine()
        made.new_store = new_store
        made.secrets = secrets
        return made

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20 if backend == "sqlite" else 8,
            stateful_step_count=40,
            deadline=None,
            # Shrinking a failure takes minutes here; the first counterexample is readable enough.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
