"""The tables of a web application's endpoints, as shown at the start."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from connect_eaas import EventsApplicationBase, WebApplicationBase, unauthorized, web_app
from connect_eaas.declarations import Declarations
from connect_eaas.runner.features import tables_of
from connect_eaas.web.routing import Router, endpoints


def test_endpoints_are_those_of_the_schema() -> None:
    router, included, innermost = APIRouter(prefix="/p"), APIRouter(prefix="/own"), APIRouter()

    @router.get("/top")
    def top() -> None: ...

    @included.put("/a/{x}", summary="Change")
    def change(x: int) -> None: ...

    @innermost.post("/t")
    def deep_down() -> None: ...

    included.include_router(innermost, prefix="/inner")
    router.include_router(included, prefix="/sub")
    app = FastAPI()
    app.include_router(router)
    schema: dict[str, dict[str, Any]] = app.openapi()["paths"]
    found = list(endpoints(router))
    assert {(item.method.lower(), item.path) for item in found} == {
        (method, path) for path, methods in schema.items() for method in methods
    }
    assert [(item.path, item.summary) for item in found] == [
        ("/p/top", "Top"),
        ("/p/sub/own/a/{x}", "Change"),
        ("/p/sub/own/inner/t", "Deep down"),
    ]


def test_tables_tell_who_may_call(monkeypatch: pytest.MonkeyPatch) -> None:
    router = Router()
    monkeypatch.setattr("connect_eaas.web.routing.router", router)

    @web_app(router)
    class Shop(WebApplicationBase):
        @router.get("/orders", summary="List orders")
        def orders(self) -> None: ...

        @unauthorized()
        @router.get("/health")
        def health(self) -> None: ...

    tables = {table.title: table.rows for table in tables_of(Declarations.inspect(Shop)[0])}
    assert tables == {
        "Authenticated endpoints (below /api)": (("GET", "/orders", "List orders"),),
        "Endpoints for everybody (below /unauthorized and /guest)": (("GET", "/health", "Health"),),
    }


def test_other_applications_have_none() -> None:
    class Quiet(EventsApplicationBase): ...

    assert tables_of(Declarations.inspect(Quiet)[0]) == ()
