"""Takes tasks in, runs the author's methods, and puts results out. Intake never waits.

One dispatcher serves one session, and in it each category of tasks has a lane of its own, so background work cannot
use up what interactive work or schedules need. A task that is delivered again while it runs is not run twice: its
result goes to the newest lease. A result that is known already is sent again. A plain method that outlives its limit
is reported, and another thread takes the place of its own; the same task delivered again waits for that run instead
of starting another one beside it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from connect_eaas.declarations import Declarations
from connect_eaas.errors import SdkError
from connect_eaas.protocol.messages import Task, TaskOutput
from connect_eaas.responses import as_response
from connect_eaas.runner import execution, outcome
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.deadlines import Deadlines
from connect_eaas.runner.ended_lines import EndedLines
from connect_eaas.runner.execution import CoroutineRun, Execution, Returned, TimedOut, TimeLimit
from connect_eaas.runner.handlers import Settled
from connect_eaas.runner.lanes import Lane, give_back
from connect_eaas.runner.log_records import CURRENT_TASK, TaskIdentity
from connect_eaas.runner.long_runs import LongRuns
from connect_eaas.runner.metrics import Meter
from connect_eaas.runner.overdue import OverdueRun, OverdueRuns
from connect_eaas.runner.platform_api import ApiCallError, PlatformApi
from connect_eaas.runner.preparation import ConstructorError, Preparation, Prepared
from connect_eaas.runner.results import Results
from connect_eaas.runner.settings import Limits
from connect_eaas.runner.tracing_spans import Spans

if TYPE_CHECKING:
    from connect_eaas.client import ClientFactory

__all__ = ["Dispatcher", "Work"]

_log = logging.getLogger("connect.eaas.runner.tasks")


class Work:
    """One task in hand; ``task`` is its newest delivery."""

    __slots__ = ("began", "job", "run", "settled", "started", "task")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.job: asyncio.Task[None] | None = None
        # True once it has its slot, which it got at ``began``.
        self.started = False
        self.began = 0.0
        self.run: Execution | CoroutineRun | None = None
        # True once the platform gets, or got, its answer; the run may go on.
        self.settled = False


class Dispatcher:
    """The tasks of one session, on the running event loop.

    Args:
        name: the session's kind, for logs and threads' names.
        declarations: what the application declares.
        configuration: the platform's latest word.
        api: the runner's own REST calls.
        clients: makes the clients that handlers get.
        headers: default headers of a task's client, see ``connect_eaas.client.task_headers``.
        results: where outcomes go.
        limits: time limits and how many handlers run at once.
        clock: seconds of a monotonic clock.
        ready: set once the platform configured the runner and ``on_startup`` has run; tasks wait for it.
        meter: who counts.
        spans: who traces.
    """

    categories: ClassVar[tuple[str, ...]] = ("background", "interactive", "scheduled")
    """Categories of tasks that sessions of this kind run."""

    def __init__(
        self,
        name: str,
        *,
        declarations: Declarations,
        configuration: Configuration,
        api: PlatformApi,
        clients: ClientFactory,
        headers: Callable[[Task], dict[str, str]],
        results: Results,
        limits: Limits,
        clock: Callable[[], float],
        ready: asyncio.Event,
        meter: Meter | None = None,
        spans: Spans | None = None,
    ) -> None:
        # None if nobody traces, as is usual: even spans that do nothing take their time.
        self._spans = spans if spans is not None and spans.traced else None
        self._name = name
        self._meter = meter or Meter()
        self._preparation = Preparation(declarations, configuration, api, clients, headers)
        self._results = results
        self._limits = limits
        self._clock = clock
        self._ready = ready
        self._lanes = {category: Lane(category, name=name, limits=limits) for category in self.categories}
        # Tasks in hand, by task id.
        self._works: dict[str, Work] = {}
        self._overdue = OverdueRuns(self._meter)
        self._taking = True
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(self._loop)
        self._ended_lines = EndedLines(self._loop)
        self._long_runs = LongRuns(clock=clock, later=self._loop.call_later, tell=lambda text: _log.warning("%s", text))
        # Set while no task is in hand.
        self._idle = asyncio.Event()
        self._idle.set()
        self.finished = 0

    @property
    def leases(self) -> list[str]:
        """Leases of the tasks in hand."""
        return [work.task.options.lease for work in self._works.values()]

    @property
    def named(self) -> list[str]:
        """The tasks in hand, with their handlers and how long those have run, for people."""
        return [self._long_runs.describe(task_id) for task_id in self._works]

    @property
    def idle(self) -> bool:
        """True if no task is in hand."""
        return not self._works

    def running(self, category: str) -> int:
        """How many tasks of this category are in hand."""
        return sum(1 for work in self._works.values() if work.task.options.task_category == category)

    @property
    def overdue(self) -> int:
        """How many handlers outlived their limit and still run."""
        return len(self._overdue)

    def accept(self, task: Task) -> None:
        """Take a delivered task. Returns at once; the outcome goes to the results."""
        if not self._taking:
            return
        known = self._results.answer(task)
        if known is not None:
            _log.info("%s was delivered again: its result is sent again", task.options.task_id)
            self._results.put(known)
            return
        works, task_id = self._works, task.options.task_id
        work = works.get(task_id)
        if work is not None:
            _log.info("%s was delivered again while it runs: it is not run twice", task_id)
            work.task = task
            return
        if not works:
            self._idle.clear()
        work = works[task_id] = Work(task)
        self._meter.task_begun(task.options.task_category)
        work.job = self._loop.create_task(self._work(work), name=task_id)

    def stop_taking(self) -> int:
        """Take no more tasks, and hand back those that have not started.

        Returns:
            How many were handed back.
        """
        self._taking = False
        waiting = [work for work in self._works.values() if not work.started]
        for work in waiting:
            if work.job is not None:
                work.job.cancel()
            # A job that is cancelled before its first turn says nothing itself.
            self._settle(work, None)
        return len(waiting)

    async def drained(self) -> None:
        """Wait until no task is in hand."""
        await self._idle.wait()

    async def abandon(self) -> int:
        """Give up the tasks in hand: they are not answered, so that the platform gets them back.

        Returns:
            How many were given up.
        """
        self._taking = False
        jobs = [work.job for work in self._works.values() if work.job is not None]
        for work in list(self._works.values()):
            if isinstance(work.run, CoroutineRun):
                work.run.give_up()
            elif work.job is not None:
                work.job.cancel()
        if jobs:
            await asyncio.wait(jobs, timeout=5.0)
        self._long_runs.close()
        self._deadlines.close()
        for lane in self._lanes.values():
            lane.pool.close()
        return len(jobs)

    async def _work(self, work: Work) -> None:
        options, happened = work.task.options, work.task.input
        output: TaskOutput | None = None
        CURRENT_TASK.set(_identity(work.task))
        try:
            if self._spans is None:
                output = await self._outcome(work)
            else:
                with self._spans.task(work.task) as ended:
                    output = await self._outcome(work)
                    if ended is not None:
                        ended(output.result)
        except Exception:
            # Not the author's code but ours: even then the platform gets an answer.
            _log.exception("%s: the runner itself failed", options.task_id)
            text = "the runner itself failed; see its log"
            output = outcome.failed(options.task_category, happened.event_type, text)
        finally:
            if isinstance(work.run, CoroutineRun) and work.run.given_up:
                output = None
            self._settle(work, output)

    def _settle(self, work: Work, output: TaskOutput | None) -> None:
        """The task is no longer in hand; without an output it is not answered."""
        if work.settled:
            return
        work.settled = True
        task = work.task
        options = task.options
        del self._works[options.task_id]
        self._long_runs.end(options.task_id)
        if not self._works:
            self._idle.set()
        if output is None:
            self._meter.task_ended(options.task_category)
            return
        self._meter.task_ended(options.task_category, output.result, output.runtime)
        self._results.put(task.answered(output))
        self.finished += 1
        # Results that wait leave first.
        self._ended_lines.add(CURRENT_TASK.get() or _identity(task), output, at_once=not self._results.waiting)

    async def _outcome(self, work: Work) -> TaskOutput:
        if not self._ready.is_set():
            await self._ready.wait()
        options, event_type = work.task.options, work.task.input.event_type
        category = options.task_category
        lane = self._lanes.get(category)
        if lane is None:
            text = f"this session runs no tasks of category {category!r}"
            return outcome.refused(event_type, text)
        limit = lane.limit_s
        if self._overdue and (overdue := self._overdue.of(options.task_id)) is not None:
            return await self._await_overdue(work, overdue, limit)
        in_thread = lane.one_kind or self._preparation.runs_in_thread(work.task)
        permits = lane.in_threads if in_thread else lane.coroutines
        if permits.take_now():
            work.began = self._clock()
        else:
            interactive, arrived = category == "interactive", self._clock()
            taken = await permits.take(limit if interactive else None)
            work.began = self._clock()
            if interactive:
                # The caller has waited since the task came.
                limit -= work.began - arrived
            if taken and limit < 0:
                # It came at the last moment: nobody waits for what would begin now.
                permits.give_back()
                taken = False
            if not taken:
                return outcome.failed(category, event_type, "all handlers are busy; see CONNECT_MAX_RUNNING_TASKS")
        work.started = True
        try:
            output = await self._run(work, limit)
        finally:
            give_back(permits, work.run)
        return output.took(self._runtime(work))

    def _runtime(self, work: Work) -> float:
        return round(max(self._clock() - work.began, 0.0), 6)

    async def _run(self, work: Work, limit_s: float) -> TaskOutput:
        task = work.task
        category, event_type = task.options.task_category, task.input.event_type
        try:
            prepared = self._preparation.prepare_now(task)
            if prepared is None:
                with TimeLimit(limit_s, self._deadlines):
                    prepared = await self._preparation.prepare(task)
        except TimeoutError:
            return outcome.failed(category, event_type, f"reading the task's object took longer than {limit_s:g} s")
        except ApiCallError as error:
            _log.warning("%s: %s", task.options.task_id, error)
            return outcome.failed(category, event_type, str(error))
        except ConstructorError as error:
            return self._crashed(task, error.cause)
        if isinstance(prepared, Settled):
            return prepared.output
        if self._spans is None:
            return await self._call(work, prepared, limit_s)
        with self._spans.handler(prepared.where):
            # Inside of the span, so that the author's API calls are.
            return await self._call(work, prepared, limit_s)

    async def _call(self, work: Work, prepared: Prepared, limit_s: float) -> TaskOutput:
        where, method, is_coroutine, argument = prepared
        task, run = work.task, None
        if method is None:
            return outcome.refused(task.input.event_type, f"{where}: there is no such method")
        self._long_runs.begin(task.options.task_id, where, limit_s)
        if is_coroutine:
            try:
                coroutine = method(argument)
            except BaseException as error:  # The border of the author's code: it may not take the argument.
                return self._crashed(task, error)
            work.run = waiting = CoroutineRun(
                limit_s, lambda overrun: self._overran(work, where, overrun, limit_s), work.job, self._deadlines
            )
            ended = await waiting.ended(coroutine)
        else:
            work.run = run = execution.start(method, argument, pool=self._lanes[task.options.task_category].pool)
            ended = await run.wait(limit_s)
        return self._translate(work.task, where, ended, run, limit_s)

    def _overran(self, work: Work, where: str, run: Execution, limit_s: float) -> None:
        """A coroutine goes on although it was cancelled: the platform is answered without it."""
        # The timer is that of all tasks.
        CURRENT_TASK.set(_identity(work.task))
        output = self._timed_out(work.task, where, True, run, limit_s)
        self._settle(work, output.took(self._runtime(work)))

    async def _await_overdue(self, work: Work, overdue: OverdueRun, limit_s: float) -> TaskOutput:
        """Wait for the run that is still going on, instead of running the task beside it. Takes no slot."""
        _log.warning(
            "%s: %s still runs from an earlier delivery: waiting for it", work.task.options.task_id, overdue.where
        )
        ended = await overdue.execution.wait(limit_s)
        if isinstance(ended, TimedOut):
            overdue.limits_passed += 1
            text = f"{overdue.where} still runs from an earlier delivery, after {overdue.limits_passed} time limits"
            return outcome.failed(work.task.options.task_category, work.task.input.event_type, text)
        return self._translate(work.task, overdue.where, ended, overdue.execution, limit_s)

    def _translate(
        self, task: Task, where: str, ended: execution.Ended, run: Execution | None, limit_s: float
    ) -> TaskOutput:
        if isinstance(ended, Returned):
            return self._returned(task, where, ended, task.options.task_category, task.input.event_type)
        if isinstance(ended, TimedOut):
            return self._timed_out(task, where, ended.still_running, run, limit_s)
        return self._crashed(task, ended.error)

    def _returned(self, task: Task, where: str, ended: Returned, category: Any, event_type: str) -> TaskOutput:
        try:
            return outcome.from_response(as_response(ended.value, category, where), event_type)
        except SdkError as error:
            _log.error("%s: %s", task.options.task_id, error)
            return outcome.failed(category, event_type, str(error))
        except ValueError as error:
            return outcome.failed(category, event_type, f"{where}: {error}")

    def _crashed(self, task: Task, error: BaseException) -> TaskOutput:
        trace = outcome.trace_of(error)
        _log.error("%s: the handler raised\n%s", task.options.task_id, trace)
        return outcome.failed(task.options.task_category, task.input.event_type, trace)

    def _timed_out(
        self, task: Task, where: str, still_running: bool, run: Execution | None, limit_s: float
    ) -> TaskOutput:
        text = f"{where} took longer than {limit_s:g} s"
        if still_running and run is not None:
            text += " and is still running"
            self._overdue.add(task.options.task_id, where, run)
        _log.error("%s: %s", task.options.task_id, text)
        return outcome.failed(task.options.task_category, task.input.event_type, text)


def _identity(task: Task) -> TaskIdentity:
    return TaskIdentity(task.options.task_id, task.input.event_type, task.input.object_id)
