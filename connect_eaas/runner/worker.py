"""One run of an events application: its two sessions, from the first connection to the last phase of the stop.

Background (with scheduled) and interactive work have a session, a dispatcher and a pool of handlers each, so neither
waits for the other.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

import anyio

from connect_eaas.client import ClientFactory, task_headers, user_agent
from connect_eaas.declarations import Declarations
from connect_eaas.protocol.messages import Repository, Schedulable, SetupRequest, Task
from connect_eaas.protocol.session_events import Configured
from connect_eaas.runner.channel import Channel, ChannelKind
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.dispatch import Dispatcher
from connect_eaas.runner.errors import RunnerError
from connect_eaas.runner.hooks import run_hook
from connect_eaas.runner.outbox_file import OutboxFile
from connect_eaas.runner.platform_api import PlatformApi
from connect_eaas.runner.results import Results
from connect_eaas.runner.settings import Settings
from connect_eaas.runner.state_dir import Slot
from connect_eaas.runner.stop import Stop

__all__ = ["StopReport", "Worker", "setup_request"]

_KINDS: tuple[ChannelKind, ...] = ("background", "interactive")
_HOOK_LIMIT_S = 60.0
_log = logging.getLogger("connect.eaas.runner")


@dataclass
class StopReport:
    """How a run ended."""

    reason: str = ""
    finished: int = 0
    handed_back: int = 0
    abandoned: int = 0
    undelivered: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"stopped ({self.reason}) in {self.seconds:.1f} s: {self.finished} task(s) finished in this run, "
            f"{self.handed_back} handed back before their start, {self.abandoned} given up while running, "
            f"{self.undelivered} result(s) kept for the next start"
        )


def setup_request(declarations: Declarations, version: str) -> SetupRequest:
    """What an events application tells the platform about itself."""
    descriptor = declarations.descriptor
    return SetupRequest(
        event_subscriptions=declarations.subscriptions,
        schedulables=[
            Schedulable(method=item.method, name=item.name, description=item.description)
            for item in declarations.schedulables
        ],
        variables=[variable.as_dict() for variable in declarations.variables],
        audience=descriptor.audience,
        repository=Repository(readme_url=descriptor.readme_url, changelog_url=descriptor.changelog_url),
        runner_version=version,
    )


class Worker:
    """Runs an events application until it is stopped.

    Args:
        settings: where the platform is, and limits.
        declarations: what the application declares.
        instance_id: this running copy.
        version: of the runner.
        slot: where state is kept; None keeps nothing.
        debug: keep DEBUG whatever level the platform sends.
        stop: the wish to stop; made here if not given.
    """

    def __init__(
        self,
        settings: Settings,
        declarations: Declarations,
        *,
        instance_id: str,
        version: str,
        slot: Slot | None = None,
        debug: bool = False,
        stop: Stop | None = None,
    ) -> None:
        self.stop = stop or Stop()
        self.configuration = Configuration(settings.environment_id, debug=debug)
        self._settings = settings
        self._declarations = declarations
        self._instance_id = instance_id
        self._version = version
        self._agent = user_agent(version, settings.environment_id, instance_id)
        self._slot = slot
        self._clients = ClientFactory(endpoint=settings.api_url, api_key=settings.api_key, ca_file=settings.ca_file)
        # Set once `on_startup` has run; tasks wait for it.
        self._ready = asyncio.Event()
        # Set with the first setup response of either session.
        self._configured = asyncio.Event()
        # True while `on_startup` runs, and once it has run well.
        self._starting = False
        self._started = False
        self._start_up_ended = asyncio.Event()
        self._results: list[Results] = []
        self._dispatchers: list[Dispatcher] = []
        self._channels: list[Channel] = []

    async def run(self) -> StopReport:
        """Serve until the stop is asked for, then stop in phases.

        Raises:
            RunnerError: the platform refused the credentials at the start, or ``on_startup`` failed.
        """
        async with PlatformApi(
            self._settings.api_url, self._settings.api_key, user_agent=self._agent, ca_file=self._settings.ca_file
        ) as api:
            for kind in _KINDS:
                self._add(kind, api)
            try:
                async with anyio.create_task_group() as group:
                    for results in self._results:
                        group.start_soon(results.keep_synced)
                    for channel in self._channels:
                        group.start_soon(channel.run)
                    group.start_soon(self._start_up)
                    await self.stop.requested.wait()
                    report = await self._stop_in_phases()
                    group.cancel_scope.cancel()
            finally:
                for results in self._results:
                    results.close()
                await self._clients.aclose()
        if self.stop.error is not None:
            raise self.stop.error
        return report

    def _add(self, kind: ChannelKind, api: PlatformApi) -> None:
        results = Results(journal=self._journal() if kind == "background" else None)
        dispatcher = Dispatcher(
            kind,
            declarations=self._declarations,
            configuration=self.configuration,
            api=api,
            clients=self._clients,
            headers=self._headers,
            results=results,
            limits=self._settings.limits,
            clock=time.monotonic,
            ready=self._ready,
        )
        channel = Channel(
            kind,
            settings=self._settings,
            instance_id=self._instance_id,
            setup=setup_request(self._declarations, self._version),
            dispatcher=dispatcher,
            results=results,
            configured=self._configure,
            stop=self.stop,
            clock=time.monotonic,
        )
        self._results.append(results)
        self._dispatchers.append(dispatcher)
        self._channels.append(channel)

    def _journal(self) -> OutboxFile | None:
        if self._slot is None:
            return None
        try:
            journal = OutboxFile(self._slot.journal)
        except OSError as error:
            _log.warning("results are kept in memory only: %s", error)
            return None
        if journal.restored:
            _log.info("%d result(s) of an earlier run will be delivered", len(journal.restored))
        return journal

    def _headers(self, task: Task) -> dict[str, str]:
        return task_headers(
            agent=self._agent,
            extension_id=self.configuration.service_id or None,
            task_id=task.options.task_id,
            event_type=task.input.event_type,
            correlation_id=task.options.connect_correlation_id,
        )

    def _configure(self, event: Configured) -> None:
        self.configuration.apply(event.response)
        if not event.first:
            _log.info("the platform sent a new configuration")
        self._configured.set()

    async def _start_up(self) -> None:
        """Run ``on_startup`` once the first configuration is there, then let the tasks go."""
        await self._configured.wait()
        if self.stop.requested.is_set():
            return
        application = self._declarations.application
        self._starting = True
        try:
            if await run_hook(application, "on_startup", self.configuration.variables, limit_s=_HOOK_LIMIT_S):
                self._started = True
                self._ready.set()
            else:
                self.stop.fail(RunnerError(f"{application.__name__}.on_startup failed: no task is run"))
        finally:
            self._starting = False
            self._start_up_ended.set()

    async def _stop_in_phases(self) -> StopReport:
        limits, begun = self._settings.limits, time.monotonic()
        _log.info("stopping (%s): no new tasks", self.stop.reason)
        for channel in self._channels:
            channel.drain()
        handed_back = sum(dispatcher.stop_taking() for dispatcher in self._dispatchers)
        running = sum(len(dispatcher.leases) for dispatcher in self._dispatchers)
        if running:
            _log.info(
                "waiting for %d running task(s), at most %d s; stop again to give them up", running, limits.stop_s
            )
        await self._unless_forced(self._drained(), limits.stop_s)
        abandoned = 0
        for dispatcher in self._dispatchers:
            abandoned += await dispatcher.abandon()
        if any(len(results) for results in self._results):
            await self._unless_forced(self._delivered(), limits.deliver_s)
        if self._starting:
            await self._unless_forced(self._start_up_ended.wait(), _HOOK_LIMIT_S + 1.0)
        if self._started:
            await self._unless_forced(self._shut_down(), _HOOK_LIMIT_S + 1.0)
        return StopReport(
            reason=self.stop.reason or "",
            finished=sum(dispatcher.finished for dispatcher in self._dispatchers),
            handed_back=handed_back,
            abandoned=abandoned,
            undelivered=sum(len(results) for results in self._results),
            seconds=time.monotonic() - begun,
        )

    async def _drained(self) -> None:
        for dispatcher in self._dispatchers:
            await dispatcher.drained()

    async def _delivered(self) -> None:
        for results in self._results:
            await results.delivered()

    async def _shut_down(self) -> None:
        await run_hook(
            self._declarations.application, "on_shutdown", self.configuration.variables, limit_s=_HOOK_LIMIT_S
        )

    async def _unless_forced(self, phase: object, limit_s: float) -> None:
        """Carry out a phase, but no longer than its limit, nor than the operator's patience."""
        if not asyncio.iscoroutine(phase):
            raise TypeError("a phase is a coroutine")
        with anyio.move_on_after(limit_s):
            async with anyio.create_task_group() as group:
                group.start_soon(self._cancel_when_forced, group.cancel_scope)
                await phase
                group.cancel_scope.cancel()

    async def _cancel_when_forced(self, scope: anyio.CancelScope) -> None:
        await self.stop.forced.wait()
        scope.cancel()
