"""A transformation without settings."""

from __future__ import annotations

from typing import Any

from connect_eaas import RowTransformationResponse, TransformationsApplicationBase, transformation


class EverythingRows(TransformationsApplicationBase):
    @transformation("Keep", "Keeps every row.", "/static/keep.html")
    def keep(self, row: dict[str, Any]) -> RowTransformationResponse:
        return RowTransformationResponse.done(row)
