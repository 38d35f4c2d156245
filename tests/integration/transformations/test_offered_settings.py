"""Settings that the platform makes up for a request without any: only what the extension's own endpoint accepts."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import HTTPException
from pydantic import BaseModel
from transformations_stage import Stage

from connect_eaas import (
    RowTransformationResponse,
    TransformationsApplicationBase,
    WebApplicationBase,
    router,
    transformation,
    web_app,
)

UI = "/static/edit.html"
Row = dict[str, Any]


class Settings(BaseModel):
    """`label` looks like a word, but is the name of a column."""

    label: str


class Column(BaseModel):
    name: str


class Columns(BaseModel):
    input: list[Column]
    output: list[Column]


class Draft(BaseModel):
    settings: Settings
    columns: Columns


class Rows(TransformationsApplicationBase):
    @transformation("Second", "Its check wants a column", UI)
    def second(self, row: Row) -> RowTransformationResponse:
        assert self.transformation_request is not None
        label = self.transformation_request["transformation"]["settings"]["label"]
        return RowTransformationResponse.done({label: row[label]})

    @transformation("Never", "Its check accepts nothing", UI)
    def never(self, row: Row) -> RowTransformationResponse:
        return RowTransformationResponse.done(row)

    @transformation("Loose", "Its check takes anything", UI)
    def loose(self, row: Row) -> RowTransformationResponse:
        return RowTransformationResponse.done(row)


@web_app(router)
class Dialogs(WebApplicationBase):
    @router.post("/validate/second")
    def second(self, draft: Draft) -> dict[str, str]:
        if draft.settings.label not in [column.name for column in draft.columns.input]:
            raise HTTPException(422, "no such column")
        return {"overview": f"Reads {draft.settings.label}."}

    @router.post("/validate/never")
    def never(self, draft: Draft) -> None:
        raise HTTPException(422, f"not {draft.settings.label}")

    @router.post("/validate/loose")
    def loose(self, draft: dict[str, Any]) -> dict[str, Any]:
        return draft


async def test_what_is_refused_is_tried_another_way(stage: Stage) -> None:
    async with stage.runner(Rows), stage.runner(Dialogs, kind="web"):
        request, status = await stage.transformed(**{"transformation.method": "second"})
        assert status == "succeeded"
        transformation = request["transformation"]
        assert (transformation["settings"], transformation["overview"]) == ({"label": "id"}, "Reads id.")
        assert [column["name"] for column in transformation["columns"]["output"]] == ["id"]


@pytest.mark.parametrize("method", ["never", "loose"])
async def test_what_nobody_accepts_or_describes_is_not_given(stage: Stage, method: str) -> None:
    async with stage.runner(Rows), stage.runner(Dialogs, kind="web"):
        request, tasks, notes = await stage.trigger(**{"transformation.method": method})
        assert tasks
        assert request["transformation"]["settings"] == {}
        assert f"'{method}' has no settings" in notes[-1]


async def test_what_somebody_gives_is_left_to_them(stage: Stage) -> None:
    async with stage.runner(Rows), stage.runner(Dialogs, kind="web"):
        given = {"transformation.method": "second", "transformation.settings": {"label": "sku"}}
        request, _, notes = await stage.trigger(**given)
        assert request["transformation"]["settings"] == {"label": "sku"}
        assert notes == []
        wrong = {"event_type": "billing_transformation_request", "set": {"transformation.method": "gone"}}
        answer = await stage.api.post("devops/local/trigger", json=wrong)
        assert answer.status_code == 400
        assert "second" in answer.text
