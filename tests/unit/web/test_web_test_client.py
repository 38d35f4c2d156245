"""The author's test client, used as tests of public extensions use it."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses
import web_sample

import connect.eaas.core.inject.asynchronous as inject_asynchronous
from connect.eaas.core.inject.common import get_config
from connect.eaas.core.inject.models import Context
from connect.eaas.core.inject.synchronous import get_installation
from connect.eaas.core.testing import WebAppTestClient
from connect.eaas.core.testing.testclient import WebAppTestClient as SameClient
from connect_eaas.web.application import build_app
from connect_eaas.web.asgi import AsgiCall, Request, Response

INSTALLATION = {"id": "EIN-1", "settings": {"size": 3}}


@pytest.fixture
def client(test_client_factory: Callable[..., WebAppTestClient], sample: type) -> WebAppTestClient:
    return test_client_factory(sample)


def test_the_old_paths_lead_to_the_same_client(client: WebAppTestClient) -> None:
    assert SameClient is WebAppTestClient
    assert isinstance(client, WebAppTestClient)


def test_the_default_caller(client: WebAppTestClient) -> None:
    assert client.get("/api/context").json() == {
        "extension_id": "SRVC-0000",
        "environment_id": "ENV-0000-03",
        "environment_type": "production",
        "installation_id": None,
        "tier_account_id": None,
        "user_id": "UR-000",
        "account_id": "VA-000",
        "account_role": "vendor",
        "call_source": "ui",
        "call_type": "user",
    }


async def test_addresses_are_those_of_production_where_the_base_has_no_path(
    test_client_factory: Callable[..., WebAppTestClient], sample: type
) -> None:
    answers: list[Response] = []
    call = Request("GET", "/api/url?q=1", [(b"host", b"example.org"), (b"x-forwarded-proto", b"https")])
    await AsgiCall(build_app(sample), call, answers.append, max_body_bytes=10_000).run()
    in_production = json.loads(answers[0].body)
    assert in_production["url"] == "https://example.org/api/url?q=1"

    assert test_client_factory(sample, base_url="https://example.org").get("/api/url?q=1").json() == in_production
    older = test_client_factory(sample).get("/api/url?q=1").json()
    assert older["url"] == "https://example.org/public/v1/api/url?q=1"


def test_a_dict_changes_the_caller_and_an_object_replaces_it(client: WebAppTestClient) -> None:
    given: dict[str, Any] = {"call_type": "admin", "tier_account_id": "TA-1", "account_role": None}
    found = client.get("/api/context", context=given, installation=INSTALLATION).json()
    assert (found["call_type"], found["tier_account_id"], found["account_role"]) == ("admin", "TA-1", None)
    assert (found["installation_id"], found["user_id"]) == ("EIN-1", "UR-000")
    replaced = client.get("/api/context", context=Context(extension_id="SRVC-1")).json()
    assert {name: value for name, value in replaced.items() if value is not None} == {"extension_id": "SRVC-1"}
    with pytest.raises(ValueError, match="there is no 'acount_id'"):
        client.get("/api/context", context={"acount_id": "VA-1"})


def test_values_that_this_version_does_not_know_become_none(client: WebAppTestClient) -> None:
    found = client.get("/api/context", context={"call_source": "carrier pigeon"}).json()
    assert (found["call_source"], found["call_type"]) == (None, "user")


def test_config_and_log_level(client: WebAppTestClient, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/api/config").json() == {}
    assert client.get("/api/config", config={"A": "é"}).json() == {"A": "é"}
    client.get("/api/log")
    assert caplog.records == []
    client.get("/api/log", log_level="DEBUG", context={"user_id": "UR-9"})
    (record,) = caplog.records
    assert (record.name, record.message, vars(record)["user_id"]) == ("eaas.webapp", "seen it", "UR-9")


@pytest.mark.parametrize("path", ["/api/installation", "/api/installation-async"])
def test_the_installation_is_given_without_a_call(client: WebAppTestClient, path: str) -> None:
    before = copy.deepcopy(INSTALLATION)
    assert client.get(path, installation=INSTALLATION).json() == INSTALLATION == before


def test_nested_dependencies_get_the_installation_too(client: WebAppTestClient) -> None:
    assert client.get("/api/settings", installation=INSTALLATION).json() == {"size": 3}


def test_clients_have_the_keys_of_the_test(client: WebAppTestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("API_KEY", raising=False)
    assert client.get("/api/keys").json() == {
        "own": "ApiKey XXXX",
        "owner": "ApiKey SU-000:XXX",
        "endpoint": "https://example.org/public/v1",
    }
    assert client.get("/api/installations/EIN-7/key").json() == "api-key"
    assert "API_KEY" not in os.environ


def test_calls_of_the_clients_are_mocked_as_usual(client: WebAppTestClient, client_mocker_factory: Any) -> None:
    mocker = client_mocker_factory(base_url="https://example.org/public/v1")
    mocker.accounts.all().mock(return_value=[{"id": "VA-1"}])
    assert client.get("/api/accounts").json() == [{"id": "VA-1"}]


def test_the_base_address_is_that_of_the_clients(client: WebAppTestClient, client_mocker_factory: Any) -> None:
    assert f"{client.base_url}" == "https://example.org/public/v1"
    assert client.base_url.host == "example.org"
    mocker = client_mocker_factory(base_url=client.base_url)
    mocker.accounts.all().mock(return_value=[{"id": "VA-1"}])
    assert client.get("/api/accounts").json() == [{"id": "VA-1"}]
    client.base_url = "https://other.example/v2/"
    assert str(client.base_url) == "https://other.example/v2"
    assert str(client.get("/api/config").url) == "https://other.example/v2/api/config"


def test_why_the_api_could_not_be_asked_is_logged(client: WebAppTestClient, caplog: pytest.LogCaptureFixture) -> None:
    with responses.RequestsMock() as api:
        api.get("https://example.org/public/v1/accounts", body=requests.ConnectionError("nobody listens"))
        answer = client.get("/api/accounts?key=secret")
    assert (answer.status_code, answer.text) == (500, "Unexpected error")
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.name == "eaas.webapp"
    assert record.getMessage() == "GET /api/accounts: an API call failed: Unexpected error: nobody listens"
    assert record.exc_info is not None


@pytest.mark.parametrize(("status", "logged"), [(404, 0), (502, 1)])
def test_failures_of_the_api_are_logged_and_refusals_are_not(
    client: WebAppTestClient, caplog: pytest.LogCaptureFixture, status: int, logged: int
) -> None:
    with responses.RequestsMock() as api:
        api.get("https://example.org/public/v1/accounts", status=status, body="no")
        assert client.get("/api/accounts").status_code == status
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == logged


async def test_asynchronous_calls_are_mocked_as_usual(async_client_mocker_factory: Any) -> None:
    mocker = async_client_mocker_factory(base_url="https://example.org/public/v1")
    mocker("devops").installations["EIN-1"].get(return_value=INSTALLATION)
    asynchronous = inject_asynchronous.AsyncConnectClient("key", endpoint="https://example.org/public/v1")
    assert await inject_asynchronous.get_installation("EIN-1", asynchronous) == INSTALLATION


def test_overrides_of_a_test_go_first_and_ours_leave_no_trace(client: WebAppTestClient) -> None:
    client.app.dependency_overrides[get_config] = lambda: {"over": "ridden"}
    client.app.dependency_overrides[get_installation] = lambda: {"id": "mine"}
    assert client.get("/api/config", config={"A": "B"}).json() == {"over": "ridden"}
    assert client.get("/api/installation", installation=INSTALLATION).json() == {"id": "mine"}
    assert set(client.app.dependency_overrides) == {get_config, get_installation}


def test_values_of_the_caller_are_left_alone_and_their_headers_win(client: WebAppTestClient) -> None:
    headers = {"x-connect-user-id": "UR-5"}
    context = {"account_id": "VA-5"}
    found = client.get("/api/context", headers=headers, context=context).json()
    assert (found["user_id"], found["account_id"]) == ("UR-5", "VA-5")
    assert headers == {"x-connect-user-id": "UR-5"}
    assert context == {"account_id": "VA-5"}
    assert client.get("/api/context").json()["user_id"] == "UR-000"


def test_patches_of_the_old_module_reach_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fake:
        def __init__(self, key: str, **options: Any) -> None:
            self.key = key

    monkeypatch.setattr("connect.eaas.core.inject.asynchronous.AsyncConnectClient", Fake)
    made = inject_asynchronous.get_installation_client("ApiKey X", "https://example.org", "agent", None, None)
    assert isinstance(made, Fake)
    assert made.key == "ApiKey X"


@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "patch", "delete"])
def test_every_method_takes_our_arguments(client: WebAppTestClient, method: str) -> None:
    answer = getattr(client, method)("/api/config", config={"A": "B"}, context={"user_id": "UR-1"})
    assert answer.status_code == (200 if method == "get" else 405)


def test_bodies_headers_and_redirect_targets(client: WebAppTestClient) -> None:
    answer = client.post("/api/echo", content=b"abcdef")
    assert (answer.status_code, answer.content) == (201, b"abcdef")
    assert client.get("/api/url", params={"q": "x"}).json() == {
        "url": "https://example.org/public/v1/api/url?q=x",
        "q": "x",
        "host": "example.org",
    }


def test_what_an_endpoint_raises_reaches_the_test(client: WebAppTestClient) -> None:
    with pytest.raises(ValueError, match="it broke"):
        client.get("/api/crash")


def test_a_missing_installation_is_a_422(client: WebAppTestClient) -> None:
    assert client.get("/api/installation").status_code == 422


def test_methods_of_the_class_can_be_called_directly() -> None:
    assert web_sample.SampleWeb().settings({"size": 3}) == {"size": 3}
