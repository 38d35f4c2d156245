"""The transformations. Each gets one row, a dict of column names and values, and answers with the new row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connect_eaas import RowTransformationResponse, TransformationsApplicationBase, transformation

from price_lists.settings import ConversionSettings, MarkingSettings, chosen

Row = dict[str, Any]
LARGE_FORMAT = '[Red]"large: "#,##0.00'


class PriceListTransformations(TransformationsApplicationBase):
    """One instance serves all rows of a request, several at a time: rows share nothing that changes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        settings = chosen(self.transformation_request)
        # Read once, not for each row. What the dialog does not know of the other transformation, it leaves out.
        self.conversion = ConversionSettings.model_validate(settings)
        self.marking = MarkingSettings.model_validate(settings)

    @transformation(
        name="Convert prices",
        description="Multiplies the column price by a rate of exchange; rows without pieces are deleted.",
        edit_dialog_ui="/static/convert.html",
    )
    def convert_prices(self, row: Row) -> RowTransformationResponse:
        """Convert one price. A price that is no number fails the request, with its row in the message."""
        if row.get("quantity") == 0:
            return RowTransformationResponse.delete()
        price = row.get("price")
        if isinstance(price, bool) or not isinstance(price, (int, float)):
            return RowTransformationResponse.fail(f"The price of {row.get('id')} is no number: {price!r}")
        converted = round(Decimal(str(price)) * self.conversion.rate, self.conversion.digits)
        return RowTransformationResponse.done({**row, "price": float(converted)})

    @transformation(
        name="Mark large amounts",
        description="Gives the price of large amounts another format; all other cells keep their styles.",
        edit_dialog_ui="/static/mark.html",
    )
    def mark_large(self, row: Row, row_styles: dict[str, Any]) -> RowTransformationResponse:
        """Mark one row. Asking for ``row_styles`` is what makes the runner read styles at all."""
        if not row.get("active", True):
            return RowTransformationResponse.skip()
        amount = Decimal(str(row.get("price") or 0)) * Decimal(str(row.get("quantity") or 0))
        styles = dict(row_styles)
        if amount >= self.marking.large_from and "price" in styles:
            styles["price"] = styles["price"].with_number_format(LARGE_FORMAT)
        return RowTransformationResponse.done(row, styles)
