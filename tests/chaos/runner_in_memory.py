"""A runner process and its replacements, without sockets and without an author's code."""

from __future__ import annotations

from collections import Counter, deque
from pathlib import Path

from promises import COUNTDOWN_S, FINAL

from connect_eaas.protocol.messages import ACKNOWLEDGEMENTS, SetupRequest, Task, TaskOutput
from connect_eaas.protocol.session import Session, Side
from connect_eaas.runner.outbox_file import OutboxFile
from connect_eaas.runner.results import Results


class Runner:
    """What the runner keeps of its tasks, and its end of the line to the platform.

    Real are its session machine and its results with their journal on disk.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._journal = folder / f"{name}.jsonl"
        self._journal.unlink(missing_ok=True)
        self.results = Results(journal=OutboxFile(self._journal))
        self.session: Session | None = None
        # What runs, by task id, under its newest delivery.
        self.running: dict[str, Task] = {}
        # How often a handler was begun, by lease.
        self.begun: Counter[str] = Counter()
        # Leases whose run is answered under a newer one: of a delivery of those that comes again nothing is known.
        self.superseded: set[str] = set()
        # Every answer that a handler gave, by lease.
        self.answered: dict[str, str] = {}
        # Answers that the platform has not confirmed, by lease: what must survive everything.
        self._owed: dict[str, Task] = {}
        # The newest delivery of each task over the present line, by task id.
        self.delivered: dict[str, str] = {}
        self.incoming: deque[str] = deque()
        self.outgoing: deque[str] = deque()

    def introduce(self, now: float) -> None:
        self.session = Session(Side.RUNNER, now=now, features=(ACKNOWLEDGEMENTS,))
        held = [*(task.options.lease for task in self.running.values()), *self.results.leases]
        self.session.send(SetupRequest(held=held))
        self.flush()

    def flush(self) -> None:
        if self.session is not None:
            self.outgoing.extend(self.session.data_to_send())

    def take(self, task: Task) -> bool:
        """What the dispatcher does with a delivery; True if the handler is begun."""
        known = self.results.answer(task)
        if known is not None:
            self._owe(known)
            return False
        task_id, lease = task.options.task_id, task.options.lease
        done = [owed for owed in self._owed.values() if owed.options.task_id == task_id and _result(owed) in FINAL]
        assert not done, f"{task_id} is done, and would be run again under {lease}"
        assert lease not in self.answered, f"{task_id} was answered under {lease}, and would be run again under it"
        before = self.running.get(task_id)
        begins = before is None
        if before is not None and before.options.lease != lease:
            self.superseded.add(before.options.lease)
        self.running[task_id] = task
        if begins:
            self.begun[lease] += 1
        return begins

    def finish(self, task_id: str, result: str) -> None:
        task = self.running.pop(task_id)
        self.answered[task.options.lease] = result
        self._owe(task.answered(TaskOutput.model_validate({"result": result, "countdown": COUNTDOWN_S})))

    def _owe(self, result: Task) -> None:
        self._owed[result.options.lease] = result
        self.results.put(result)

    def acknowledged(self, lease: str) -> None:
        self._owed.pop(lease, None)
        self.results.acknowledged(lease)

    def send_results(self) -> None:
        if self.session is None or not self.session.configured:
            return
        for result in self.results.due():
            self.session.send(result)
            self.results.handed_over(result.options.lease, acknowledged_later=ACKNOWLEDGEMENTS in self.session.features)
        self.flush()

    def lose_the_line(self) -> None:
        if self.session is not None:
            self.session.close()
            self.session = None
            self.results.connection_lost()
        self.delivered.clear()
        self.incoming.clear()
        self.outgoing.clear()

    def die(self) -> None:
        """What was written to the journal is all that the next process knows."""
        self.lose_the_line()
        self.running.clear()
        self.results.close()
        self.results = Results(journal=OutboxFile(self._journal))
        kept = {result.options.lease: _result(result) for result in self.results.owed}
        owed = {lease: _result(result) for lease, result in self._owed.items()}
        assert kept == owed, "the journal kept something else than what is owed"


def _result(task: Task) -> str:
    assert task.output is not None
    return task.output.result
