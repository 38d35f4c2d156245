"""Routes of what business objects refer to: products with their parts, marketplaces, hubs, connections, contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.routing import BaseRoute, Route

from connect_devops.domain.errors import ValidationError
from connect_devops.rql import ListRequest
from connect_devops.sandbox import body, kinds, product_actions, templates
from connect_devops.sandbox.endpoints import Call, Work, documents, endpoint, one
from connect_devops.sandbox.filters import HUB_CONNECTIONS, fields_for
from connect_devops.sandbox.kinds import Kind
from connect_devops.sandbox.world import World

__all__ = ["catalogue_routes"]

_API: Final = "/public/v1"
_FIXED: Final = ("id", "events")

# The parts of products by the last word of their address: kind, prefix of ids, length of the running number, and what
# a new one needs.
_PARTS: Final[Mapping[str, tuple[Kind, str, int, tuple[str, ...]]]] = {
    "items": (kinds.PRODUCT_ITEMS, "PRD", 4, ("name", "mpn")),
    "parameters": (kinds.PRODUCT_PARAMETERS, "PRM", 4, ("name", "title", "type", "scope", "phase")),
    "templates": (kinds.PRODUCT_TEMPLATES, "TL", 3, ("name", "body", "scope")),
    "actions": (kinds.PRODUCT_ACTIONS, "ACT", 3, ("action", "name", "scope")),
}


def catalogue_routes(world: World) -> list[BaseRoute]:
    """All of them."""
    routes: list[BaseRoute] = []
    for kind in (kinds.PRODUCTS, kinds.MARKETPLACES, kinds.HUBS, kinds.CONTRACTS):
        routes += [
            _route(world, kind.collection, "GET", documents(kind, _fields(kind))),
            _route(world, f"{kind.collection}/{{id}}", "GET", one(kind)),
        ]
    routes += [
        _route(world, "products/{id}", "PUT", _change(kinds.PRODUCTS)),
        _route(
            world,
            "products/{product}/connections",
            "GET",
            documents(kinds.CONNECTIONS, _fields(kinds.CONNECTIONS), narrow=_by_product),
        ),
        _route(
            world,
            "hubs/{hub}/connections",
            "GET",
            documents(kinds.CONNECTIONS, lambda: fields_for(HUB_CONNECTIONS), narrow=_by_hub),
        ),
        _route(world, "products/{product}/actions/{id}/actionLink", "GET", _action_link),
        _route(world, "products/{product}/templates/{id}/render", "GET", _render_template),
    ]
    for word in _PARTS:
        routes += _part_routes(world, word)
    return routes


def _route(world: World, path: str, method: str, work: Work, *, status: int = 200) -> Route:
    return Route(f"{_API}/{path}", endpoint(world, work, status=status), methods=[method])


def _fields(kind: Kind) -> Any:
    return lambda: fields_for(kind.collection)


def _by_product(call: Call, wanted: ListRequest) -> ListRequest:
    call.world.get(kinds.PRODUCTS, call.path["product"])
    return wanted.and_eq("product.id", call.path["product"])


def _by_hub(call: Call, wanted: ListRequest) -> ListRequest:
    call.world.get(kinds.HUBS, call.path["hub"])
    return wanted.and_eq("hub.id", call.path["hub"])


def _change(kind: Kind) -> Work:
    def work(call: Call) -> dict[str, Any]:
        with call.world.services.store.transaction():
            doc = call.world.get(kind, call.path["id"])
            doc.update({name: value for name, value in call.body.items() if name not in _FIXED})
            return call.world.change(kind, doc, by=call.by)

    return work


def _product(call: Call) -> str:
    return str(call.world.get(kinds.PRODUCTS, call.path["product"])["id"])


def _part_routes(world: World, word: str) -> list[BaseRoute]:
    kind, prefix, digits, needed = _PARTS[word]
    path = f"products/{{product}}/{word}"

    def create(call: Call) -> dict[str, Any]:
        for name in needed:
            body.text(call.body, name, required=True)
        with world.services.store.transaction():
            product_id = _product(call)
            unique = {"templates": None, "items": "mpn", "parameters": "name", "actions": "action"}[word]
            existing = world.objects.all(kind.collection, parent_id=product_id)
            if unique and any(one.get(unique) == call.body[unique] for one in existing):
                raise ValidationError.of(unique, f"{product_id} has a {kind.noun} '{call.body[unique]}' already.")
            base = f"{prefix}-{product_id.partition('-')[2]}"
            number = len(existing) + 1
            while world.find(kind, f"{base}-{number:0{digits}d}", parent_id=product_id) is not None:
                number += 1
            doc: dict[str, Any] = {"title": call.body.get("name", ""), **call.body}
            doc |= {"id": f"{base}-{number:0{digits}d}", "events": {}}
            world.stamp(doc, "created", call.by)
            world.stamp(doc, "updated", None)
            return world.store(kind, doc, parent_id=product_id)

    def change(call: Call) -> dict[str, Any]:
        with world.services.store.transaction():
            product_id = _product(call)
            doc = world.get(kind, call.path["id"], parent_id=product_id)
            doc.update({name: value for name, value in call.body.items() if name not in _FIXED})
            world.stamp(doc, "updated", call.by)
            return world.store(kind, doc, parent_id=product_id)

    def delete(call: Call) -> None:
        with world.services.store.transaction():
            product_id = _product(call)
            world.get(kind, call.path["id"], parent_id=product_id)
            world.objects.delete(kind.collection, call.path["id"], parent_id=product_id)

    return [
        _route(world, path, "GET", documents(kind, _fields(kind), parent=_product)),
        _route(world, path, "POST", create, status=201),
        _route(world, f"{path}/{{id}}", "GET", one(kind, parent=_product)),
        _route(world, f"{path}/{{id}}", "PUT", change),
        _route(world, f"{path}/{{id}}", "DELETE", delete),
    ]


def _action_link(call: Call) -> dict[str, str]:
    base = str(call.request.base_url).rstrip("/")
    token = product_actions.link_token(
        call.world, call.path["product"], call.path["id"], call.request.query_params, f"{base}{_API}"
    )
    return {"link": f"{base}{product_actions.LINK_PATH}/{token}"}


def _render_template(call: Call) -> str:
    template = call.world.get(kinds.PRODUCT_TEMPLATES, call.path["id"], parent_id=_product(call))
    return templates.render(str(template.get("body") or ""), [])
