"""Two runners, a platform and the lines between them, played from a script of bytes: every message boundary is a place
for a fault.

Real are the session machine of both sides, the runner's results with their journal on disk, the hub's desk, and the
queue with its leases in a database. What is left out is what neither promises nor breaks anything here: sockets, the
author's code, and the environment's configuration.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from platform_in_memory import CATEGORIES, GRACE, PlatformInMemory
from promises import check_task
from runner_in_memory import Runner

from connect_devops.hub.address import RunnerAddress
from connect_devops.hub.desk import Desk
from connect_eaas.protocol.messages import SetupRequest, Task
from connect_eaas.protocol.session import HANDSHAKE_TIMEOUT_S, Session, Side, State
from connect_eaas.protocol.session_events import (
    Acknowledged,
    Configured,
    FrameRejected,
    ResultReceived,
    SetupRequested,
    TaskReceived,
)

_ANSWERS = ("success", "skip", "fail", "retry", "retry", "reschedule", "retry", "reschedule")
_RUBBISH = ("", "{}", "nonsense", '{"version": 2, "message_type": "task"}', '{"version": 2, "message_type": "later"}')
_MOST_TASKS = 4


class History:
    """Play it with `play`, then let it `heal`, then `check` it.

    Args:
        script: what happens.
        platform: the database, without tasks.
        folder: where the runners keep their journals.
    """

    def __init__(self, script: bytes, platform: PlatformInMemory, folder: Path) -> None:
        self._script = deque(script)
        self._read = 0
        # Whether handlers ask for retries for ever once the faults are over.
        self._stubborn = self._number() % 32 == 0
        self._platform = platform
        self._services = platform.start()
        self._monotonic = 0.0
        self._connections = 0
        self.runners = [Runner("one", folder), Runner("two", folder)]
        # The platform's ends of the lines that it believes in, by runner.
        self._desks: dict[str, tuple[Session, Desk]] = {}
        self.tasks: list[str] = []
        self.seen: Counter[str] = Counter()

    def play(self) -> None:
        """Do what the script says: each number chooses a runner, and one of the things that can happen to it now."""
        while self._script:
            number = self._number()
            if number == 255:
                self.seen["kill_platform"] += 1
                self.kill_platform()
                continue
            # Most happens to one runner; another one makes it harder to keep order.
            runner = self.runners[number % 3 == 2]
            steps = list(self._possible(runner))
            step = steps[number // 3 % len(steps)]
            self.seen[step.__name__] += 1
            step(runner)

    def _possible(self, runner: Runner) -> Iterator[Callable[[Runner], None]]:
        """What can happen now; what should happen stands there more often than what should not."""
        yield from (self.kill_runner, self.time_passes, self.much_time_passes, self.rubbish)
        if runner.session is None:
            yield from (self.connect,) * 14
            if runner.name in self._desks:
                yield self.notice
        else:
            yield self.cut
            yield from (self.pump,) * 4
            if runner.results.due():
                yield from (self.send_results,) * 14
        if runner.running:
            yield from (self.finish,) * 10
        if runner.incoming or runner.outgoing:
            yield from (self.drop, self.duplicate)
        if runner.delivered:
            yield self.repeat
        if runner.incoming:
            yield from (self.arrive_at_runner,) * 16
        if runner.outgoing:
            yield from (self.arrive_at_platform,) * 16
        if len(self.tasks) < _MOST_TASKS:
            yield self.publish

    def heal(self) -> None:
        """No more faults: everything settles."""
        for runner in self.runners:
            # A frame that vanished is made good by the next connection.
            self.cut(runner)
            self.connect(runner)
        for _ in range(40):
            for runner in self.runners:
                self._let_flow(runner)
                while runner.running:
                    runner.finish(next(iter(runner.running)), "retry" if self._stubborn else "success")
                runner.send_results()
                self._let_flow(runner)
            if not any(len(runner.results) for runner in self.runners) and self._platform.all_done():
                return
            self._advance(timedelta(hours=2))
            # One runner is enough now.
            self.pump(self.runners[0])
        raise AssertionError("the tasks do not settle")

    def check(self) -> None:
        """Hold every promise against what the database says; count what happened in `seen`."""
        begun = [runner.begun[lease] for runner in self.runners for lease in runner.begun.keys() - runner.superseded]
        answered = {**self.runners[0].answered, **self.runners[1].answered}
        assert max(begun, default=1) == 1, "the same lease was run twice"
        timelines = self._platform.timelines()
        assert sorted(timelines) == sorted(self.tasks), "tasks came from nowhere, or vanished"
        for task_id, (status, attempts) in timelines.items():
            self.seen.update(check_task(task_id, status, attempts, answered))

    # The platform.

    def publish(self, _: Runner) -> None:
        self.tasks.append(self._platform.publish(self._services, f"PR-{len(self.tasks)}"))

    def pump(self, runner: Runner) -> None:
        session, desk = self._desks.get(runner.name, (None, None))
        if session is None or desk is None or not session.may_send("task"):
            return
        for task in desk.take_tasks():
            session.send(task)
        runner.incoming.extend(session.data_to_send())

    def arrive_at_platform(self, runner: Runner) -> None:
        session, desk = self._desks.get(runner.name, (None, None))
        if session is None or desk is None or not runner.outgoing:
            return
        for event in session.receive(runner.outgoing.popleft(), self._monotonic):
            if isinstance(event, SetupRequested):
                self._set_up(runner, session, desk, event.request)
            elif isinstance(event, ResultReceived):
                for confirmation in desk.settle([event.task]):
                    session.send(confirmation)
            else:
                assert isinstance(event, FrameRejected), event
        runner.incoming.extend(session.data_to_send())

    def _set_up(self, runner: Runner, session: Session, desk: Desk, request: SetupRequest) -> None:
        """A runner that came back keeps the tasks that it names, and no others."""
        before = self._platform.held_by_instance(runner.name)
        session.send(desk.set_up(request, bool(session.features)))
        after = self._platform.held_by_instance(runner.name)
        kept = before.keys() & set(request.held or ())
        assert after == dict.fromkeys(kept, desk.session_id), f"{before} of which {request.held} are held: {after}"

    def notice(self, runner: Runner) -> None:
        """The platform finds out that a line is gone."""
        if runner.session is None and runner.name in self._desks:
            session, desk = self._desks.pop(runner.name)
            session.close()
            desk.leave()

    def kill_platform(self) -> None:
        """Its database is all that the next process knows."""
        for runner in self.runners:
            runner.lose_the_line()
        self._desks.clear()
        self._services = self._platform.start()
        self._services.recover(GRACE)

    def time_passes(self, _: Runner) -> None:
        """Longer than a runner's grace, a handshake, and the first pause between two tries."""
        self._advance(timedelta(seconds=40))

    def much_time_passes(self, _: Runner) -> None:
        """Longer than a lease and any pause."""
        self._advance(timedelta(hours=2))

    def _advance(self, by: timedelta) -> None:
        if any(runner.incoming or runner.outgoing for runner in self.runners):
            self.seen["delay"] += 1
        self._platform.clock.advance(by)
        self._monotonic += HANDSHAKE_TIMEOUT_S
        # What the timekeeper does about tasks, when it is due.
        if self._platform.leases_are_over():
            self._services.leases.expire()
        assert not self._platform.leases_are_over(), "a lease lasts longer than its time"
        # It was longer than the grace.
        left = self._platform.held_by_others([desk.session_id for _, desk in self._desks.values()])
        assert not left, f"tasks stay with sessions that are gone: {left}"
        for runner in self.runners:
            session, _desk = self._desks.get(runner.name, (None, None))
            if runner.session is not None and runner.session.handle_timeout(self._monotonic):
                self.cut(runner)
            if session is not None and session.handle_timeout(self._monotonic):
                self.cut(runner)
                self.notice(runner)
            # It was longer than a handshake may take.
            assert runner.session is None or runner.session.configured, "a runner waits for its configuration for ever"
            session, _desk = self._desks.get(runner.name, (None, None))
            assert session is None or session.state is not State.START, "the platform waits for a runner for ever"

    # The runner.

    def arrive_at_runner(self, runner: Runner) -> None:
        if runner.session is None or not runner.incoming:
            return
        frame = runner.incoming.popleft()
        for event in runner.session.receive(frame, self._monotonic):
            if isinstance(event, TaskReceived):
                runner.delivered[event.task.options.task_id] = frame
                if runner.take(event.task):
                    self._check_alone(runner, event.task)
            elif isinstance(event, Acknowledged):
                runner.acknowledged(event.ack.correlation_id or event.ack.task_id)
            else:
                assert isinstance(event, (Configured, FrameRejected)), event

    def _check_alone(self, runner: Runner, task: Task) -> None:
        """Where another runner works on the task still, one of the two leases has to have ended.

        Usually it is the other one. If this delivery was on its way for longer than its lease lasted, it is this one.
        """
        for other in self.runners:
            elsewhere = other.running.get(task.options.task_id)
            if other is not runner and elsewhere is not None:
                both = {task.options.lease, elsewhere.options.lease}
                assert len(self._platform.lasting(both)) < 2, f"{task.options.task_id} runs twice at once"
                self.seen["two runners"] += 1

    def finish(self, runner: Runner) -> None:
        names, number = sorted(runner.running), self._number()
        runner.finish(names[number // len(_ANSWERS) % len(names)], _ANSWERS[number % len(_ANSWERS)])

    def send_results(self, runner: Runner) -> None:
        runner.send_results()

    def kill_runner(self, runner: Runner) -> None:
        runner.die()

    # The line.

    def connect(self, runner: Runner) -> None:
        if runner.session is not None:
            return
        # A newer connection ends an older one whose loss was not noticed yet.
        self.notice(runner)
        self._connections += 1
        address = RunnerAddress.read("-", runner.name, "", {"runner_type": "background"})
        assert address is not None
        assert address.categories == CATEGORIES
        desk = Desk(
            self._services,
            address,
            self._platform.environment_id,
            f"session-{self._connections}",
            previous_session_id=None,
            in_flight=2,
            grace=GRACE,
        )
        self._desks[runner.name] = Session(Side.PLATFORM, now=self._monotonic), desk
        runner.introduce(self._monotonic)

    def cut(self, runner: Runner) -> None:
        """Both directions break; what was on its way is gone."""
        runner.lose_the_line()

    def duplicate(self, runner: Runner) -> None:
        """A frame comes twice, the second time after all others."""
        line = self._line(runner)
        line.append(line[0])

    def repeat(self, runner: Runner) -> None:
        """A delivery that arrived before comes once more, when its result may be known."""
        frames = list(runner.delivered.values())
        runner.incoming.append(frames[self._number() % len(frames)])

    def drop(self, runner: Runner) -> None:
        """A frame vanishes, and the line holds."""
        self._line(runner).popleft()

    def _line(self, runner: Runner) -> deque[str]:
        lines = [line for line in (runner.incoming, runner.outgoing) if line]
        return lines[self._number() % len(lines)]

    def rubbish(self, runner: Runner) -> None:
        session = self._desks[runner.name][0] if runner.name in self._desks else runner.session
        if session is not None:
            events = session.receive(_RUBBISH[self._number() % len(_RUBBISH)], self._monotonic)
            assert all(isinstance(event, FrameRejected) for event in events)

    def _let_flow(self, runner: Runner) -> None:
        while runner.session is not None and (runner.incoming or runner.outgoing):
            self.arrive_at_runner(runner)
            self.arrive_at_platform(runner)

    def _number(self) -> int:
        # Scripts that repeat themselves, as Hypothesis likes to make them, make histories that do not.
        self._read += 1
        return (self._script.popleft() if self._script else 0) ^ (self._read * 151 & 255)


def play(script: bytes, platform: PlatformInMemory, folder: Path) -> Counter[str]:
    """Play a whole history and check it; returns how often what was seen."""
    platform.clear()
    history = History(script, platform, folder)
    for runner in history.runners:
        history.publish(runner)
        history.connect(runner)
    try:
        history.play()
        history.heal()
        history.check()
    finally:
        for runner in history.runners:
            runner.results.close()
    return history.seen
