"""A FastAPI application over a Django model, called with a few queries, in a process of its own: Django is global."""

from __future__ import annotations

import json
import sys
from typing import Any

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    INSTALLED_APPS=[],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

from dj_rql.filter_cls import AutoRQLFilterClass  # noqa: E402
from django.db import connection, models  # noqa: E402
from fastapi import Depends, FastAPI, Request  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402
from py_rql.exceptions import RQLFilterParsingError  # noqa: E402
from pydantic import BaseModel  # noqa: E402
from starlette.responses import JSONResponse  # noqa: E402

from connect.eaas.core.contrib.django.rql import RQLFilteredQuerySet, RQLLimitOffsetPaginator  # noqa: E402


class Order(models.Model):  # type: ignore[misc]
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "shop"
        ordering = ("id",)


class OrderFilter(AutoRQLFilterClass):  # type: ignore[misc]
    MODEL = Order


class Shown(BaseModel):
    id: int
    name: str


app = FastAPI()
filtered = Depends(RQLFilteredQuerySet(OrderFilter))
odd = Depends(RQLFilteredQuerySet(OrderFilter, lambda: Order.objects.filter(name__endswith="1")))
page = Depends(RQLLimitOffsetPaginator(default_limit=3))


@app.get("/orders")
async def orders(queryset: Any = filtered, paginator: Any = page) -> Any:
    return await paginator.aserialize(queryset, Shown)


@app.get("/odd")
async def odd_orders(queryset: Any = odd, paginator: Any = page) -> Any:
    return await paginator.aserialize(queryset, Shown)


@app.exception_handler(RQLFilterParsingError)
async def refused(request: Request, error: RQLFilterParsingError) -> JSONResponse:
    return JSONResponse({"error": True}, status_code=400)


def main(paths: list[str]) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Order)
    Order.objects.bulk_create(Order(name=f"order {number}") for number in range(1, 12))
    client = TestClient(app)
    for path in paths:
        answer = client.get(path)
        body = answer.json()
        ids = [item["id"] for item in body] if isinstance(body, list) else body
        print(json.dumps([answer.status_code, answer.headers.get("content-range"), ids]))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[2:])
