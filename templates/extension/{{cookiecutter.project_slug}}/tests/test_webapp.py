{% from "answers.jinja" import aio, installed, package, web_class, with_web with context %}
{% if with_web %}
{% set factory = 'async_client_mocker_factory' if aio else 'client_mocker_factory' %}
"""The API of the extension with good and bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from {{ package }}.webapp import {{ web_class }}


@pytest.fixture
def client(test_client_factory: Callable[..., Any]) -> Any:
    return test_client_factory({{ web_class }})


def test_marketplaces_are_listed(client: Any, {{ factory }}: Callable[..., Any]) -> None:
    {{ factory }}().marketplaces.all().mock(return_value=[{"id": "MP-1", "name": "One"}])
    answer = client.get("/api/marketplaces", installation={"id": "EIN-1"})
    assert answer.json() == [{"id": "MP-1", "name": "One"}]
{% endif %}
