"""Composition root of the platform: builds every part, wires them, and does what its administration asks for."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
from sqlalchemy.exc import SQLAlchemyError

from connect_devops.admissions import Admissions
from connect_devops.api.app import build_app
from connect_devops.api.stream import stream_routes
from connect_devops.clock import Clock, SystemClock
from connect_devops.data_dir import DataDir
from connect_devops.discovery import DiscoveryFile
from connect_devops.domain.errors import DataLostError
from connect_devops.door.door import Door
from connect_devops.errors import DataDirError, StartError
from connect_devops.facts import extension_facts
from connect_devops.files import write_private
from connect_devops.hub.hub import Hub
from connect_devops.listeners import bind, make_listener
from connect_devops.platform import Platform
from connect_devops.sandbox import STREAM_COLUMNS, SandboxChoices, World, routes
from connect_devops.services.container import Services, build_services
from connect_devops.services.feed import Feeds
from connect_devops.services.presence import HEARTBEAT
from connect_devops.services.secrets import FernetSecrets, SecretsError, check_key
from connect_devops.services.signals import CallsNoted, EnvironmentChanged
from connect_devops.settings import Settings
from connect_devops.storage import StoreError, open_store
from connect_devops.tls import Certificates, ensure_certificates
from connect_devops.ui.pages import Pages

__all__ = ["Parts"]

logger = logging.getLogger(__name__)

_CALLS_TOGETHER_S: Final = 0.5


class Parts:
    """Everything that one platform consists of; closed by the stack."""

    def __init__(self, settings: Settings, clock: Clock | None, stack: ExitStack, stop: Callable[[], None]) -> None:
        self._settings = settings
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self.failure: DataLostError | None = None
        self._lock = threading.Lock()
        data_dir = stack.enter_context(DataDir(settings.data_dir))
        self._data_dir = data_dir
        http_socket = stack.enter_context(bind(settings.host, settings.port))
        https_socket = stack.enter_context(bind(settings.host, settings.tls_port))
        self._clock = clock if clock is not None else SystemClock(_read_offset(data_dir))
        certificates = ensure_certificates(
            data_dir.tls_dir, self._real_time(), names=(settings.host, *settings.allowed_hosts)
        )
        self.services = self._open_services(stack)
        api_key = self._ensure_owner()
        # After a crash, sessions that nobody closed are still on record.
        self.services.recover(settings.lease_grace)
        self.hub = Hub(self.services, settings)
        world = World.over(self.services, media=data_dir.media_dir)
        self.feeds = Feeds(self.services.signals)
        self._browsers: Admissions[str] = Admissions(self._real_time)
        self._door = Door(
            self.services,
            real_time=self._real_time,
            owner_key=lambda: api_key,
            columns=STREAM_COLUMNS,
            max_bytes=settings.max_request_bytes,
        )
        app = build_app(
            self.services,
            settings,
            self,
            choices=SandboxChoices(world),
            real_time=self._real_time,
            further=[
                *stream_routes(self.services, self.feeds),
                *Pages(self.services, self.feeds, self._browsers, self.page_link).routes(),
                *self.hub.routes(),
                *routes(world),
            ],
            app_of_host=self._door.app_of,
        )
        self.http = make_listener(app, http_socket, settings)
        self.https = make_listener(app, https_socket, settings, certificates)
        self.discovery = DiscoveryFile(settings.discovery_file)
        self.platform = self._describe(api_key, certificates)

    def _open_services(self, stack: ExitStack) -> Services:
        try:
            store = open_store(self._settings.database_url or self._data_dir.database_file)
            stack.callback(store.close)
            store.on_lost = self._lost
            secrets = FernetSecrets.in_directory(self._settings.data_dir)
            check_key(store, secrets)
        except (StoreError, SecretsError) as error:
            raise StartError(str(error)) from error
        services = build_services(
            store, self._clock, secrets=secrets, real_time=self._real_time, platform_id=self._platform_id()
        )
        stack.enter_context(services.neighbours.listening())
        return services

    def _platform_id(self) -> str:
        file = self._data_dir.platform_id_file
        try:
            if not file.is_file():
                write_private(file, uuid.uuid4().hex)
            return file.read_text().strip()
        except OSError as error:
            raise DataDirError(self._settings.data_dir, f"{file.name}: {error.strerror or error}") from error

    def _lost(self, error: DataLostError) -> None:
        """End the platform: what it did from now on would be lost. Called in any thread."""
        if self.failure is None:
            self.failure = error
            logger.critical("%s", error)
            self._loop.call_soon_threadsafe(self._stop)

    def _ensure_owner(self) -> str:
        """Return the key of the owner account; account and key are made at the first start, or if the file is lost."""
        file = self._data_dir.api_key_file
        accounts = self.services.accounts
        owner = accounts.owner()
        try:
            if owner is None:
                role = self._settings.owner_role
                owner = accounts.create(f"Local {role.capitalize()}", role)
            token = file.read_text().strip() if file.is_file() else ""
            identity = accounts.authenticate(token)
            if identity is None or identity.account.id != owner.id:
                token = accounts.create_key(owner.id, "Local platform").token
                write_private(file, token)
        except OSError as error:
            raise DataDirError(self._settings.data_dir, f"{file.name}: {error.strerror or error}") from error
        return token

    def _describe(self, api_key: str, certificates: Certificates) -> Platform:
        host = _shown_host(self._settings.host)
        return Platform(
            settings=self._settings,
            services=self.services,
            clock=self._clock,
            url=f"http://{host}:{self.http.port}",
            https_url=f"https://{host}:{self.https.port}",
            ws_url=f"ws://{host}:{self.http.port}",
            ca_file=certificates.ca_file,
            api_key=api_key,
            browser_link=self.browser_link,
        )

    def _real_time(self) -> datetime:
        clock = self._clock
        return clock.now() - clock.offset if isinstance(clock, SystemClock) else clock.now()

    def facts(self) -> Mapping[str, Any]:
        """See `connect_devops.api.local.LocalPlatform`."""
        platform = self.platform
        return {
            "url": platform.url,
            "https_url": platform.https_url,
            "ws_url": platform.ws_url,
            "ca_file": str(platform.ca_file),
            "data_dir": str(self._settings.data_dir),
            "api_key": platform.api_key,
            "extensions": extension_facts(self.services, platform.url),
            "projects": self._projects(),
        }

    def clock(self) -> Mapping[str, Any]:
        """See `connect_devops.api.local.LocalPlatform`."""
        offset = self._clock.offset if isinstance(self._clock, SystemClock) else timedelta(0)
        return {"now": self._clock.now().isoformat(), "offset": offset.total_seconds()}

    def advance_clock(self, by: timedelta) -> Mapping[str, Any]:
        """See `connect_devops.api.local.LocalPlatform`."""
        with self._lock, self.services.leases.outlasting(by):
            if isinstance(self._clock, SystemClock):
                # Kept first: after a crash between the two, time has gone on rather than back.
                offset = (self._clock.offset + by).total_seconds()
                write_private(self._data_dir.clock_file, json.dumps({"offset": offset}))
            self._clock.advance(by)
        return self.clock()

    def advance_clock_to_next(self) -> Mapping[str, Any]:
        """See `connect_devops.api.local.LocalPlatform`."""
        due = self.services.timekeeper.next_due()
        wait = timedelta(0) if due is None else max(timedelta(0), due - self._clock.now())
        return self.advance_clock(wait)

    def browser_link(self) -> str:
        """See `connect_devops.api.local.LocalPlatform`."""
        return f"{self.platform.url}/login?code={self._browsers.new_code('pages')}"

    def page_link(self, environment_id: str, page: str | None, installation_id: str | None = None) -> str:
        """See `connect_devops.api.local.LocalPlatform`."""
        return self._door.link(self.platform.url, environment_id, page, installation_id)

    def link_project(self, directory: Path, environment_id: str) -> Mapping[str, str]:
        """See `connect_devops.api.local.LocalPlatform`."""
        with self._lock:
            projects = {**self._projects(), str(directory): environment_id}
            write_private(self._data_dir.projects_file, json.dumps(projects, indent=2))
        self.discovery.write(self.facts())
        return projects

    def _projects(self) -> dict[str, str]:
        try:
            found = json.loads(self._data_dir.projects_file.read_text())
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}

    async def keep_discovery(self, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Write the discovery file again whenever an environment changes, until cancelled."""
        with self.services.signals.listen(lambda signal: isinstance(signal, EnvironmentChanged)) as inbox:
            task_status.started()
            while True:
                await inbox.get()
                try:
                    await anyio.to_thread.run_sync(self.publish)
                except (StartError, DataLostError) as error:
                    logger.warning("discovery file not updated cause=%s", error)

    async def keep_present(self, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Tell other platforms on the same database that this one is alive, until cancelled."""
        task_status.started()
        while True:
            await anyio.sleep(HEARTBEAT.total_seconds())
            if not await anyio.to_thread.run_sync(self.services.presence.beat, self._settings.lease_grace):
                logger.warning("other platforms took this one for dead; its runners connect again")
                await self.hub.send_away()

    async def keep_calls(self, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Store the API calls of handlers, those of a moment together, until cancelled."""
        with self.services.signals.listen(lambda signal: isinstance(signal, CallsNoted)) as inbox:
            task_status.started()
            while True:
                await inbox.get()
                await anyio.sleep(_CALLS_TOGETHER_S)
                await anyio.to_thread.run_sync(self.store_calls)

    def store_calls(self) -> None:
        """Store what was noted of API calls; nobody's work depends on it."""
        try:
            self.services.task_calls.store()
        except (DataLostError, SQLAlchemyError) as error:
            logger.warning("calls of handlers not stored cause=%s", error)

    def publish(self) -> None:
        """Write the discovery file."""
        self.discovery.write(self.facts())


def _read_offset(data_dir: DataDir) -> timedelta:
    try:
        return timedelta(seconds=max(0.0, float(json.loads(data_dir.clock_file.read_text())["offset"])))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return timedelta(0)


def _shown_host(host: str) -> str:
    """Return the host of the addresses that are told to others."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - recognized, not bound
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"  # noqa: S104
    return f"[{host}]" if ":" in host else host
