"""The platform's own client, unmodified, against the running platform; and extensions that answer interactive calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from connect.client import ClientError, ConnectClient, R

from connect_devops.server import Platform, running_platform
from connect_devops.services.extensions import Extension, Reference
from connect_devops.services.signals import TasksDue
from connect_devops.settings import Settings
from connect_eaas.events import CATALOGUE
from connect_eaas.protocol.messages import SetupRequest, TaskOutput

Handler = Callable[[str, Any], TaskOutput]


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    settings = Settings(data_dir=tmp_path / "data", discovery_file=tmp_path / "discovery.json", port=0, https_port=0)
    async with running_platform(settings) as running:
        yield running


@pytest.fixture
def client(platform: Platform) -> ConnectClient:
    return ConnectClient(platform.api_key, endpoint=f"{platform.url}/public/v1", use_specs=False)


@pytest.fixture
def extension(platform: Platform) -> Extension:
    owner = platform.services.accounts.owner()
    assert owner is not None
    made = platform.services.extensions.create(
        owner.id, type="products", name="Tested", products=[Reference("PRD-100-200-300", "Product of tests")]
    )
    wanted = {
        event.type: list(event.statuses)
        for event in CATALOGUE.values()
        if event.category == "interactive" or event.type == "asset_purchase_request_processing"
    }
    platform.services.environments.record_setup(
        made.environments["development"].id, "events", SetupRequest.model_validate({"event_subscriptions": wanted})
    )
    return made


@asynccontextmanager
async def answering(platform: Platform, extension: Extension, handle: Handler) -> AsyncIterator[list[Any]]:
    """A connected runner of the extension that answers every interactive task by ``handle(event_type, data)``."""
    services, environment_id = platform.services, extension.environments["development"].id
    session = services.environments.open_session(environment_id, "runner", "events")
    asked: list[Any] = []

    def work() -> None:
        for leased in services.leases.lease(environment_id, ["interactive"], session.id, session.instance_id, 10):
            asked.append(leased.data)
            services.leases.settle(leased.task_id, leased.lease_id, handle(leased.event_type, leased.data))

    async def run() -> None:
        with services.signals.listen(lambda signal: isinstance(signal, TasksDue)) as inbox:
            listening.set()
            while True:
                await inbox.get()
                await asyncio.to_thread(work)

    listening = asyncio.Event()
    async with asyncio.timeout(50) if hasattr(asyncio, "timeout") else _nothing():
        task = asyncio.ensure_future(run())
        try:
            await listening.wait()
            yield asked
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


async def trigger(client: ConnectClient, event_type: str, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await asyncio.to_thread(
        client.create, "devops/local/trigger", payload={"event_type": event_type, **body}
    )
    return answer


async def test_the_client_lists_filters_counts_orders_and_selects(platform: Platform, client: ConnectClient) -> None:
    made = [
        (await trigger(client, "asset_purchase_request_processing", status=status))["object"]
        for status in ("pending", "draft", "pending", "inquiring")
    ]

    def check() -> None:
        requests = client.requests
        assert requests.all().count() == 4
        assert requests.filter(status="pending").count() == 2
        assert requests.filter(R(status__in=["draft", "inquiring"])).count() == 2
        assert requests.filter("not(or(eq(status,pending),eq(status,draft)))").first()["id"] == made[3]["id"]
        assert requests.filter(R(type="purchase") & ~R(status__in=["pending", "draft"])).first()["id"] == made[3]["id"]
        assert requests.filter(f"eq(id,{made[0]['id']})").first() == made[0]
        assert requests.filter(id="PR-0").first() is None
        product_id = made[0]["asset"]["product"]["id"]
        assert requests.filter(R().asset.product.id.eq(product_id)).count() == 4
        customer = made[2]["asset"]["tiers"]["customer"]["id"]
        found = requests.filter(R().asset.tiers.customer.id.eq(customer) & R(type="purchase"))
        assert [one["id"] for one in found] == [made[2]["id"]]
        email = R().asset.params.id.eq("admin_email") & R().asset.params.value.eq("admin@example.com")
        assert requests.filter(email).count() == 4
        assert [one["status"] for one in requests.all().order_by("-status", "created")][-1] == "draft"
        assert [one["id"] for one in requests.all().limit(2)] == [one["id"] for one in made]
        assert "items" not in requests.all().select("-asset.items").first()["asset"]
        assert requests[made[1]["id"]].exists()
        assert not requests["PR-0"].exists()
        assert client.assets.filter(status="processing").count() == 3
        assert client.ns("subscriptions").assets.filter(status="draft").count() == 1
        assert client.ns("tier").accounts.filter(type="customer").count() == 4
        assert client.ns("devops").products.all().first()["id"] == product_id

    await asyncio.to_thread(check)


async def test_the_client_updates_and_acts(platform: Platform, client: ConnectClient) -> None:
    made = (await trigger(client, "asset_purchase_request_processing"))["object"]

    def check() -> None:
        request = client.requests[made["id"]]
        value = {"asset": {"params": [{"id": "subscription_id", "value": "S-1"}]}}
        assert {p["id"]: p["value"] for p in request.update(payload=value)["asset"]["params"]}[
            "subscription_id"
        ] == "S-1"
        product = client.products[made["asset"]["product"]["id"]]
        template = product.templates.filter("and(eq(scope,asset),eq(type,fulfillment))").first()
        assert product.templates.filter("scope=tier1").count() == 1
        approved = request("approve").post(payload={"template_id": template["id"]})
        assert approved["status"] == "approved"
        assert "**S-1**" in approved["activation_key"]
        assert client.assets[made["asset"]["id"]].get()["status"] == "active"
        assert client.assets[made["asset"]["id"]].requests.all().first()["id"] == made["id"]
        change = client.requests.create(payload={"type": "suspend", "asset": {"id": made["asset"]["id"]}})
        assert client.requests[change["id"]]("fail").post(payload={"reason": "no"})["reason"] == "no"
        message = client.conversations[made["id"]].messages.create(payload={"text": "Done"})
        assert [one["id"] for one in client.conversations[made["id"]].messages.all()] == [message["id"]]
        assert message["creator"]["name"] == "Local platform"

    await asyncio.to_thread(check)


async def test_tier_actions_answer_as_the_platform_does(platform: Platform, client: ConnectClient) -> None:
    made = (await trigger(client, "tier_config_setup_request_processing"))["object"]

    def check() -> None:
        request = client.ns("tier").config_requests[made["id"]]
        assert request("inquire").post() is None
        assert request("pend").post() is None
        product = client.products[made["configuration"]["product"]["id"]]
        template = product.templates.filter(scope="tier1").first()
        answer = request("approve").post(payload={"template": {"id": template["id"]}})
        assert set(answer) == {"template", "effective_date"}
        assert set(answer["template"]) == {"id", "representation"}
        assert client.ns("tier").configs[made["configuration"]["id"]].get()["status"] == "active"

    await asyncio.to_thread(check)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("requests?eq(colour,red)", 400, "colour: this list has no such property"),
        ("requests?eq(status,pending", 400, "at position 17"),
        ("requests?gt(created,soon)", 400, "created: 'soon' is neither a number nor an ISO date"),
        ("requests?ordering(asset.params.id)", 400, "asset.params.id: this list cannot be ordered by it"),
        ("requests/PR-0", 404, "There is no asset request PR-0."),
        ("products/PRD-0/templates", 404, "There is no product PRD-0."),
    ],
)
async def test_errors_have_the_platforms_form(platform: Platform, path: str, status: int, text: str) -> None:
    async with httpx.AsyncClient(headers={"Authorization": platform.api_key}) as http:
        answer = await http.get(f"{platform.url}/public/v1/{path}")
    assert answer.status_code == status
    assert set(answer.json()) == {"error_code", "errors"}
    assert text in answer.json()["errors"][0]


async def test_actions_with_wrong_bodies_are_400_with_the_field(platform: Platform, client: ConnectClient) -> None:
    made = (await trigger(client, "asset_purchase_request_processing"))["object"]
    with pytest.raises(ClientError) as caught:
        await asyncio.to_thread(client.requests[made["id"]]("approve").post, payload={})
    assert caught.value.status_code == 400
    assert caught.value.errors == ["template_id: Either template_id or activation_tile is required."]
    async with httpx.AsyncClient(headers={"Authorization": platform.api_key}) as http:
        for body in (b"{", b"[]", b"\xff"):
            answer = await http.post(f"{platform.url}/public/v1/requests/{made['id']}/approve", content=body)
            assert answer.status_code == 400
            assert answer.json()["errors"][0].startswith("body: ")
        empty = await http.get(f"{platform.url}/public/v1/requests?eq(id,PR-0)&limit=0&offset=0")
        assert (empty.json(), empty.headers["content-range"]) == ([], "items 0-0/0")
        anonymous = await http.get(f"{platform.url}/public/v1/requests", headers={"Authorization": "ApiKey no"})
        assert anonymous.status_code == 401


async def test_a_draft_is_validated_by_the_extension(
    platform: Platform, client: ConnectClient, extension: Extension
) -> None:
    def complain(_: str, request: Any) -> TaskOutput:
        for param in request["asset"]["params"]:
            param["value_error"] = "Taken" if param["id"] == "workspace_domain" else ""
        return TaskOutput(result="success", data={"http_status": 400, "headers": None, "body": request})

    async with answering(platform, extension, complain) as asked:
        answer = await trigger(client, "asset_purchase_request_validation")
        errors = {one["id"]: one["value_error"] for one in answer["object"]["asset"]["params"]}
        assert errors["workspace_domain"] == "Taken"
        assert [task["event_type"] for task in answer["tasks"]][-1] == "asset_purchase_request_validation"
        assert asked[0]["id"] == answer["object"]["id"]

        request = client.requests[answer["object"]["id"]]
        sent = {"asset": {"params": [{"id": "workspace_domain", "value": "free.example.com"}]}}
        checked = await asyncio.to_thread(request("validate").post, payload=sent)
        assert {one["id"]: one["value"] for one in asked[-1]["asset"]["params"]}[
            "workspace_domain"
        ] == "free.example.com"
        assert await asyncio.to_thread(request.get) == checked

        before = len(asked)
        await asyncio.to_thread(request.update, payload={"note": "changed"})
        assert len(asked) == before + 1
        bought = await asyncio.to_thread(request("purchase").post)
        assert bought["status"] == "pending"


@pytest.mark.parametrize(
    "output",
    [
        TaskOutput(result="fail", message="Traceback"),
        TaskOutput(result="success", data=None),
        TaskOutput(result="success", data={"http_status": 500, "headers": None, "body": {"asset": {"params": []}}}),
        TaskOutput(result="success", data={"http_status": 200, "headers": None, "body": "nonsense"}),
        TaskOutput(result="success", data={"http_status": 200, "body": {"asset": {"params": [5, {"id": []}]}}}),
    ],
    ids=["crashed", "empty", "500", "nonsense", "malformed params"],
)
async def test_a_failed_validation_lets_the_request_pass(
    platform: Platform, client: ConnectClient, extension: Extension, output: TaskOutput
) -> None:
    draft = (await trigger(client, "asset_purchase_request_validation"))["object"]
    async with answering(platform, extension, lambda *_: output) as asked:
        checked = await asyncio.to_thread(client.requests[draft["id"]]("validate").post)
    assert len(asked) == 1
    assert checked["asset"] == draft["asset"]
    assert checked["status"] == "draft"


async def test_a_product_action_runs_when_its_link_is_opened(
    platform: Platform, client: ConnectClient, extension: Extension
) -> None:
    def redirect(_: str, data: Any) -> TaskOutput:
        status = 301 if data["jwt_payload"]["action_id"] == "reset_password" else 302
        headers = {"Location": "https://sso.example.com"}
        return TaskOutput(result="success", data={"http_status": status, "headers": headers, "body": None})

    async with answering(platform, extension, redirect) as asked, httpx.AsyncClient() as http:
        sample = await trigger(client, "product_action_execution")
        asset_id = sample["object"]["id"]
        answer = await http.get(sample["link"])
        assert (answer.status_code, answer.headers["location"]) == (302, "https://sso.example.com")
        claims = asked[0]["jwt_payload"]
        assert (claims["action_id"], claims["asset_id"]) == ("sso", asset_id)

        actions = client.products[sample["object"]["product"]["id"]].actions
        permanent = await asyncio.to_thread(actions.filter(action="reset_password").first)
        link = await asyncio.to_thread(actions[permanent["id"]].action("actionLink").get, params={"asset_id": asset_id})
        refused = await http.get(link["link"])
        assert refused.status_code == 502
        assert "permanent redirect" in refused.json()["errors"][0]

        assert (await http.get(sample["link"] + "x")).status_code == 400
        advance = {"advance": 3600}
        await asyncio.to_thread(client.create, "devops/local/clock", payload=advance)
        expired = await http.get(sample["link"])
        assert expired.status_code == 400
        assert "expired" in expired.json()["errors"][0]


async def test_an_action_without_a_runner_is_a_502(
    platform: Platform, client: ConnectClient, extension: Extension
) -> None:
    sample = await trigger(client, "product_action_execution")
    async with httpx.AsyncClient() as http:
        answer = await http.get(sample["link"])
    assert answer.status_code == 502
    assert "No runner" in answer.json()["errors"][0]


async def test_a_custom_event_can_be_triggered(platform: Platform, client: ConnectClient, extension: Extension) -> None:
    def echo(_: str, data: Any) -> TaskOutput:
        return TaskOutput(result="success", data={"http_status": 200, "headers": None, "body": data["body"]})

    async with answering(platform, extension, echo):
        answer = await trigger(client, "product_custom_event_processing", payload={"hello": "world"})
    assert answer["answer"]["body"] == {"hello": "world"}
    assert answer["tasks"][0]["status"] == "succeeded"
