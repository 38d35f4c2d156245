"""A transformation that has a dialog."""

from __future__ import annotations

from typing import Any

from connect_eaas import RowTransformationResponse, TransformationsApplicationBase, transformation


class PagedTransformations(TransformationsApplicationBase):
    @transformation("Convert", "Multiplies prices.", "/static/dialog.html")
    def convert(self, row: dict[str, Any]) -> RowTransformationResponse:
        return RowTransformationResponse.done(row)
