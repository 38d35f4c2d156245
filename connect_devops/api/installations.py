"""Installations, seen by their owners and by the extension's owner (``reference/devops-api.md`` 4.6)."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select
from starlette.responses import Response
from starlette.routing import BaseRoute

from connect_devops.api import render
from connect_devops.api.bodies import identifier, optional_text
from connect_devops.api.calls import Call, column_fields, created, ok, paged, route
from connect_devops.domain.errors import NotFoundError, ValidationError
from connect_devops.services.container import Services
from connect_devops.services.installations import Installation
from connect_devops.services.page import Page, Refine

__all__ = ["installation_routes"]

_MINE: Final = "/devops/installations"
_THEIRS: Final = "/devops/services/{extension}/installations"
_LIST_FIELDS: Final = (
    "environment.extension.id:str?^~ environment.id:str?^~ environment.type:str^~ events.installed.at:num?^"
    " events.updated.at:num?^ id:str?^~ owner.id:str?^~ owner.name:str^~ status:str^~"
)


def installation_routes(services: Services) -> list[BaseRoute]:
    """Return the routes."""
    installations = services.installations
    known = installations.columns
    listed = column_fields(known, " ".join(word for word in _LIST_FIELDS.split() if word.partition(":")[0] in known))

    def document(installation: Installation) -> dict[str, Any]:
        environment = services.environments.get(installation.environment_id)
        owner = services.accounts.get(environment.owner_id)
        return render.installation(installation, render.environment_reference(environment, owner))

    def mine(call: Call) -> Installation:
        installation = installations.get(call.path["installation"])
        if call.owner_id != installation.owner.id or call.identity.installation_id not in (None, installation.id):
            raise NotFoundError("installation", installation.id)
        return installation

    def theirs(call: Call) -> Installation:
        return installations.get(call.path["installation"], extension_id=call.extension().id)

    def list_mine(call: Call) -> Response:
        own = call.identity.installation_id

        def read(refine: Refine, limit: int, offset: int) -> Page[Installation]:
            def narrow(statement: Select[Any]) -> Select[Any]:
                # The key of an installation speaks for that one, not for others of the same account.
                return refine(statement if own is None else statement.where(known["id"] == own))

            return installations.page(owner_id=call.owner_id, refine=narrow, limit=limit, offset=offset)

        return paged(call, listed, read, document)

    def list_theirs(call: Call) -> Response:
        extension = call.extension()
        return paged(
            call,
            listed,
            lambda refine, limit, offset: installations.page(
                extension_id=extension.id, refine=refine, limit=limit, offset=offset
            ),
            document,
        )

    def install(call: Call) -> Response:
        call.require_owner_key()
        body = call.object()
        environment = services.environments.get(identifier(body.get("environment"), "environment"))
        installation = installations.install(environment.id, call.owner_id, settings=body.get("settings"))
        return created(document(installation))

    def update(installation: Installation, call: Call) -> Response:
        body = call.object()
        if "settings" not in body:
            raise ValidationError.of("settings", "This field is required.")
        return ok(document(installations.update_settings(installation.id, body["settings"])))

    def uninstall(call: Call) -> Response:
        comment = optional_text(call.object(), "comment")
        return ok(document(installations.uninstall(mine(call).id, comment)))

    def impersonate(call: Call) -> Response:
        return ok({"installation_api_key": installations.api_key(theirs(call).id)})

    return [
        route(services, _MINE, get=list_mine, post=install),
        route(
            services,
            _MINE + "/{installation}",
            get=lambda call: ok(document(mine(call))),
            put=lambda call: update(mine(call), call),
        ),
        route(services, _MINE + "/{installation}/uninstall", post=uninstall),
        route(services, _THEIRS, get=list_theirs),
        route(
            services,
            _THEIRS + "/{installation}",
            get=lambda call: ok(document(theirs(call))),
            put=lambda call: update(theirs(call), call),
        ),
        route(services, _THEIRS + "/{installation}/impersonate", post=impersonate),
    ]
