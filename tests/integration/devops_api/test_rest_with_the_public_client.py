"""The unmodified public client of the platform against the REST API, over http and https."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import httpx
import pytest
from connect.client import ClientError, ConnectClient
from scripted_runner import Runners

from connect_devops.server import Platform
from connect_eaas.events import CATALOGUE


@pytest.fixture
def client(runners: Runners) -> ConnectClient:
    return ConnectClient(
        runners.platform.api_key, endpoint=f"{runners.platform.url}/public/v1", use_specs=False, max_retries=0
    )


def variables_of(client: Any, runners: Runners) -> Any:
    services = client.ns("devops").services
    return services[runners.extension_id].collection("environments")[runners.environment_id].collection("variables")


async def test_lists_filters_counts_retrieves_and_updates(client: ConnectClient, runners: Runners) -> None:
    def work() -> None:
        variables = variables_of(client, runners)
        for name in ("ALPHA", "BETA", "GAMMA"):
            made = variables.create({"name": name, "value": name.lower(), "secure": name == "GAMMA"})
            assert made["name"] == name
        assert variables.all().count() == 3
        assert [item["name"] for item in variables.all()] == ["ALPHA", "BETA", "GAMMA"]
        assert [item["name"] for item in variables.all().order_by("-name")[0:2]] == ["GAMMA", "BETA"]
        assert variables.filter(name="BETA").first()["value"] == "beta"
        assert variables.filter(name__in=("ALPHA", "GAMMA")).count() == 2
        assert variables.filter("like(name,*TA)").count() == 1
        assert variables.filter(name="DELTA").first() is None
        assert variables.filter(name="DELTA").count() == 0
        assert variables.filter(name="GAMMA").first()["value"] == "*****"
        one = variables.filter(name="BETA").first()
        assert variables[one["id"]].update({"value": "changed"})["value"] == "changed"
        assert variables[one["id"]].get()["value"] == "changed"
        assert variables[one["id"]].delete() is None
        assert not variables[one["id"]].exists()

    await asyncio.to_thread(work)


async def test_pages_are_followed_to_the_end(client: ConnectClient, runners: Runners) -> None:
    def work() -> None:
        variables = variables_of(client, runners)
        names = [f"V{number:03d}" for number in range(7)]
        for name in names:
            variables.create({"name": name, "value": "x", "secure": False})
        assert [item["name"] for item in variables.all().limit(3)] == names
        assert [item["name"] for item in variables.all()[2:5]] == names[2:5]

    await asyncio.to_thread(work)


async def test_environment_is_found_by_both_of_its_names(client: ConnectClient, runners: Runners) -> None:
    def work() -> None:
        environments = client.ns("devops").services[runners.extension_id].collection("environments")
        by_id = environments[runners.environment_id].get()
        assert environments[by_id["external_id"]].get()["id"] == runners.environment_id
        assert environments[by_id["external_id"].upper()].get()["id"] == runners.environment_id
        assert [item["type"] for item in environments.all()] == ["development", "test", "production"]
        assert environments.filter(type="test").first()["id"] == runners.environment_id[:-2] + "02"
        assert environments.filter(external_id=by_id["external_id"]).count() == 1

    await asyncio.to_thread(work)


async def test_errors_become_exceptions_that_name_the_field(client: ConnectClient, runners: Runners) -> None:
    def work() -> None:
        variables = variables_of(client, runners)
        with pytest.raises(ClientError) as caught:
            variables.create({"name": "9 wrong", "value": "x", "secure": False})
        assert (caught.value.status_code, caught.value.error_code) == (400, "VAL_001")
        assert caught.value.errors[0].startswith("name: ")
        with pytest.raises(ClientError) as caught:
            variables.filter("eq(color,red)").count()
        assert caught.value.status_code == 400
        assert caught.value.errors[0].startswith("color: ")
        with pytest.raises(ClientError) as caught:
            variables["VAR-0000-0000"].get()
        assert caught.value.status_code == 404
        stranger = ConnectClient("ApiKey SU-000-000-000:no", endpoint=client.endpoint, use_specs=False, max_retries=0)
        with pytest.raises(ClientError) as caught:
            stranger.accounts.all().first()
        assert (caught.value.status_code, caught.value.error_code) == (401, "AUTH_001")

    await asyncio.to_thread(work)


async def test_over_https_with_the_platforms_certificate(
    runners: Runners, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(platform.ca_file))
    endpoint = f"{platform.https_url}/public/v1"

    def work() -> None:
        client = ConnectClient(platform.api_key, endpoint=endpoint, use_specs=False, max_retries=0)
        account = client.accounts.all().first()
        assert account["id"].startswith("VA-")
        assert client.response.headers["Connect-Version"].split(".")[0] == "37"

    await asyncio.to_thread(work)


ASYNCHRONOUS = """
import asyncio, sys
from connect.client import AsyncConnectClient

async def main():
    client = AsyncConnectClient(sys.argv[2], endpoint=sys.argv[1], use_specs=False, max_retries=0)
    definitions = client("devops").collection("event-definitions").filter(extension_type="products")
    print(*{item["extension_type"] async for item in definitions}, await definitions.count())

asyncio.run(main())
"""


async def test_asynchronous_client_over_https(platform: Platform) -> None:
    # In a process of its own: that client reads SSL_CERT_FILE once, when it is imported.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ASYNCHRONOUS,
        f"{platform.https_url}/public/v1",
        platform.api_key,
        env={**os.environ, "SSL_CERT_FILE": str(platform.ca_file)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    count = sum("products" in event.extension_types for event in CATALOGUE.values())
    assert output.decode().split() == ["products", str(count)]


async def test_what_the_public_runner_asks_before_it_connects(platform: Platform) -> None:
    async with httpx.AsyncClient(trust_env=False, headers={"Authorization": platform.api_key}) as client:
        answer = await client.get(f"{platform.url}/public/v1/accounts?limit=1&offset=0")
        assert answer.headers["Connect-Version"].split(".")[0] == "37"
        answer = await client.get(f"{platform.url}/public/v1/devops/event-definitions?limit=100&offset=0")
        assert all({"type", "object_statuses", "category"} <= set(item) for item in answer.json())
        assert answer.headers["Content-Range"] == f"items 0-{len(answer.json()) - 1}/{len(answer.json())}"
        answer = await client.get(f"{platform.url}/public/v1/devops/services?limit=0&offset=0")
        assert (answer.json(), answer.headers["Content-Range"]) == ([], "items 0-0/0")
        answer = await client.get(f"{platform.url}/public/v1/devops/services?")
        assert answer.status_code == 200
