"""A web application that is awkward on purpose, served by a real worker behind a real platform."""

# ruff: noqa: B008 - existing extensions are written so

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from fastapi import BackgroundTasks, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse

from connect_eaas import WebApplicationBase, unauthorized, variables, web_app
from connect_eaas.web.inject import asynchronous, synchronous
from connect_eaas.web.inject.common import get_call_context, get_config, get_logger
from connect_eaas.web.inject.models import Context
from connect_eaas.web.routing import Router, split

released = threading.Event()
"""Ends the endpoints that hang."""
seen: list[str] = []
"""What happened after an answer."""
entered = threading.Semaphore(0)
life: list[str] = []
"""What happened at the application's start and end."""
refusal: list[str] = []
"""Why it cannot start, if it is not to."""


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    if refusal:
        raise RuntimeError(refusal[0])
    life.append("begin")
    yield {"price": 42}
    life.append("end")


router = Router(lifespan=lifespan)


def dependencies_of_all(
    context: Context = Depends(get_call_context),
    config: dict[str, Any] = Depends(get_config),
    logger: Any = Depends(get_logger),
) -> dict[str, Any]:
    return {"context": context.model_dump(exclude_none=True), "config": config, "logger": logger.extra["user_id"]}


@variables([{"name": "COLOUR", "initial_value": "red"}])
@web_app(router)
class LiveWeb(WebApplicationBase):
    @classmethod
    def on_startup(cls, logger: Any, config: dict[str, Any]) -> None:
        logger.info("%s starts with %s", logger.name, config)

    @classmethod
    def get_routers(cls) -> Any:
        return split(router)

    @router.get("/state")
    def state(self, request: Request, logger: Any = Depends(get_logger)) -> int:
        logger.info("the state is asked for")
        life.append("call")
        return int(request.state.price)

    @router.get("/all")
    def all(self, found: dict[str, Any] = Depends(dependencies_of_all)) -> dict[str, Any]:
        return found

    @router.get("/installation")
    def installation(self, installation: Any = Depends(synchronous.get_installation)) -> Any:
        return installation

    @router.get("/installation-async")
    async def installation_async(self, installation: Any = Depends(asynchronous.get_installation)) -> Any:
        return installation

    @router.get("/owner")
    def owner(self, client: Any = Depends(synchronous.get_extension_client)) -> Any:
        return client.accounts.all().first()

    @router.get("/owner-async")
    async def owner_async(self, client: Any = Depends(asynchronous.get_extension_client)) -> Any:
        return await client.accounts.all().first()

    @router.get("/as/{installation_id}")
    def as_installation(
        self, installation_id: str, client: Any = Depends(synchronous.get_installation_admin_client)
    ) -> Any:
        return client("devops").installations[installation_id].get()["id"]

    @router.get("/as-async/{installation_id}")
    async def as_installation_async(
        self, installation_id: str, client: Any = Depends(asynchronous.get_installation_admin_client)
    ) -> Any:
        return (await client("devops").installations[installation_id].get())["id"]

    @router.get("/missing")
    def missing(self, client: Any = Depends(synchronous.get_extension_client)) -> Any:
        return client.requests["PR-0000-0000-0000-000"].get()

    @unauthorized()
    @router.get("/headers")
    def headers(self, request: Request) -> list[list[str]]:
        return [[name, value] for name, value in request.headers.items()]

    @unauthorized()
    @router.post("/echo")
    async def echo(self, request: Request) -> Any:
        async def parts() -> Any:
            async for part in request.stream():
                yield part

        return StreamingResponse(parts(), media_type=request.headers.get("content-type"))

    @unauthorized()
    @router.get("/query")
    def query(self, request: Request) -> dict[str, str]:
        return {"url": str(request.url), "raw": request.scope["raw_path"].decode()}

    @unauthorized()
    @router.get("/files/{path:path}")
    def files(self, path: str) -> str:
        return path

    @unauthorized()
    @router.get("/cookies")
    def cookies(self) -> Any:
        response = JSONResponse({})
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        response.set_cookie("connect_devops_session", "stolen")
        response.headers.append("Vary", "A")
        response.headers.append("Vary", "B")
        return response

    @unauthorized()
    @router.get("/redirect")
    def redirect(self, to: str) -> Any:
        return RedirectResponse(to)

    @unauthorized()
    @router.get("/empty", status_code=204)
    def empty(self) -> None: ...

    @unauthorized()
    @router.get("/crash")
    def crash(self) -> None:
        raise ValueError("it broke")

    @unauthorized()
    @router.get("/exit")
    async def exit(self) -> None:
        raise SystemExit(3)

    @unauthorized()
    @router.get("/hang")
    async def hang(self) -> None:
        entered.release()
        await anyio.sleep_forever()

    @unauthorized()
    @router.get("/hang-in-thread")
    def hang_in_thread(self) -> str:
        entered.release()
        released.wait(30)
        return "released"

    @unauthorized()
    @router.get("/later")
    def later(self, background: BackgroundTasks) -> str:
        background.add_task(lambda: (released.wait(30), seen.append("later")))
        return "now"

    @unauthorized()
    @router.get("/large")
    async def large(self, size: int) -> Any:
        return StreamingResponse(iter([b"x" * size]), media_type="text/plain")
