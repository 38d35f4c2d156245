"""Addresses of transformation requests, their batches and streams, and of the functions that runners offer."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from connect_devops.sandbox import kinds, transformations
from connect_devops.sandbox.endpoints import Call, Work, documents, endpoint, one
from connect_devops.sandbox.filters import fields_for
from connect_devops.sandbox.kinds import Kind
from connect_devops.sandbox.machines import TRANSFORMATION_REQUEST
from connect_devops.sandbox.world import World

__all__ = ["transformation_routes"]

_API: Final = "/public/v1"
_COLLECTIONS: Final = (
    kinds.BILLING_BATCHES,
    kinds.PRICING_BATCHES,
    kinds.BILLING_STREAMS,
    kinds.PRICING_STREAMS,
)


def transformation_routes(world: World) -> list[BaseRoute]:
    """Look at all of them; change requests, process and fail them."""
    routes = [route for kind in (*transformations.REQUESTS, *_COLLECTIONS) for route in _looking(world, kind)]
    for kind in transformations.REQUESTS:
        path = f"{_API}/{kind.collection}/{{id}}"
        routes.append(Route(path, endpoint(world, _changing(kind)), methods=["PUT"]))
        routes += [
            Route(f"{path}/{action}", endpoint(world, _acting(kind, action)), methods=["POST"])
            for action in TRANSFORMATION_REQUEST.actions
        ]
    return [*routes, *_functions(world)]


def _looking(world: World, kind: Kind) -> list[BaseRoute]:
    path = f"{_API}/{kind.collection}"
    listed = documents(kind, lambda: fields_for(kind.collection))
    return [
        Route(path, endpoint(world, listed), methods=["GET"]),
        Route(f"{path}/{{id}}", endpoint(world, one(kind)), methods=["GET"]),
    ]


def _changing(kind: Kind) -> Work:
    return lambda call: transformations.update(call.world, kind, call.path["id"], call.body, call.by)


def _acting(kind: Kind, action: str) -> Work:
    return lambda call: transformations.act(call.world, kind, call.path["id"], action, call.body, call.by)


def _functions(world: World) -> list[BaseRoute]:
    kind = kinds.TRANSFORMATION_FUNCTIONS
    listed = documents(kind, lambda: fields_for(kind.collection))

    def work(call: Call) -> Any:
        transformations.functions(call.world)
        answer: Response = listed(call)
        return answer

    return [Route(f"{_API}/{kind.collection}", endpoint(world, work), methods=["GET"])]
