{% from "answers.jinja" import aio, def, wait, installed, package, side, type, web_class, with_ui, with_web with context %}
{% from "events/catalogue.jinja" import examples, variables_decorator with context %}
{% if with_web %}
"""The API of the extension{{ ', and its pages in the Connect UI' if with_ui }}."""

from __future__ import annotations

from typing import Annotated, Any

from connect_eaas import WebApplicationBase, router{{ ', variables' if examples }}, web_app
from connect_eaas.web.inject.{{ 'asynchronous' if aio else 'synchronous' }} import get_{{ 'installation' if installed else 'extension' }}_client
from fastapi import Depends

Client = Annotated[Any, Depends(get_{{ 'installation' if installed else 'extension' }}_client)]


{{ variables_decorator(examples) -}}
@web_app(router)
class {{ web_class }}(WebApplicationBase):
    """The endpoints; an instance is made for each call."""

    @router.get("/marketplaces")
    {{ def }} marketplaces(self, client: Client) -> list[dict[str, str]]:
        """Return the marketplaces."""
{% if aio %}
        return [{"id": item["id"], "name": item["name"]} async for item in client.marketplaces.all()]
{% else %}
        return [{"id": item["id"], "name": item["name"]} for item in client.marketplaces.all()]
{% endif %}
{% endif %}
