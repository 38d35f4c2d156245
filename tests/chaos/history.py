"""A runner, a platform and the line between them, played from a script of bytes: every message boundary is a place for
a fault.

Real are the session machine of both sides, the runner's outbox, and the platform's decisions about tasks. The rest is
bookkeeping of what the dispatcher and the queue do, in memory, so that ten thousand histories take a minute.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from connect_devops.domain.task import DONE, Decision, Retry, RetryPolicy, Status, decide, decide_lost, status_after
from connect_eaas.protocol.messages import (
    ACKNOWLEDGEMENTS,
    Ack,
    SetupRequest,
    SetupResponse,
    Task,
    TaskInput,
    TaskOptions,
    TaskOutput,
)
from connect_eaas.protocol.outbox import Outbox
from connect_eaas.protocol.session import Session, Side
from connect_eaas.protocol.session_events import (
    Acknowledged,
    Configured,
    Event,
    FrameRejected,
    ResultReceived,
    SetupRequested,
    TaskReceived,
)

_START = datetime(2026, 1, 1, tzinfo=timezone.utc)
_FINAL = ("success", "skip", "fail")
_RESULTS = ("success", "skip", "fail", "retry", "retry", "retry", "reschedule")
_RUBBISH = ("", "{}", "nonsense", '{"version": 2, "message_type": "task"}', '{"version": 2, "message_type": "later"}')
_MOST_TASKS = 4


@dataclass
class Row:
    """One task as the platform keeps it."""

    status: Status = "scheduled"
    due: datetime = _START
    used: int = 0
    leases: int = 0
    # What ended each attempt: a result's name, or `lost`.
    ends: list[str] = field(default_factory=list)


class History:
    """Play it with `play`, then let it `heal`."""

    def __init__(self, script: bytes) -> None:
        self._script = deque(script)
        self._policy = RetryPolicy()
        self.now = _START
        # The platform's side; survives everything.
        self.rows: dict[str, Row] = {}
        self.open: dict[str, str] = {}
        self.accepted: dict[str, str] = {}
        self.refused: set[str] = set()
        # The runner's side. The outbox is on disk: it survives the runner's death, what runs does not.
        self.outbox = Outbox()
        self.running: dict[str, Task] = {}
        self.runs: Counter[str] = Counter()
        self.answered: dict[str, str] = {}
        # The line.
        self.runner: Session | None = None
        self.platform: Session | None = None
        self.to_runner: deque[str] = deque()
        self.to_platform: deque[str] = deque()

    def play(self) -> None:
        """Do what the script says."""
        steps = (
            self.publish,
            self.lease,
            self.lease,
            self.arrive_at_runner,
            self.arrive_at_runner,
            self.arrive_at_platform,
            self.arrive_at_platform,
            self.finish,
            self.finish,
            self.send_results,
            self.deliver_again,
            self.double_a_frame,
            self.cut,
            self.connect,
            self.kill_runner,
            self.time_passes,
            self.rubbish,
        )
        while self._script:
            steps[self._script.popleft() % len(steps)]()

    def heal(self) -> None:
        """No more faults: everything settles."""
        for _ in range(200):
            self.connect()
            while self.to_runner or self.to_platform:
                self.arrive_at_runner()
                self.arrive_at_platform()
            if all(row.status in DONE for row in self.rows.values()) and not len(self.outbox):
                return
            self.time_passes()
            for _ in self.rows:
                self.lease()
            while self.to_runner:
                self.arrive_at_runner()
            while self.running:
                self._finish(next(iter(self.running)), "success")
            self.send_results()
        raise AssertionError(f"not settled: {self.rows}, owed {self.outbox.leases}")

    # The platform.

    def publish(self) -> None:
        if len(self.rows) < _MOST_TASKS:
            self.rows[f"TQ-{len(self.rows)}"] = Row(due=self.now)

    def lease(self) -> None:
        if self.platform is None or not self.platform.may_send("task"):
            return
        for task_id, row in self.rows.items():
            if row.status in ("scheduled", "retrying", "rescheduled") and row.due <= self.now:
                row.status = status_after(row.status, "lease")
                row.leases += 1
                lease = f"{task_id}/{row.leases}"
                self.open[lease] = task_id
                self.platform.send(_task(task_id, lease))
                self._flush()
                return

    def deliver_again(self) -> None:
        lease = self._choose(self.open)
        if lease is not None and self.platform is not None and self.platform.may_send("task"):
            self.platform.send(_task(self.open[lease], lease))
            self._flush()

    def time_passes(self) -> None:
        self.now += timedelta(hours=2)

    def arrive_at_platform(self) -> None:
        if self.platform is None or not self.to_platform:
            return
        for event in self.platform.receive(self.to_platform.popleft(), 0.0):
            self._at_platform(event)
        self._flush()

    def _at_platform(self, event: Event) -> None:
        assert self.platform is not None
        if isinstance(event, SetupRequested):
            # An empty list says it too: nothing is held any more.
            for lease in set(self.open) - set(event.request.held or ()):
                self._end(lease, "lost")
            self.platform.send(SetupResponse())
        elif isinstance(event, ResultReceived):
            self._settle(event.task)
        else:
            assert isinstance(event, FrameRejected), event

    def _settle(self, result: Task) -> None:
        assert self.platform is not None
        assert result.output is not None
        lease = result.options.lease
        if lease in self.open:
            self.accepted[lease] = result.output.result
            self._end(lease, result.output.result)
        elif lease not in self.accepted:
            self.refused.add(result.options.task_id)
        if self.platform.may_send("ack"):
            self.platform.send(Ack(task_id=result.options.task_id, correlation_id=lease))

    def _end(self, lease: str, how: str) -> None:
        task_id = self.open.pop(lease)
        row = self.rows[task_id]
        decision: Decision
        if how == "lost":
            decision = decide_lost(how, category="background", retries_used=row.used, now=self.now, at_once=True)
        else:
            output = TaskOutput.model_validate({"result": how, "countdown": 30})
            decision = decide(output, category="background", retries_used=row.used, now=self.now)
        row.status = status_after(row.status, decision.happening)
        row.ends.append(how)
        row.used = row.used + 1 if isinstance(decision, Retry) else 0
        row.due = getattr(decision, "at", self.now)

    # The runner.

    def arrive_at_runner(self) -> None:
        if self.runner is None or not self.to_runner:
            return
        for event in self.runner.receive(self.to_runner.popleft(), 0.0):
            if isinstance(event, TaskReceived):
                self._take(event.task)
            elif isinstance(event, Acknowledged):
                self.outbox.acknowledged(event.ack.correlation_id or event.ack.task_id)
            else:
                assert isinstance(event, (Configured, FrameRejected)), event

    def _take(self, task: Task) -> None:
        task_id = task.options.task_id
        known = self.outbox.answer(task)
        if known is not None:
            self.outbox.put(known)
        elif task_id in self.running:
            self.running[task_id] = task
        else:
            final = self.answered.get(task_id)
            assert final not in _FINAL or task_id in self.refused, f"{task_id} is done ({final}) and runs again"
            self.runs[task_id] += 1
            self.running[task_id] = task

    def finish(self) -> None:
        task_id = self._choose(self.running)
        if task_id is not None:
            self._finish(task_id, _RESULTS[self._number() % len(_RESULTS)])

    def _finish(self, task_id: str, result: str) -> None:
        self.answered[task_id] = result
        self.refused.discard(task_id)
        self.outbox.put(self.running.pop(task_id).answered(TaskOutput.model_validate({"result": result})))

    def send_results(self) -> None:
        if self.runner is None or not self.runner.configured:
            return
        for result in self.outbox.due():
            self.runner.send(result)
            later = ACKNOWLEDGEMENTS in self.runner.features
            assert later
            self.outbox.handed_over(result.options.lease, acknowledged_later=later)
        self._flush()

    def kill_runner(self) -> None:
        """What was written to the disk is all that the next process knows."""
        self.cut()
        self.running.clear()
        owed = self.outbox.results
        self.outbox = Outbox()
        for result in owed:
            self.outbox.put(result)

    # The line.

    def connect(self) -> None:
        if self.runner is not None:
            return
        self.runner, self.platform = Session(Side.RUNNER, now=0.0), Session(Side.PLATFORM, now=0.0)
        held = [*(task.options.lease for task in self.running.values()), *self.outbox.leases]
        self.runner.send(SetupRequest(held=held))
        self._flush()

    def cut(self) -> None:
        """Or the platform dies: its rows are on disk, so to the runner it is the same."""
        if self.runner is None or self.platform is None:
            return
        self.runner.close()
        self.platform.close()
        self.runner = self.platform = None
        self.to_runner.clear()
        self.to_platform.clear()
        self.outbox.connection_lost()

    def double_a_frame(self) -> None:
        line = self.to_runner if self._number() % 2 else self.to_platform
        if line:
            line.append(line[0])

    def rubbish(self) -> None:
        session = self.runner if self._number() % 2 else self.platform
        if session is not None:
            events = session.receive(_RUBBISH[self._number() % len(_RUBBISH)], 0.0)
            assert all(isinstance(event, FrameRejected) for event in events)

    def _flush(self) -> None:
        if self.runner is not None and self.platform is not None:
            self.to_platform.extend(self.runner.data_to_send())
            self.to_runner.extend(self.platform.data_to_send())

    def _number(self) -> int:
        return self._script.popleft() if self._script else 0

    def _choose(self, things: dict[str, object] | dict[str, str] | dict[str, Task]) -> str | None:
        names = sorted(things)
        return names[self._number() % len(names)] if names else None


def _task(task_id: str, lease: str) -> Task:
    return Task(
        options=TaskOptions(task_id=task_id, task_category="background", correlation_id=lease),
        input=TaskInput(event_type="asset_purchase_request_processing", object_id="PR-1"),
    )
