"""The transformations. Each gets one row, a dict of column names and values, and answers with the new row."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any

from connect_eaas import RowTransformationResponse, TransformationsApplicationBase, transformation
from pydantic import ValidationError

from price_lists.settings import ConversionSettings, MarkingSettings, chosen, wrong_settings

Row = dict[str, Any]
LARGE_FORMAT = '[Red]"large: "#,##0.00'


class PriceListTransformations(TransformationsApplicationBase):
    """One instance serves all rows of a request, several at a time: rows share nothing that changes."""

    @cached_property
    def conversion(self) -> ConversionSettings:
        """Read once, not for each row. Raises ValidationError if they will not do."""
        return ConversionSettings.model_validate(chosen(self.transformation_request))

    @cached_property
    def marking(self) -> MarkingSettings:
        """Read once, not for each row. Raises ValidationError if they will not do."""
        return MarkingSettings.model_validate(chosen(self.transformation_request))

    @transformation(
        name="Convert prices",
        description="Multiplies the column price by a rate of exchange; rows without pieces are deleted.",
        edit_dialog_ui="/static/convert.html",
    )
    def convert_prices(self, row: Row) -> RowTransformationResponse:
        """Convert one price. A price that is no number fails the request, with its row in the message."""
        try:
            settings = self.conversion
        except ValidationError as error:
            return RowTransformationResponse.fail(wrong_settings(error))
        if row.get("quantity") == 0:
            return RowTransformationResponse.delete()
        price = row.get("price")
        if isinstance(price, bool) or not isinstance(price, (int, float)):
            return RowTransformationResponse.fail(f"The price of {row.get('id')} is no number: {price!r}")
        converted = round(Decimal(str(price)) * settings.rate, settings.digits)
        return RowTransformationResponse.done({**row, "price": float(converted)})

    @transformation(
        name="Mark large amounts",
        description="Gives the price of large amounts another format; all other cells keep their styles.",
        edit_dialog_ui="/static/mark.html",
    )
    def mark_large(self, row: Row, row_styles: dict[str, Any]) -> RowTransformationResponse:
        """Mark one row. Asking for ``row_styles`` is what makes the runner read styles at all."""
        try:
            settings = self.marking
        except ValidationError as error:
            return RowTransformationResponse.fail(wrong_settings(error))
        if not row.get("active", True):
            return RowTransformationResponse.skip()
        amount = Decimal(str(row.get("price") or 0)) * Decimal(str(row.get("quantity") or 0))
        styles = dict(row_styles)
        if amount >= settings.large_from and "price" in styles:
            styles["price"] = styles["price"].with_number_format(LARGE_FORMAT)
        return RowTransformationResponse.done(row, styles)
