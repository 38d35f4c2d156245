"""Single rows: a transformation is a method that takes a row and answers with one."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from connect_eaas.testing import transform_rows

from price_lists.rows import LARGE_FORMAT, PriceListTransformations


class Style:
    """A cell's style, as far as these transformations know styles."""

    def __init__(self, number_format: str = "General") -> None:
        self.number_format = number_format

    def with_number_format(self, number_format: str) -> Style:
        return Style(number_format)


def application(**settings: Any) -> PriceListTransformations:
    request = {"transformation": {"settings": settings}}
    return PriceListTransformations(None, logging.getLogger(__name__), {}, transformation_request=request)


@pytest.mark.parametrize(
    ("price", "settings", "converted"),
    [(10, {}, 10.0), (10.01, {"rate": "1.1"}, 11.01), (0.1, {"rate": "3", "digits": 0}, 0.0), (-2, {"rate": 2}, -4.0)],
)
def test_prices_are_converted_and_other_cells_kept(price: float, settings: dict[str, Any], converted: float) -> None:
    answer = application(**settings).convert_prices({"id": "A", "price": price, "quantity": 1})
    assert answer.transformed_row == {"id": "A", "price": converted, "quantity": 1}


def test_rows_without_pieces_are_deleted() -> None:
    assert application().convert_prices({"price": 1, "quantity": 0}).status == "delete"


@pytest.mark.parametrize("price", [None, "cheap", True])
def test_a_price_that_is_no_number_fails_and_names_its_row(price: object) -> None:
    answer = application().convert_prices({"id": "AS-7", "price": price})
    assert answer.status == "fail"
    assert "AS-7" in str(answer.output)


def test_large_amounts_are_marked_and_all_styles_handed_on() -> None:
    styles = {"price": Style(), "note": Style("@")}
    marking = application(large_from=100)
    large = marking.mark_large({"price": 10.0, "quantity": 10}, styles)
    assert large.transformed_row_styles["price"].number_format == LARGE_FORMAT
    assert large.transformed_row_styles["note"] is styles["note"]
    small = marking.mark_large({"price": 9.9, "quantity": 10}, styles)
    assert small.transformed_row_styles == styles


def test_what_is_not_in_use_is_skipped() -> None:
    assert application().mark_large({"active": False}, {}).status == "skip"


@pytest.mark.parametrize(
    ("method", "wrong"),
    [
        ("convert_prices", {"rate": 0}),
        ("convert_prices", {"rate": "much"}),
        ("convert_prices", {"digits": 9}),
        ("mark_large", {"large_from": -1}),
    ],
)
def test_settings_without_sense_stop_the_request_at_its_first_row(method: str, wrong: dict[str, Any]) -> None:
    (field,) = wrong
    with pytest.raises(Exception, match=f"will not do: {field}: Input should be .* Choose them in the dialog"):
        transform_rows(PriceListTransformations, method, [{"id": "A", "price": 1, "quantity": 1}], settings=wrong)
