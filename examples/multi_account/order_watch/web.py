"""The pages and their API. Pages are plain HTML in ``static/``; they call the endpoints below by relative addresses."""

from __future__ import annotations

from typing import Annotated, Any

from connect_eaas import WebApplicationBase, account_settings_page, module_pages, router, unauthorized, web_app
from connect_eaas.web.inject.common import get_call_context, get_logger
from connect_eaas.web.inject.models import Context
from connect_eaas.web.inject.synchronous import get_installation, get_installation_client
from fastapi import Depends

from order_watch.settings import Settings

Installation = Annotated[dict[str, Any], Depends(get_installation)]
Client = Annotated[Any, Depends(get_installation_client)]
Call = Annotated[Context, Depends(get_call_context)]


@account_settings_page("Order watch", "/static/settings.html")
@module_pages("Large orders", "/static/orders.html")
@web_app(router)
class OrderWatchWeb(WebApplicationBase):
    """What the account's pages need."""

    logger: Any = Depends(get_logger)

    @router.get("/settings")
    def read_settings(self, installation: Installation) -> Settings:
        """Return the account's choices."""
        return Settings.of(installation)

    @router.put("/settings")
    def write_settings(self, settings: Settings, installation: Installation, client: Client) -> Settings:
        """Keep the account's choices. What is wrong with them is answered with 422."""
        client("devops").installations[installation["id"]].update({"settings": settings.model_dump()})
        self.logger.info("New settings of %s", installation["id"])
        return settings

    @router.get("/orders")
    def large_orders(self, installation: Installation, client: Client) -> list[dict[str, Any]]:
        """Return the account's newest orders, with whether they are large."""
        settings = Settings.of(installation)
        found = []
        for request in client.requests.filter(type="purchase").order_by("-created")[0:50]:
            quantities = [str(item.get("quantity", "")) for item in request["asset"].get("items", [])]
            pieces = sum(int(quantity) for quantity in quantities if quantity.isdigit())
            found.append(
                {
                    "id": request["id"],
                    "status": request["status"],
                    "pieces": pieces,
                    "large": settings.enabled and pieces >= settings.large_from,
                }
            )
        return found

    @unauthorized()
    @router.get("/health")
    def health(self, context: Call) -> dict[str, str]:
        """Tell a monitor, who has no key, that the extension is there."""
        return {"status": "ok", "environment": context.environment_type or "unknown"}
