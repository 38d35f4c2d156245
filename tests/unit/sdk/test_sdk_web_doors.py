"""The web side's doors: methods as endpoints, their split by authentication, and the extra that they need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header
from pydantic import BaseModel

from connect_eaas import WebApplicationBase, unauthorized, web_app
from connect_eaas.web.routing import Router, router, split


class Thing(BaseModel):
    name: str
    size: int = 1


def caller(x_caller: Annotated[str, Header()]) -> str:
    return x_caller


views = Router()


@web_app(views)
class Views(WebApplicationBase):
    who: str = Depends(caller)

    @views.get("/things/{name}")
    def read(self, name: str, size: int = 2) -> Thing:
        return Thing(name=f"{self.who}:{name}", size=size)

    @views.post("/things", status_code=201)
    async def create(self, thing: Thing, again: Annotated[bool, Depends(lambda: True)]) -> dict[str, Any]:
        return {"who": self.who, "thing": thing.model_dump(), "again": again}

    @unauthorized()
    @views.get("/open")
    def open(self) -> str:
        return "open"


@views.get("/plain")
def plain() -> str:
    return "plain"


def application(source: APIRouter) -> FastAPI:
    app = FastAPI()
    app.include_router(source)
    return app


@pytest.fixture
async def client() -> Any:
    transport = httpx.ASGITransport(app=application(views))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers={"X-Caller": "me"}) as client:
        yield client


async def test_methods_are_endpoints_with_their_own_instance(client: httpx.AsyncClient) -> None:
    answer = await client.get("/things/box", params={"size": 5})
    assert answer.json() == {"name": "me:box", "size": 5}
    answer = await client.post("/things", json={"name": "bag"})
    assert answer.status_code == 201
    assert answer.json() == {"who": "me", "thing": {"name": "bag", "size": 1}, "again": True}
    assert (await client.get("/plain")).json() == "plain"
    assert (await client.post("/things", json={})).status_code == 422
    assert (await client.get("/things/box", headers={"X-Caller": ""})).json()["name"] == ":box"


async def test_self_is_no_parameter_of_the_api(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    names = [parameter["name"] for parameter in paths["/things/{name}"]["get"]["parameters"]]
    assert sorted(names) == ["name", "size", "x-caller"]
    assert paths["/things/{name}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]


def test_methods_can_still_be_called_directly() -> None:
    views = Views()
    views.who = "test"
    assert views.read("box").name == "test:box"


def test_routes_are_split_by_authentication() -> None:
    closed, free = split(views)
    assert {getattr(route, "path", None) for route in closed.routes} == {"/things/{name}", "/things", "/plain"}
    assert [getattr(route, "path", None) for route in free.routes] == ["/open"]


@pytest.fixture
def empty_router() -> Iterator[None]:
    before = list(router.routes)
    yield
    router.routes[:] = before


@pytest.mark.usefixtures("empty_router")
def test_get_routers_reads_the_global_router() -> None:
    @web_app(router)
    class Web(WebApplicationBase):
        @router.get("/only-here")
        def get(self) -> str:
            return ""

    closed, free = Web.get_routers()
    assert "/only-here" in {getattr(route, "path", None) for route in closed.routes}
    assert free.routes == []


async def test_any_router_will_do() -> None:
    plain_router = APIRouter(prefix="/any")

    @web_app(plain_router)
    class Any_(WebApplicationBase):  # noqa: N801
        who: str = Depends(caller)

        @plain_router.get("/{name}", status_code=202, tags=["kept"])
        def read(self, name: str) -> str:
            return f"{self.who}:{name}"

    app = application(plain_router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        answer = await client.get("/any/box", headers={"X-Caller": "me"})
        assert (answer.status_code, answer.json()) == (202, "me:box")
        operation = (await client.get("/openapi.json")).json()["paths"]["/any/{name}"]["get"]
    assert operation["tags"] == ["kept"]
    assert sorted(item["name"] for item in operation["parameters"]) == ["name", "x-caller"]


async def test_methods_on_one_router_belong_to_the_class_that_adopts_them() -> None:
    shared = Router()

    class One(WebApplicationBase):
        @shared.get("/one")
        def one(self) -> str:
            return type(self).__name__

    class Two(WebApplicationBase):
        @shared.get("/two")
        def two(self) -> str:
            return type(self).__name__

    # In the other order, and before the first class has adopted anything.
    web_app(shared)(Two)
    assert [getattr(route, "path", None) for route in shared.routes] == ["/two"]
    web_app(shared)(One)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=application(shared)), base_url="http://test"
    ) as client:
        assert [(await client.get(path)).json() for path in ("/one", "/two")] == ["One", "Two"]
