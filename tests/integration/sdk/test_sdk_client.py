"""The client factory against real HTTP servers: headers, connections, retries, certificates, impersonation."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from sdk_small_api import Api, serving

from connect_eaas import Context, EventsApplicationBase
from connect_eaas.client import ClientFactory, ConnectClient, sibling, task_headers, user_agent

KEY = "ApiKey SU-000-000-001:owner"


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as api:
        yield api


@pytest.fixture
def make() -> Iterator[Callable[..., ClientFactory]]:
    made: list[ClientFactory] = []

    def factory(endpoint: str, **options: Any) -> ClientFactory:
        made.append(ClientFactory(endpoint=endpoint, api_key=KEY, **options))
        return made[-1]

    yield factory
    for item in made:
        item.close()


def test_calls_carry_the_task_and_one_connection_serves_all_clients(api: Api, make: Any) -> None:
    factory = make(api.endpoint + "/")
    agent = user_agent("0.1.0", "ENV-1-01", "instance")
    for number in range(5):
        headers = task_headers(
            agent=agent,
            extension_id="SRVC-1",
            task_id=f"TQ-{number}",
            event_type="product_changed",
            correlation_id=f"00-{'a' * 32}-{'b' * 16}-01",
        )
        client = factory.client(headers=headers)
        assert isinstance(client, ConnectClient)
        assert client.requests["PR-1"].get()["path"] == "/public/v1/requests/PR-1"
    assert len(api.connections) == 1
    sent = api.headers()
    assert sent["authorization"] == KEY
    assert (sent["eaas_ext_id"], sent["eaas_task_id"], sent["eaas_task_type"]) == ("SRVC-1", "TQ-4", "product_changed")
    assert sent["user-agent"] == agent
    assert agent.startswith("connect-extension-runner/0.1.0 CPython/3.")
    assert sent["ext-traceparent"].startswith(f"00-{'a' * 32}-")
    assert "cookie" not in sent


def test_without_a_trace_no_trace_header_is_sent() -> None:
    assert task_headers(agent="x") == {"User-Agent": "x"}


async def test_asynchronous_clients_share_a_connection_and_keep_no_cookies(api: Api, make: Any) -> None:
    factory = make(api.endpoint)
    for key in (None, "ApiKey SU-2:other"):
        client = factory.async_client(api_key=key)
        assert (await client.requests["PR-1"].get())["path"] == "/public/v1/requests/PR-1"
    assert [headers["authorization"] for _, _, headers in api.calls] == [KEY, "ApiKey SU-2:other"]
    assert "cookie" not in api.headers()
    assert len(api.connections) == 1
    await factory.aclose()
    assert (await factory.async_client().products["PRD-1"].get())["path"] == "/public/v1/products/PRD-1"
    await factory.aclose()


async def test_a_retry_does_not_stop_the_event_loop(api: Api, make: Any) -> None:
    factory = make(api.endpoint)
    api.statuses.extend([503, 200])
    call = asyncio.ensure_future(factory.async_client().requests["PR-1"].get())
    assert await asyncio.to_thread(api.called.wait, 5)
    # The pause before the second try lasts a second; all these turns of the loop fit in it.
    for _ in range(20):
        await asyncio.sleep(0.01)
    assert not call.done()
    assert (await call)["path"] == "/public/v1/requests/PR-1"
    assert len(api.calls) == 2
    await factory.aclose()


@pytest.mark.parametrize("is_async", [False, True])
async def test_errors_are_the_clients_own(api: Api, make: Any, is_async: bool) -> None:
    from connect.client import ClientError

    factory = make(api.endpoint, max_retries=0)
    for status in (404, 502):
        api.statuses.append(status)
        client = factory.async_client() if is_async else factory.client()
        call = client.requests["PR-1"].get() if is_async else asyncio.to_thread(client.requests["PR-1"].get)
        with pytest.raises(ClientError) as caught:
            await call
        assert caught.value.status_code == status
    await factory.aclose()


async def test_a_refused_connection_is_a_client_error(make: Any) -> None:
    from connect.client import ClientError

    factory = make("http://127.0.0.1:1/public/v1", max_retries=0)
    with pytest.raises(ClientError):
        await factory.async_client().requests["PR-1"].get()
    with pytest.raises(ClientError):
        factory.client().requests["PR-1"].get()
    await factory.aclose()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure_api(authority: trustme.CA) -> Iterator[Api]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    with serving(tls) as api:
        yield api


async def test_the_given_authority_is_trusted_whatever_the_environment_says(
    secure_api: Api, make: Any, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, ca_file = tmp_path / "other.pem", tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    authority.cert_pem.write_to_path(str(ca_file))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    factory = make(secure_api.endpoint, ca_file=ca_file)
    assert await asyncio.to_thread(factory.client().requests["PR-1"].get)
    assert await factory.async_client().requests["PR-1"].get()
    await factory.aclose()


async def test_an_unknown_authority_is_refused(secure_api: Api, make: Any) -> None:
    from connect.client import ClientError

    factory = make(secure_api.endpoint, max_retries=0)
    with pytest.raises(ClientError):
        await asyncio.to_thread(factory.client().requests["PR-1"].get)
    with pytest.raises(ClientError):
        await factory.async_client().requests["PR-1"].get()
    assert secure_api.calls == []
    await factory.aclose()


def test_calls_are_logged_without_the_key(
    api: Api, make: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECT_LOG_BODIES", "1")
    logger = logging.getLogger("eaas.eventsapp")
    with caplog.at_level(logging.DEBUG, "eaas.eventsapp"):
        make(api.endpoint).client(logger=logger).requests["PR-1"].get()
    assert "GET " in caplog.text
    assert "200 OK" in caplog.text
    assert "SU-000-000-001" in caplog.text
    assert "owner" not in caplog.text
    assert "installation_api_key" in caplog.text
    assert "SU-9:installation" not in caplog.text
    assert "leaked" not in caplog.text


def make_application(client: Any) -> EventsApplicationBase:
    context = Context("SRVC-7", "ENV-1", "test")
    return EventsApplicationBase(client, logging.getLogger("test"), {}, context=context)


async def test_impersonation_returns_a_client_of_the_installation(api: Api, make: Any) -> None:
    factory = make(api.endpoint)
    application = make_application(factory.client(headers={"EAAS_TASK_ID": "TQ-1"}))
    client = await asyncio.to_thread(application.get_installation_admin_client, "EIN-1")
    await asyncio.to_thread(client.requests["PR-1"].get)
    application = make_application(factory.async_client(headers={"EAAS_TASK_ID": "TQ-2"}))
    async_client = await application.get_installation_admin_async_client("EIN-2")
    await async_client.requests["PR-2"].get()
    assert [(method, path) for method, path, _ in api.calls] == [
        ("POST", "/public/v1/devops/services/SRVC-7/installations/EIN-1/impersonate"),
        ("GET", "/public/v1/requests/PR-1"),
        ("POST", "/public/v1/devops/services/SRVC-7/installations/EIN-2/impersonate"),
        ("GET", "/public/v1/requests/PR-2"),
    ]
    assert [headers["authorization"] for _, _, headers in api.calls] == [KEY, "ApiKey SU-9:installation"] * 2
    assert [headers["eaas_task_id"] for _, _, headers in api.calls] == ["TQ-1", "TQ-1", "TQ-2", "TQ-2"]
    await factory.aclose()


async def test_the_wrong_kind_of_impersonation_is_explained(make: Any) -> None:
    factory = make("https://example.org/public/v1")
    with pytest.raises(RuntimeError, match=r"await self\.get_installation_admin_async_client"):
        make_application(factory.async_client()).get_installation_admin_client("EIN-1")
    with pytest.raises(RuntimeError, match="not asynchronous"):
        await make_application(factory.client()).get_installation_admin_async_client("EIN-1")


def test_a_sibling_of_a_plain_client_is_plain() -> None:
    plain = ConnectClient(KEY, endpoint="https://example.org/public/v1", default_headers={"A": "b"})
    copy = sibling(plain, "ApiKey SU-2:x")
    assert type(copy) is ConnectClient
    assert (copy.endpoint, copy.default_headers, copy.api_key) == (plain.endpoint, {"A": "b"}, "ApiKey SU-2:x")
    assert copy.default_headers is not plain.default_headers


def test_the_factory_shows_no_key(make: Any) -> None:
    assert "owner" not in repr(make("https://example.org"))


async def test_each_asyncio_task_sees_its_own_last_response(api: Api, make: Any) -> None:
    factory = make(api.endpoint)
    client = factory.async_client()
    assert client.response is None

    async def ask(number: int) -> tuple[str, str]:
        await client.requests[f"PR-{number}"].get()
        await asyncio.sleep(0)
        return str(client.response.url), f"PR-{number}"

    for asked, wanted in await asyncio.gather(*map(ask, range(5))):
        assert asked.endswith(wanted)
    assert client.response is None
    await client.requests["PR-9"].get()
    assert await asyncio.create_task(asyncio.to_thread(lambda: client.response)) is client.response
    twin = client.twin("ApiKey SU-2:k", {}, None)
    assert twin.twin("ApiKey SU-3:k", {}, None).response is None
    await twin.requests["PR-8"].get()
    assert str(client.response.url).endswith("PR-9")
    await factory.aclose()
