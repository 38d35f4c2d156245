"""The dialogs and what they ask the extension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from price_lists.rows import PriceListTransformations
from price_lists.web import PriceListsWeb


@pytest.fixture
def client(test_client_factory: Callable[..., Any]) -> Any:
    return test_client_factory(PriceListsWeb)


def test_every_transformation_has_its_dialog(client: Any) -> None:
    dialogs = [item["edit_dialog_ui"] for item in PriceListTransformations.get_transformations()]
    assert len(dialogs) == 2
    for dialog in dialogs:
        assert "dialog.js" in client.get(dialog).text
    assert client.get("/static/dialog.js").status_code == 200


@pytest.mark.parametrize(
    ("dialog", "settings", "overview"),
    [
        ("convert", {"rate": "1.25", "digits": "3"}, "Prices times 1.25, with 3 digits."),
        ("mark", {"large_from": "500"}, "Amounts from 500 on are marked."),
    ],
)
def test_settings_are_described(client: Any, dialog: str, settings: dict[str, str], overview: str) -> None:
    assert client.post(f"/api/{dialog}/overview", json=settings).json() == {"overview": overview}


@pytest.mark.parametrize(("dialog", "wrong"), [("convert", {"rate": "0"}), ("mark", {"large_from": "much"})])
def test_wrong_settings_are_refused_with_the_name_of_the_field(client: Any, dialog: str, wrong: dict[str, str]) -> None:
    answer = client.post(f"/api/{dialog}/overview", json=wrong)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][-1] in wrong
