"""``/devops/services``: extensions (``reference/devops-api.md`` 4.1), and the choices for new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from connect_devops.api import render
from connect_devops.api.bodies import identifier, mapping, optional_text, text
from connect_devops.api.calls import Call, column_fields, created, no_content, ok, paged, route
from connect_devops.api.choices import Choices
from connect_devops.api.forms import is_form, read_picture
from connect_devops.api.lists import fields, list_documents
from connect_devops.domain.errors import ValidationError
from connect_devops.services.container import Services
from connect_devops.services.extensions import Reference

__all__ = ["extension_routes"]

_TEXTS: Final = ("name", "description", "icon", "short_description", "overview", "website")
_CHOICE_FIELDS: Final = fields("id:str?~ name:str^~")
_CATEGORIES: Final = tuple(
    {"id": f"CAT-{number:05d}", "name": name}
    for number, name in enumerate(("Automation", "Billing", "Commerce", "Integration", "Reporting"), start=1)
)
_LIST_FIELDS: Final = "events.created.at:num^ events.updated.at:num^ id:str? name:str^ package_id:str? type:str^"


def extension_routes(services: Services, choices: Choices) -> list[BaseRoute]:
    """Return the routes."""
    listed = column_fields(services.extensions.columns, _LIST_FIELDS)

    def list_extensions(call: Call) -> Response:
        call.require_owner_key()
        return paged(
            call,
            listed,
            lambda refine, limit, offset: services.extensions.page(
                owner_id=call.owner_id, refine=refine, limit=limit, offset=offset
            ),
            render.extension,
        )

    def create(call: Call) -> Response:
        call.require_owner_key()
        body = call.object()
        extension = services.extensions.create(
            call.owner_id,
            type=text(body, "type"),
            name=text(body, "name"),
            description=optional_text(body, "description"),
            icon=optional_text(body, "icon"),
            package_id=optional_text(body, "package_id"),
            products=_products(body, choices),
            hub=_hub(body, choices),
            short_description=optional_text(body, "short_description"),
            overview=optional_text(body, "overview"),
            website=optional_text(body, "website"),
            category=_category(body),
        )
        return created(render.extension(extension))

    def get(call: Call) -> Response:
        return ok(render.extension(call.extension()))

    def update(call: Call) -> Response:
        extension = call.extension()
        if is_form(call):
            return ok(render.extension(services.extensions.update(extension.id, {"icon": read_picture(call, "icon")})))
        body = call.object()
        changes: dict[str, Any] = {name: optional_text(body, name) for name in _TEXTS if name in body}
        if "category" in body:
            changes["category"] = _category(body)
        if "products" in body:
            changes["products"] = _products(body, choices)
        return ok(render.extension(services.extensions.update(extension.id, changes)))

    def delete(call: Call) -> Response:
        services.extensions.delete(call.extension().id)
        return no_content()

    def list_own_products(call: Call) -> Response:
        chosen = call.extension().products
        icons = {item["id"]: item.get("icon") for item in choices.products()}
        documents = [{"id": item.id, "name": item.name, "icon": icons.get(item.id)} for item in chosen]
        return list_documents(call.list_request(), documents, _CHOICE_FIELDS)

    def list_products(call: Call) -> Response:
        return list_documents(call.list_request(), choices.products(), _CHOICE_FIELDS)

    def list_categories(call: Call) -> Response:
        return list_documents(call.list_request(), _CATEGORIES, _CHOICE_FIELDS)

    def list_hubs(call: Call) -> Response:
        return list_documents(call.list_request(), choices.hubs(), _CHOICE_FIELDS)

    return [
        route(services, "/devops/services", get=list_extensions, post=create),
        route(services, "/devops/services/{extension}", get=get, put=update, delete=delete),
        route(services, "/devops/services/{extension}/products", get=list_own_products),
        route(services, "/devops/products", get=list_products),
        route(services, "/devops/hubs", get=list_hubs),
        route(services, "/dictionary/extensions/categories", get=list_categories),
    ]


def _products(body: Mapping[str, Any], choices: Choices) -> list[Reference]:
    """Read ``products`` or the older ``product``."""
    if body.get("products") is not None:
        items = body["products"]
        if not isinstance(items, list):
            raise ValidationError.of("products", "Expected a list.")
        ids = [identifier(item, f"products.{index}") for index, item in enumerate(items)]
    elif body.get("product") is not None:
        ids = [identifier(body["product"], "product")]
    else:
        return []
    names = {item["id"]: str(item.get("name") or "") for item in choices.products()}
    return [Reference(id_, names.get(id_) or id_) for id_ in dict.fromkeys(ids)]


def _hub(body: Mapping[str, Any], choices: Choices) -> Reference | None:
    if body.get("hub") is None:
        return None
    id_ = identifier(body["hub"], "hub")
    names = {item["id"]: str(item.get("name") or "") for item in choices.hubs()}
    return Reference(id_, names.get(id_) or id_)


def _category(body: Mapping[str, Any]) -> str | None:
    if isinstance(body.get("category"), str):
        return str(body["category"])
    category = mapping(body, "category")
    return None if category is None else identifier(category, "category")
