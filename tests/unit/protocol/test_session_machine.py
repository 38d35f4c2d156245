"""Both sides of a session and a network that cuts, drops on a cut, and adds rubbish: what always holds.

The network is a websocket: frames arrive in order or, when the line is cut, not at all. What is tested is the promise:
every task that the platform leases is answered once for each lease at the end, no lease runs twice, and neither machine
ever raises because of the other.
"""

from __future__ import annotations

from collections import Counter, deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from connect_eaas.protocol.messages import (
    ACKNOWLEDGEMENTS,
    Ack,
    SetupRequest,
    SetupResponse,
    Shutdown,
    Task,
    TaskInput,
    TaskOptions,
    TaskOutput,
)
from connect_eaas.protocol.outbox import Outbox
from connect_eaas.protocol.session import Session, Side, State
from connect_eaas.protocol.session_events import (
    Acknowledged,
    Configured,
    Event,
    FrameRejected,
    HandshakeTimedOut,
    ResultReceived,
    SetupRequested,
    ShutdownReceived,
    TaskDeclined,
    TaskReceived,
)

_ORDER = [State.START, State.SETUP, State.OPEN, State.DRAINING, State.CLOSED]
_RUBBISH = st.sampled_from(
    [
        "",
        "{}",
        "nonsense",
        '{"version": 2, "message_type": "later", "data": 1}',
        '{"version": 2, "message_type": "task"}',
    ]
) | st.text(max_size=20)


class Exchange(RuleBasedStateMachine):
    """A platform with a queue, a runner with an outbox, and the line between them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.acknowledging = True
        # What each side believes; survives connections.
        self.queue: dict[str, Task] = {}
        self.leased: dict[str, Task] = {}
        self.settled: Counter[str] = Counter()
        self.outbox = Outbox()
        self.running: dict[str, Task] = {}
        self.runs: Counter[str] = Counter()
        self.declined: set[str] = set()
        self.tasks = 0
        self.connected = False
        self.connect()

    def connect(self) -> None:
        features = (ACKNOWLEDGEMENTS,) if self.acknowledging else ()
        self.runner = Session(Side.RUNNER, now=self.now)
        self.platform = Session(Side.PLATFORM, now=self.now, features=features)
        self.to_platform: deque[str] = deque()
        self.to_runner: deque[str] = deque()
        self.seen = {Side.RUNNER: State.START, Side.PLATFORM: State.START}
        self.connected = True
        self.runner.send(SetupRequest(held=[*self.running, *self.outbox.leases] or None))
        self.flush()

    def flush(self) -> None:
        self.to_platform.extend(self.runner.data_to_send())
        self.to_runner.extend(self.platform.data_to_send())

    @precondition(lambda self: not self.connected)
    @rule(acknowledging=st.booleans())
    def reconnect(self, acknowledging: bool) -> None:
        self.acknowledging = acknowledging
        self.connect()

    @precondition(lambda self: self.connected)
    @rule()
    def cut(self) -> None:
        """Whatever is on the line is lost; the platform takes back what the runner does not say that it holds."""
        self.connected = False
        self.runner.close()
        self.platform.close()
        self.outbox.connection_lost()

    @rule()
    def publish(self) -> None:
        self.tasks += 1
        lease = f"lease-{self.tasks}"
        self.queue[lease] = Task(
            options=TaskOptions(task_id=f"TQ-{self.tasks}", task_category="background", correlation_id=lease),
            input=TaskInput(event_type="e", object_id="o"),
        )

    @precondition(lambda self: self.connected and self.queue and self.platform.may_send("task"))
    @rule(data=st.data())
    def lease(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(sorted(self.queue)))
        task = self.queue.pop(lease)
        self.leased[lease] = task
        self.platform.send(task)
        self.flush()

    @precondition(lambda self: self.connected and self.leased and self.platform.may_send("task"))
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        self.platform.send(self.leased[data.draw(st.sampled_from(sorted(self.leased)))])
        self.flush()

    @precondition(lambda self: self.running)
    @rule(data=st.data(), result=st.sampled_from(["success", "skip", "fail"]))
    def finish(self, data: st.DataObject, result: str) -> None:
        task = self.running.pop(data.draw(st.sampled_from(sorted(self.running))))
        output = TaskOutput.model_validate({"result": result})
        self.outbox.put(task.model_copy(update={"output": output}))

    @precondition(lambda self: self.connected and self.runner.configured and self.runner.may_send("task"))
    @rule()
    def send_results(self) -> None:
        later = ACKNOWLEDGEMENTS in self.runner.features
        for result in self.outbox.due():
            self.runner.send(result)
            if not later:
                # Without acknowledgements a result may be lost on the line: that is what they are for.
                self.settled[result.options.lease] += 0
            self.outbox.handed_over(result.options.lease, acknowledged_later=later)
        self.flush()

    @precondition(lambda self: self.connected and self.runner.may_send("shutdown"))
    @rule()
    def runner_stops(self) -> None:
        self.runner.send(Shutdown())
        self.flush()

    @precondition(lambda self: self.connected and self.platform.may_send("shutdown"))
    @rule()
    def platform_stops_runner(self) -> None:
        self.platform.send(Shutdown())
        self.flush()

    @precondition(lambda self: self.connected and self.platform.state is State.OPEN)
    @rule()
    def configure_again(self) -> None:
        self.platform.send(SetupResponse(variables=[]))
        self.flush()

    @precondition(lambda self: self.connected)
    @rule(rubbish=_RUBBISH, towards=st.sampled_from(Side))
    def rubbish(self, rubbish: str, towards: Side) -> None:
        session = self.runner if towards is Side.RUNNER else self.platform
        before = session.state
        events = session.receive(rubbish, self.now)
        assert all(isinstance(event, FrameRejected) for event in events)
        assert session.state is before

    @precondition(lambda self: self.connected and self.to_runner)
    @rule()
    def arrive_at_runner(self) -> None:
        for event in self.runner.receive(self.to_runner.popleft(), self.now):
            self.at_runner(event)
        self.flush()

    @precondition(lambda self: self.connected and self.to_platform)
    @rule()
    def arrive_at_platform(self) -> None:
        for event in self.platform.receive(self.to_platform.popleft(), self.now):
            self.at_platform(event)
        self.flush()

    @precondition(lambda self: self.connected)
    @rule(seconds=st.floats(min_value=0.0, max_value=4.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        overdue = [*self.runner.handle_timeout(self.now), *self.platform.handle_timeout(self.now)]
        if overdue:
            assert all(isinstance(event, HandshakeTimedOut) for event in overdue)
            self.cut()

    def at_runner(self, event: Event) -> None:
        if isinstance(event, TaskReceived):
            assert self.runner.configured
            lease = event.task.options.lease
            known = self.outbox.answer(event.task)
            if known is not None:
                self.outbox.put(known)
            elif lease not in self.running:
                self.runs[lease] += 1
                self.running[lease] = event.task
        elif isinstance(event, Acknowledged):
            self.outbox.acknowledged(event.ack.correlation_id or "")
        elif isinstance(event, TaskDeclined):
            assert self.runner.state is State.DRAINING
            self.declined.add(str(event.task.options.correlation_id))
        else:
            assert isinstance(event, (Configured, ShutdownReceived)), event

    def at_platform(self, event: Event) -> None:
        if isinstance(event, SetupRequested):
            held = set(event.request.held or ())
            for lease in [lease for lease in self.leased if lease not in held]:
                self.queue[lease] = self.leased.pop(lease)
            if self.platform.may_send("setup_response"):
                self.platform.send(SetupResponse())
        elif isinstance(event, ResultReceived):
            lease = event.task.options.lease
            self.leased.pop(lease, None)
            self.queue.pop(lease, None)
            self.settled[lease] += 1
            if self.platform.may_send("ack"):
                self.platform.send(Ack(task_id=event.task.options.task_id, correlation_id=lease))
        else:
            assert isinstance(event, ShutdownReceived), event

    @invariant()
    def states_only_go_forward(self) -> None:
        for session in (self.runner, self.platform):
            assert _ORDER.index(session.state) >= _ORDER.index(self.seen[session.side])
            self.seen[session.side] = session.state

    @invariant()
    def no_task_is_lost(self) -> None:
        """Each task is waiting, leased, or settled: nothing is forgotten by both."""
        for number in range(1, self.tasks + 1):
            lease = f"lease-{number}"
            assert lease in self.queue or lease in self.leased or self.settled[lease] >= 1

    @invariant()
    def nothing_runs_beside_itself(self) -> None:
        assert not set(self.running) & set(self.outbox.leases)

    def teardown(self) -> None:
        """Let the line heal: then everything settles."""
        self.acknowledging = True
        for _ in range(3):
            if self.connected:
                self.cut()
            self.connect()
            for _ in range(10):
                while self.to_platform:
                    self.arrive_at_platform()
                while self.to_runner:
                    self.arrive_at_runner()
                while self.queue and self.platform.may_send("task"):
                    lease, task = self.queue.popitem()
                    self.leased[lease] = task
                    self.platform.send(task)
                for task in list(self.running.values()):
                    self.running.pop(task.options.lease)
                    self.outbox.put(task.model_copy(update={"output": TaskOutput(result="success")}))
                if self.runner.configured:
                    self.send_results()
                self.flush()
        assert not self.queue
        assert not self.leased
        assert not len(self.outbox)
        assert all(self.settled[f"lease-{number}"] >= 1 for number in range(1, self.tasks + 1))


TestExchange = Exchange.TestCase
TestExchange.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
