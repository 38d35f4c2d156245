"""The meeting point of runners: lets them in, knows who is there, and passes on what the services signal."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import Final

import anyio
import anyio.to_thread
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from connect_devops.domain.errors import NotFoundError
from connect_devops.hub.address import RunnerAddress, SessionKey
from connect_devops.hub.desk import Desk
from connect_devops.hub.session import REPLACED, RunnerSession
from connect_devops.services.container import Services
from connect_devops.services.signals import ConfigurationChanged, TasksDue
from connect_devops.settings import Settings

__all__ = ["Hub"]

INTERNAL_ERROR: Final = 1011
SERVICE_RESTART: Final = 1012
_REMEMBERED: Final = 4096

logger = logging.getLogger(__name__)


class Hub:
    """All sessions of one platform process."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self._services = services
        self._settings = settings
        self._sessions: dict[SessionKey, tuple[RunnerSession, asyncio.Event]] = {}
        # The last session under each key, so that a runner that only counts its tasks gets them back.
        self._previous: dict[SessionKey, str] = {}

    @property
    def session_count(self) -> int:
        """How many runners are connected."""
        return len(self._sessions)

    def routes(self) -> list[BaseRoute]:
        """The websocket's address, with and without an application's suffix."""
        path = "/public/v1/devops/ws/{environment}/{instance}"
        return [WebSocketRoute(path, self._connect), WebSocketRoute(path + "/{suffix}", self._connect)]

    async def run(self, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Pass signals on to sessions, until cancelled."""
        with self._services.signals.listen(
            lambda signal: isinstance(signal, (TasksDue, ConfigurationChanged))
        ) as inbox:
            task_status.started()
            while True:
                for signal in await inbox.get():
                    if isinstance(signal, TasksDue):
                        for session in self._sessions_of(signal.environment_id):
                            session.look_for_tasks()
                    elif isinstance(signal, ConfigurationChanged):
                        for session in self._sessions_of(signal.environment_id):
                            session.refresh_configuration()

    async def send_away(self) -> None:
        """Have every runner connect again."""
        for session, _ in list(self._sessions.values()):
            await session.close(SERVICE_RESTART, "connect again")

    def _sessions_of(self, environment_id: str) -> list[RunnerSession]:
        return [session for key, (session, _) in self._sessions.items() if key[0] == environment_id]

    async def _connect(self, websocket: WebSocket) -> None:
        """Serve one websocket from its upgrade request on."""
        parameters = websocket.path_params
        address = RunnerAddress.read(
            parameters["environment"], parameters["instance"], parameters.get("suffix", ""), websocket.query_params
        )
        refusal, environment_id = await anyio.to_thread.run_sync(self._admit, address, websocket)
        if refusal is not None or address is None or environment_id is None:
            await websocket.send_denial_response(refusal or _refuse(404, "NFND_001", "There is no such address."))
            return
        key = address.key(environment_id)
        await self._replace(key)
        await websocket.accept()
        desk = Desk(
            self._services,
            address,
            environment_id,
            f"{environment_id}/{address.instance}/{address.application}/{secrets.token_hex(6)}",
            previous_session_id=self._previous.get(key),
            in_flight=self._settings.tasks_in_flight,
            grace=self._settings.lease_grace,
        )
        session = RunnerSession(
            websocket, desk, self._services.web_calls, max_frame_bytes=self._settings.max_frame_bytes
        )
        ended = asyncio.Event()
        self._sessions[key] = (session, ended)
        self._remember(key, desk.session_id)
        logger.info("runner connected session=%s", desk.session_id)
        try:
            await session.run()
        except Exception:
            logger.exception("session failed session=%s", desk.session_id)
            await session.close(INTERNAL_ERROR, "the platform failed; connect again")
        finally:
            if self._sessions.get(key, (None, None))[0] is session:
                del self._sessions[key]
            ended.set()
            logger.info("runner gone session=%s", desk.session_id)

    def _admit(
        self, address: RunnerAddress | None, connection: HTTPConnection
    ) -> tuple[JSONResponse | None, str | None]:
        """Decide before the upgrade, in a thread: who is this, and may they speak for the environment?"""
        identity = self._services.accounts.authenticate(connection.headers.get("authorization"))
        if identity is None:
            return _refuse(401, "AUTH_001", "The API key is missing or not valid."), None
        if address is None:
            return _refuse(404, "NFND_001", "There is no such application; expected webapp, anvilapp or tfnapp."), None
        try:
            environment = self._services.environments.get(address.environment)
        except NotFoundError:
            return _refuse(404, "NFND_001", f"environment {address.environment} does not exist."), None
        if environment.owner_id != identity.account.id or identity.installation_id is not None:
            cause = f"The API key does not belong to the owner of environment {address.environment}."
            return _refuse(403, "AUTH_002", cause), None
        return None, environment.id

    async def _replace(self, key: SessionKey) -> None:
        """End an older connection of the same runner, such as one whose line broke unnoticed."""
        while key in self._sessions:
            older, ended = self._sessions[key]
            logger.info("runner connected anew session=%s", older.desk.session_id)
            await older.close(REPLACED, "replaced by a newer connection of the same instance")
            await ended.wait()

    def _remember(self, key: SessionKey, session_id: str) -> None:
        self._previous.pop(key, None)
        self._previous[key] = session_id
        if len(self._previous) > _REMEMBERED:
            self._previous.pop(next(iter(self._previous)))


def _refuse(status: int, code: str, cause: str) -> JSONResponse:
    return JSONResponse({"error_code": code, "errors": [cause]}, status_code=status)
