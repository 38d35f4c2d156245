"""Every kind of page, and an endpoint that tells who calls."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from connect_eaas import (
    WebApplicationBase,
    account_settings_page,
    admin_pages,
    customer_pages,
    devops_pages,
    module_pages,
    proxied_connect_api,
    router,
    web_app,
)
from connect_eaas.web.inject.common import get_call_context
from connect_eaas.web.inject.models import Context

page = "/static/who.html"
marks: list[str] = []
"""Calls that changed something."""


@account_settings_page("Mine", page, icon="/static/icon.svg")
@module_pages("Module", page, children=[{"label": "Child", "url": page}])
@admin_pages([{"label": "Administration", "url": page}])
@devops_pages([{"label": "Operations", "url": page}])
@customer_pages([{"label": "Customers", "url": page}])
@proxied_connect_api({"/public/v1/accounts": "view"})
@web_app(router)
class PagedWeb(WebApplicationBase):
    @router.get("/who")
    def who(self, request: Request, context: Annotated[Context, Depends(get_call_context)]) -> dict[str, Any]:
        told = context.model_dump(exclude_none=True)
        return {**told, "cookies": sorted(request.cookies), "marks": len(marks)}

    @router.get("/mark")
    @router.post("/mark")
    def mark(self, request: Request) -> int:
        marks.append(request.method)
        return len(marks)

    @router.post("/check")
    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {"overview": f"Rate {settings['rate']}"}
