"""The page that a transformation has to have."""

from __future__ import annotations

from connect_eaas import WebApplicationBase, router, web_app


@web_app(router)
class EverythingWeb(WebApplicationBase):
    @router.get("/nothing")
    def nothing(self) -> None:
        return None
