"""What happens for each account that has installed the extension.

In a multi-account extension a task belongs to an installation: ``self.installation`` is it, and
``self.installation_client`` calls the API as the account that installed it. ``self.client`` would be the owner of the
extension, who has no business with the accounts' orders.
"""

from __future__ import annotations

from typing import Any

from connect_eaas import BackgroundResponse, EventsApplicationBase, event

from order_watch.settings import Settings


class OrderWatchEvents(EventsApplicationBase):
    """The handlers; an instance is made for each task."""

    @event("installation_status_change", statuses=["installed", "uninstalled"])
    def installation_changed(self, installation: dict[str, Any]) -> BackgroundResponse:
        """Give a new installation its first settings."""
        if installation["status"] == "installed" and not installation.get("settings"):
            settings = Settings().model_dump()
            self.installation_client("devops").installations[installation["id"]].update({"settings": settings})
        self.logger.info("%s is %s", installation["id"], installation["status"])
        return BackgroundResponse.done()

    @event("asset_purchase_request_processing", statuses=["pending"])
    def order_came(self, request: dict[str, Any]) -> BackgroundResponse:
        """Write a note into the conversation of a large order."""
        settings = Settings.of(self.installation or {})
        quantities = [str(item.get("quantity", "")) for item in request["asset"].get("items", [])]
        pieces = sum(int(quantity) for quantity in quantities if quantity.isdigit())
        if not settings.enabled or pieces < settings.large_from:
            return BackgroundResponse.skip("no large order")
        messages = self.installation_client.conversations[request["id"]].messages
        messages.create({"text": f"{settings.note} ({pieces} pieces)"})
        return BackgroundResponse.done()
