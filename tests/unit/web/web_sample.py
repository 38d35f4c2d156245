"""A web application in the style of public extensions: class-based views, the global kind of router, inclusions."""

# ruff: noqa: B008 - existing extensions are written so

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, StreamingResponse

from connect.eaas.core.decorators import account_settings_page, module_pages, unauthorized, variables, web_app
from connect.eaas.core.extension import WebApplicationBase
from connect.eaas.core.inject.asynchronous import get_installation as get_installation_async
from connect.eaas.core.inject.common import get_call_context, get_config, get_logger
from connect.eaas.core.inject.models import Context
from connect.eaas.core.inject.synchronous import (
    get_extension_client,
    get_installation,
    get_installation_admin_client,
    get_installation_client,
)
from connect_eaas.web.routing import Router

router = Router()
nested = APIRouter()


def settings_of(installation: dict[str, Any] = Depends(get_installation)) -> Any:
    return installation["settings"]


def must_be_admin(context: Context = Depends(get_call_context)) -> None:
    if context.call_type != "admin":
        raise PermissionError("for admins")


async def permission_error(request: Request, exc: Exception) -> JSONResponse:
    return JSONResponse({"error": str(exc)}, status_code=403)


async def add_header(request: Request, call_next: Any) -> Any:
    response = await call_next(request)
    response.headers["X-Middleware"] = "function"
    return response


class RawMiddleware:
    def __init__(self, app: Any, value: str = "class") -> None:
        self.app = app
        self.value = value

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-raw", self.value.encode())]
            await send(message)

        await self.app(scope, receive, sending)


@variables([{"name": "COLOUR", "initial_value": "red"}])
@account_settings_page("Settings", "/static/settings.html")
@module_pages("Main", "/static/index.html")
@web_app(router)
class SampleWeb(WebApplicationBase):
    @classmethod
    def get_middlewares(cls) -> list[Any]:
        return [add_header, RawMiddleware, (RawMiddleware, {"value": "tuple"})]

    @classmethod
    def get_exception_handlers(cls, exception_handlers: dict[Any, Any]) -> dict[Any, Any]:
        exception_handlers[PermissionError] = permission_error
        return exception_handlers

    @router.get("/context")
    def context(self, context: Context = Depends(get_call_context)) -> Context:
        return context

    @router.get("/config")
    async def config(self, config: dict[str, Any] = Depends(get_config)) -> dict[str, Any]:
        return config

    @router.get("/log")
    def log(self, logger: Any = Depends(get_logger)) -> str:
        logger.debug("seen %s", "it")
        return "logged"

    @router.get("/installation")
    def installation(self, installation: dict[str, Any] = Depends(get_installation)) -> dict[str, Any]:
        return installation

    @router.get("/installation-async")
    async def installation_async(self, installation: dict[str, Any] = Depends(get_installation_async)) -> Any:
        return installation

    @router.get("/settings")
    def settings(self, settings: dict[str, Any] = Depends(settings_of)) -> dict[str, Any]:
        return settings

    @router.get("/keys")
    def keys(
        self,
        own: Any = Depends(get_installation_client),
        owner: Any = Depends(get_extension_client),
    ) -> dict[str, Any]:
        return {"own": own.api_key, "owner": owner.api_key, "endpoint": own.endpoint}

    @router.get("/installations/{installation_id}/key")
    def admin_key(self, installation_id: str, client: Any = Depends(get_installation_admin_client)) -> str:
        return str(client.api_key)

    @router.get("/accounts")
    def accounts(self, client: Any = Depends(get_installation_client)) -> Any:
        return list(client.accounts.all())

    @router.post("/echo", status_code=201)
    async def echo(self, request: Request) -> Any:
        body = await request.body()
        return StreamingResponse(iter([body[:3], body[3:]]), status_code=201, media_type="application/octet-stream")

    @router.get("/url")
    def url(self, request: Request, q: str = "") -> dict[str, str]:
        return {"url": str(request.url), "q": q, "host": request.headers["host"]}

    @router.get("/headers")
    def headers(self, request: Request) -> list[list[str]]:
        return [[name, value] for name, value in request.headers.items()]

    @router.get("/cookies")
    def cookies(self) -> Any:
        response = JSONResponse({})
        response.set_cookie("a", "1")
        response.set_cookie("b", "2, 3")
        response.headers.append("Vary", "A")
        response.headers.append("Vary", "B")
        return response

    @router.get("/crash")
    def crash(self) -> None:
        raise ValueError("it broke")

    @unauthorized()
    @router.get("/open")
    def open(self, context: Context = Depends(get_call_context)) -> Context:
        return context


@nested.get("/closed")
def nested_closed(context: Context = Depends(get_call_context)) -> str:
    return "closed"


@unauthorized()
@nested.get("/open")
def nested_open() -> str:
    return "open"


router.include_router(nested, prefix="/nested")
router.include_router(nested, prefix="/admins", dependencies=[Depends(must_be_admin)])
