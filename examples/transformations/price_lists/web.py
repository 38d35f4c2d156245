"""The side of the dialogs: checks what was entered and describes it in a sentence for people."""

from __future__ import annotations

from connect_eaas import WebApplicationBase, router, web_app

from price_lists.settings import ConversionSettings, MarkingSettings


@web_app(router)
class PriceListsWeb(WebApplicationBase):
    """One endpoint for each dialog; wrong settings are answered with 422, which names the field."""

    @router.post("/convert/overview")
    def convert_overview(self, settings: ConversionSettings) -> dict[str, str]:
        """Describe a conversion."""
        return {"overview": f"Prices times {settings.rate}, with {settings.digits} digits."}

    @router.post("/mark/overview")
    def mark_overview(self, settings: MarkingSettings) -> dict[str, str]:
        """Describe a marking."""
        return {"overview": f"Amounts from {settings.large_from} on are marked."}
