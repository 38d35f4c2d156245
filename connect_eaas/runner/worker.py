"""One run of an application's sessions in this process, from the first connection to the last phase of the stop.

Each session has its own work in hand and its own pool of handlers, so neither waits for another.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import anyio

from connect_eaas.client import ClientFactory, user_agent
from connect_eaas.declarations import Declarations
from connect_eaas.protocol.session_events import Configured
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.errors import CredentialsError, RunnerError
from connect_eaas.runner.hooks import run_hook
from connect_eaas.runner.kinds import KINDS
from connect_eaas.runner.metrics import Meter
from connect_eaas.runner.platform_api import ApiCallError, PlatformApi
from connect_eaas.runner.report import StopReport
from connect_eaas.runner.sessions import Session, SessionContext
from connect_eaas.runner.settings import Settings
from connect_eaas.runner.state_dir import Slot
from connect_eaas.runner.stop import Stop
from connect_eaas.runner.tracing_spans import Spans

__all__ = ["HOOK_LIMIT_S", "HookCalls", "StopReport", "Turns", "Worker"]

HOOK_LIMIT_S = 60.0
"""Seconds that each of the author's hooks may take."""
_NAMED: Final = 5
_log = logging.getLogger("connect.eaas.runner")

HookCalls = Callable[[str], Awaitable[bool]]
"""Calls a hook by its name; False if it failed."""


class Turns(Protocol):
    """Whose turn it is to call a hook, where several processes run one application: each is called once.

    Both methods return once the hook has run in one of the processes.
    """

    async def start_up(self, call: HookCalls) -> bool:
        """Have ``on_startup`` called, here or elsewhere; False if it failed."""

    async def shut_down(self, call: HookCalls, *, started: bool) -> None:
        """Have ``on_shutdown`` called, here or elsewhere, after the work of all processes has ended."""


class _Alone:
    """This process is the only one, so it is always its turn."""

    async def start_up(self, call: HookCalls) -> bool:
        return await call("on_startup")

    async def shut_down(self, call: HookCalls, *, started: bool) -> None:
        if started:
            await call("on_shutdown")


class Worker:
    """Runs an application until it is stopped.

    Args:
        settings: where the platform is, and limits.
        declarations: what the application declares.
        instance_id: this running copy.
        version: of the runner.
        slot: where state is kept; None keeps nothing.
        debug: keep DEBUG whatever level the platform sends.
        stop: the wish to stop; made here if not given.
        kinds: names of the sessions to run, see ``connect_eaas.runner.kinds``.
        turns: who calls the hooks; by default this worker does.
        connected: called whenever a session has been configured by the platform.
        meter: who counts.
        spans: who traces.
        death: how the process before this one died; told to the platform in Cloud mode.
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
        kinds: Sequence[str] = ("background", "interactive"),
        turns: Turns | None = None,
        connected: Callable[[str], None] = lambda _: None,
        meter: Meter | None = None,
        spans: Spans | None = None,
        death: str | None = None,
    ) -> None:
        self._death = death
        # Where the environment runs, once the platform told: `local` or `cloud`.
        self._runtime: str | None = None
        self._spans = spans or Spans()
        self.stop = stop or Stop()
        self.configuration = Configuration(
            settings.environment_id,
            debug=debug,
            origin={"api_address": settings.api_url, "instance_id": instance_id},
        )
        self._settings = settings
        self._declarations = declarations
        self._instance_id = instance_id
        self._version = version
        self._agent = user_agent(version, settings.environment_id, instance_id)
        self._slot = slot
        self._kinds = [KINDS[name] for name in kinds]
        self._turns: Turns = turns or _Alone()
        self._connected = connected
        self._meter = meter or Meter()
        # Kinds whose session was configured before.
        self._were_connected: set[str] = set()
        self._clients = ClientFactory(
            endpoint=settings.api_url,
            api_key=settings.api_key,
            ca_file=settings.ca_file,
            call_span=self._spans.call_span,
        )
        # Set once `on_startup` has run; tasks wait for it.
        self._ready = asyncio.Event()
        # Set with the first setup response of any session.
        self._configured = asyncio.Event()
        # True while `on_startup` is awaited, and once it has run well.
        self._starting = False
        self._started = False
        self._start_up_ended = asyncio.Event()
        self._sessions: list[Session] = []

    async def run(self) -> StopReport:
        """Serve until the stop is asked for, then stop in phases.

        Raises:
            RunnerError: the platform refused the credentials at the start, or ``on_startup`` failed.
        """
        async with PlatformApi(
            self._settings.api_url,
            self._settings.api_key,
            user_agent=self._agent,
            ca_file=self._settings.ca_file,
            spans=self._spans,
        ) as api:
            try:
                for kind in self._kinds:
                    session = kind.open(self._context(kind.name, api))
                    session.channel.on_loss = self._meter.disconnected
                    self._sessions.append(session)
                async with anyio.create_task_group() as group:
                    for session in self._sessions:
                        group.start_soon(session.owed.keep_synced)
                        group.start_soon(session.channel.run)
                    group.start_soon(self._start_up)
                    if self._death is not None:
                        group.start_soon(self._tell_of_death, api, self._death)
                    await self.stop.requested.wait()
                    report = await self._stop_in_phases()
                    group.cancel_scope.cancel()
            finally:
                for session in self._sessions:
                    session.owed.close()
                await self._clients.aclose()
        if self.stop.error is not None:
            raise self.stop.error
        return report

    def _context(self, kind: str, api: PlatformApi) -> SessionContext:
        def configure(event: Configured) -> None:
            self._configure(event)
            if event.first:
                self._meter.connected(again=kind in self._were_connected)
                self._were_connected.add(kind)
                self._connected(kind)

        return SessionContext(
            kind=kind,
            settings=self._settings,
            declarations=self._declarations,
            configuration=self.configuration,
            api=api,
            clients=self._clients,
            agent=self._agent,
            instance_id=self._instance_id,
            version=self._version,
            ready=self._ready,
            configured=configure,
            stop=self.stop,
            clock=time.monotonic,
            slot=self._slot,
            meter=self._meter,
            spans=self._spans,
        )

    def _configure(self, event: Configured) -> None:
        self.configuration.apply(event.response)
        self._runtime = event.response.environment_runtime or self._runtime
        if not event.first:
            _log.info("the platform sent a new configuration")
        self._configured.set()

    async def _tell_of_death(self, api: PlatformApi, death: str) -> None:
        """Have the environment show how the process before died (``reference/websocket-protocol.md`` section 2).

        In Cloud mode only: elsewhere whoever started the runner sees its log.
        """
        await self._configured.wait()
        service_id = self.configuration.service_id
        if self._runtime != "cloud" or not service_id:
            return
        path = f"devops/services/{service_id}/environments/{self._settings.environment_id}"
        try:
            await api.send("PUT", path, json={"error_output": death})
        except ApiCallError as error:
            _log.warning("the platform was not told how a process ended: %s", error)

    async def _start_up(self) -> None:
        """Have ``on_startup`` run once the first configuration is there, then let the tasks go."""
        await self._configured.wait()
        if self.stop.requested.is_set():
            return
        application = self._declarations.application
        self._starting = True
        try:
            if await self._turns.start_up(self._call_hook):
                self._started = True
                self._ready.set()
            else:
                self.stop.fail(RunnerError(f"{application.__name__}.on_startup failed: no task is run"))
        finally:
            self._starting = False
            self._start_up_ended.set()

    async def _call_hook(self, name: str) -> bool:
        return await run_hook(self._declarations.application, name, self.configuration.variables, limit_s=HOOK_LIMIT_S)

    async def _stop_in_phases(self) -> StopReport:
        limits, begun = self._settings.limits, time.monotonic()
        if self.stop.error is None and self._configured.is_set():
            # An error is told by whoever gets it, as the only line; and what never began does not stop.
            _log.info("stopping (%s): no new tasks", self.stop.reason)
        for session in self._sessions:
            session.channel.drain()
        handed_back = sum(session.work.stop_taking() for session in self._sessions)
        running = [name for session in self._sessions for name in session.work.named]
        if running:
            _log.warning(
                "waiting for %s, at most %d s; Ctrl-C %s gives up",
                _listed(running),
                limits.stop_s,
                "twice" if self.stop.reason == "reload" else "again",
            )
        await self._unless_forced(self._drained(), limits.stop_s)
        abandoned = 0
        for session in self._sessions:
            abandoned += await session.work.abandon()
        refused = isinstance(self.stop.error, CredentialsError)
        if not refused and any(len(session.owed) for session in self._sessions):
            await self._unless_forced(self._delivered(), limits.deliver_s)
        if self._starting:
            await self._unless_forced(self._start_up_ended.wait(), HOOK_LIMIT_S + 1.0)
        await self._unless_forced(
            self._turns.shut_down(self._call_hook, started=self._started), limits.stop_s + HOOK_LIMIT_S + 1.0
        )
        return StopReport(
            reason=self.stop.reason or "",
            finished=sum(session.work.finished for session in self._sessions),
            handed_back=handed_back,
            abandoned=abandoned,
            undelivered=sum(len(session.owed) for session in self._sessions),
            seconds=time.monotonic() - begun,
        )

    async def _drained(self) -> None:
        for session in self._sessions:
            await session.work.drained()

    async def _delivered(self) -> None:
        for session in self._sessions:
            await session.owed.delivered()

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


def _listed(names: Sequence[str]) -> str:
    """Name what is waited for; of many only the first."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
