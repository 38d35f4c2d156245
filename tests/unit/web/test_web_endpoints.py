"""The tables of a web application's endpoints, as shown at the start."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from connect_eaas import (
    EventsApplicationBase,
    WebApplicationBase,
    account_settings_page,
    admin_pages,
    customer_pages,
    devops_pages,
    module_pages,
    unauthorized,
    variables,
    web_app,
)
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


def test_tables_name_pages_of_all_kinds_and_variables() -> None:
    @account_settings_page("Settings", "/static/settings.html")
    @module_pages("Main", "/static/main.html", children=[{"label": "Tab", "url": "/static/tab.html"}])
    @admin_pages([{"label": "Admin", "url": "/static/admin.html"}])
    @devops_pages([{"label": "Operations", "url": "/static/operations.html"}])
    @customer_pages([{"label": "Home", "url": "/static/home.html"}])
    @variables([{"name": "SECRET", "initial_value": "s3cret", "secure": True}, {"name": "PLAIN"}])
    class Paged(WebApplicationBase): ...

    tables = {table.title: table.rows for table in tables_of(Declarations.inspect(Paged)[0])}
    assert {row[1:] for row in tables["Pages"]} == {
        ("Settings", "/static/settings.html"),
        ("Main", "/static/main.html"),
        ("- Tab", "/static/tab.html"),
        ("Admin", "/static/admin.html"),
        ("Operations", "/static/operations.html"),
        ("Home", "/static/home.html"),
    }
    assert len({row[0] for row in tables["Pages"]}) == 5, "each kind has a place of its own"
    assert set(tables["Variables"]) == {("SECRET", "yes"), ("PLAIN", "no")}
    assert "s3cret" not in str(tables)


def test_other_applications_have_none() -> None:
    class Quiet(EventsApplicationBase): ...

    assert tables_of(Declarations.inspect(Quiet)[0]) == ()
