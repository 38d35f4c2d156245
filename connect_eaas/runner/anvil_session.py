"""The session of an Anvil application: its methods are offered to an Anvil server as long as a key is set.

The platform's session ``/anvilapp`` carries the configuration only; calls come from Anvil. Facts:
``reference/runner-behaviour.md`` section 12.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import anyio.to_thread
from websockets.asyncio.client import ClientConnection

from connect_eaas.applications import AnvilApplicationBase, make_application
from connect_eaas.client import task_headers
from connect_eaas.declarations import Declarations
from connect_eaas.protocol.messages import Repository, SetupRequest
from connect_eaas.protocol.session import Session as Machine
from connect_eaas.protocol.session_events import Configured, Event
from connect_eaas.runner.anvil_uplink import DEFAULT_URL, AnvilCalls, Uplink
from connect_eaas.runner.line import Line
from connect_eaas.runner.sessions import Session, SessionContext

__all__ = ["AnvilWork", "open_session", "setup_request"]

URL_VARIABLE: Final = "ANVIL_UPLINK_URL"
"""Environment variable with the uplink's address, for an Anvil server of one's own."""
_PLACEHOLDER: Final = "changeme!"
_DISCONNECT_S: Final = 5.0
_log = logging.getLogger("connect.eaas.runner.anvil")


def setup_request(declarations: Declarations, version: str) -> SetupRequest:
    """What an Anvil application tells the platform about itself."""
    descriptor = declarations.descriptor
    return SetupRequest(
        anvil_callables=[
            {"method": item.method, "summary": item.summary, "description": item.description}
            for item in declarations.anvil_methods
        ],
        variables=[variable.as_dict() for variable in declarations.variables],
        audience=descriptor.audience,
        repository=Repository(readme_url=descriptor.readme_url, changelog_url=descriptor.changelog_url),
        runner_version=version,
    )


class AnvilWork:
    """Follows the configuration: offers the application's methods, with the key that the variables hold.

    Args:
        context: of the session.
        uplink: the connection to Anvil.
    """

    def __init__(self, context: SessionContext, uplink: Uplink) -> None:
        self._context = context
        self._uplink = uplink
        self._calls = AnvilCalls(context.spans)
        self._variable = context.declarations.anvil_key_variable
        # The variables that the present application was made with; None while nothing is offered.
        self._offered: Mapping[str, Any] | None = None
        self._stopping = False

    @property
    def finished(self) -> int:
        """How many calls have ended."""
        return self._calls.finished

    @property
    def leases(self) -> list[str]:
        """One name for each call in hand."""
        return [f"call {number}" for number in range(1, self._calls.running + 1)]

    @property
    def named(self) -> list[str]:
        """One name for each call in hand, for people."""
        return [f"Anvil {name}" for name in self.leases]

    async def follow(self) -> None:
        """Offer the methods once ``on_startup`` has run."""
        await self._context.ready.wait()
        self.apply()

    def apply(self) -> None:
        """Bring the connection in line with the variables."""
        if self._stopping or not self._context.ready.is_set():
            return
        variables = dict(self._context.configuration.variables)
        if variables == self._offered:
            return
        key = variables.get(self._variable or "")
        if not key or key == _PLACEHOLDER:
            if self._variable is None:
                _log.error("nothing is offered to Anvil: name the key's variable with @anvil_key_variable")
            else:
                _log.error("nothing is offered to Anvil: set the variable %s to the uplink key", self._variable)
            if self._offered is not None:
                self._uplink.disconnect()
            self._offered = None
            return
        self._offered = variables
        self._uplink.connect(key, self._prepare(variables))

    def stop_taking(self) -> int:
        """Refuse further calls."""
        self._stopping = True
        self._calls.refuse()
        return 0

    async def drained(self) -> None:
        """Wait until no call is in hand."""
        await self._calls.idle()

    async def abandon(self) -> int:
        """Close the connection; calls that still run cannot answer any more."""
        left = self._calls.running
        self._uplink.disconnect()
        await anyio.to_thread.run_sync(self._uplink.wait_closed, _DISCONNECT_S)
        return left

    def _prepare(self, variables: Mapping[str, Any]) -> Callable[[], None]:
        context = self._context

        def prepare() -> None:
            logger = logging.getLogger("eaas.anvilapp")
            headers = task_headers(agent=context.agent, extension_id=context.configuration.service_id or None)
            application: AnvilApplicationBase = make_application(
                context.declarations.application,
                client=context.clients.client(headers=headers, logger=logger),
                logger=logger,
                config=variables,
            )
            for method in context.declarations.anvil_methods:
                setattr(application, method.method, self._calls.counted(getattr(application, method.method)))
            application.setup_anvil_callables()

        return prepare


class _AnvilChannel(Line):
    """The session ``/anvilapp``: configuration comes in, nothing but the introduction goes out."""

    def __init__(self, context: SessionContext, work: AnvilWork, configured: Callable[[Configured], None]) -> None:
        super().__init__(
            "anvil",
            suffix="/anvilapp",
            settings=context.settings,
            instance_id=context.instance_id,
            configured=configured,
            stop=context.stop,
            clock=context.clock,
        )
        self._anvil = work
        self._setup = setup_request(context.declarations, context.version)

    async def run(self) -> None:
        """Keep the session open until cancelled."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._anvil.follow)
            await super().run()

    def _query(self) -> Mapping[str, str | int]:
        return {}

    def _introduction(self) -> SetupRequest:
        return self._setup

    async def _send_due(self, socket: ClientConnection, session: Machine) -> None:
        """Nothing is ever owed."""

    def _take(self, event: Event) -> None:
        self._log.warning("the platform sent work to a session that serves Anvil; it was skipped")

    def _frame_too_big(self) -> None:
        self._log.error("the platform finds the application's declarations too large")

    def _lost(self) -> None:
        """The connection to Anvil does not depend on this one."""


class _NothingOwed:
    """Answers go over Anvil's connection."""

    def __len__(self) -> int:
        return 0

    async def delivered(self) -> None:
        """There is nothing to deliver."""

    async def keep_synced(self) -> None:
        """There is nothing to keep."""

    def close(self) -> None:
        """There is nothing to close."""


def open_session(context: SessionContext) -> Session:
    """Make the session."""
    work = AnvilWork(context, Uplink(os.environ.get(URL_VARIABLE) or DEFAULT_URL))

    def configured(event: Configured) -> None:
        context.configured(event)
        work.apply()

    return Session(_AnvilChannel(context, work, configured), work, _NothingOwed())
