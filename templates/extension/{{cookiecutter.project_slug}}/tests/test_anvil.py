{% from "answers.jinja" import anvil_class, imports, package, with_anvil with context %}
{% if with_anvil %}
"""What an Anvil app gets from each method that it can call, also when it asks for something wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from connect.client import ClientError, ConnectClient
from connect.client.testing import ConnectClientMocker as Api

{{ imports(package ~ ".anvil", [anvil_class ~ " as Application"]) | trim }}

ENDPOINT = "https://example.org/public/v1"
REQUEST = {
    "id": "PR-0000-0000-0000-001",
    "type": "purchase",
    "created": "2026-01-31T12:00:00+00:00",
    "asset": {"product": {"id": "PRD-1", "name": "Seats"}, "tiers": {"customer": {"name": "Acme"}}},
}


@pytest.fixture
def api() -> Iterator[Api]:
    """The Connect API. A test says which calls it expects; another call fails, and so does a missing one."""
    with Api(ENDPOINT) as mocker:
        yield mocker


@pytest.fixture
def application() -> Application:
    client = ConnectClient("ApiKey SU-000:xxx", endpoint=ENDPOINT, use_specs=False)
    return Application(client, logging.getLogger("test"), {})


def test_key_and_methods_are_declared() -> None:
    assert Application.get_anvil_key_variable() == "ANVIL_API_KEY"
    methods = [item["method"] for item in Application.get_anvil_callables()]
    assert methods == ["subscription", "waiting_requests"]


def test_waiting_requests_are_plain_rows(api: Api, application: Application) -> None:
    api.requests.filter(status="pending").order_by("created")[0:10].mock(return_value=[REQUEST])
    assert application.waiting_requests(limit=10) == [
        {
            "id": "PR-0000-0000-0000-001",
            "type": "purchase",
            "product": "Seats",
            "customer": "Acme",
            "waiting_since": "2026-01-31T12:00:00+00:00",
        }
    ]


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_limit_has_a_range(application: Application, limit: int) -> None:
    with pytest.raises(ValueError, match="limit must be a number from 1 to 100"):
        application.waiting_requests(limit=limit)


def test_subscription_is_summed_up(api: Api, application: Application) -> None:
    asset = {
        "id": "AS-1",
        "status": "active",
        "product": {"id": "PRD-1"},
        "items": [{"id": "PRD-1-0001", "mpn": "SEAT", "quantity": "3"}, {"id": "PRD-1-0002"}],
    }
    api.assets["AS-1"].get(return_value=asset)
    assert application.subscription(subscription_id="AS-1") == {
        "id": "AS-1",
        "status": "active",
        "product": "PRD-1",
        "items": {"SEAT": "3", "PRD-1-0002": ""},
    }


def test_unknown_subscription_is_an_error(api: Api, application: Application) -> None:
    api.assets["AS-0"].get(status_code=404, return_value={"errors": ["Not found."]})
    with pytest.raises(ClientError):
        application.subscription(subscription_id="AS-0")
{% endif %}
