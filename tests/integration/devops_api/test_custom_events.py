"""External systems call an extension and get its handler's answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import anyio
import httpx
import jwt
import pytest
from scripted_runner import Frame, Runners, ScriptedRunner

from connect_devops.clock import ManualClock

PRODUCT = "PRD-100-200-300"


@pytest.fixture
async def caller(runners: Runners) -> AsyncIterator[httpx.AsyncClient]:
    """An external system: it has no API key."""
    base = f"{runners.platform.url}/public/v1/devops/hooks/{runners.extension_id}/product"
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=20) as client:
        yield client


@pytest.fixture
async def secret(runners: Runners) -> str:
    found: str = (await runners.api.get(runners.base)).json()["jwt_secret"]
    return found


def claims(clock: ManualClock, **changes: object) -> dict[str, Any]:
    expiry = int((clock.now() + timedelta(minutes=5)).timestamp())
    found = {"product_id": PRODUCT, "environment": "development", "exp": expiry, **changes}
    return {name: value for name, value in found.items() if value is not None}


def headers(claimed: Mapping[str, Any], secret: str, name: str = "Authentication") -> dict[str, str]:
    return {name: f"Bearer {jwt.encode(dict(claimed), secret, algorithm='HS256')}"}


class Exchange:
    """A call that waits, and the task that it made."""

    def __init__(self) -> None:
        self.answer: httpx.Response | None = None
        self.task: Frame = {}

    @property
    def data(self) -> Frame:
        data: Frame = self.task["input"]["data"]
        return data


async def exchange(
    runner: ScriptedRunner, caller: httpx.AsyncClient, output: Mapping[str, Any], /, method: str = "POST", **call: Any
) -> tuple[httpx.Response, Frame]:
    """Make a call and have the runner answer it."""
    done = Exchange()

    async def make_call() -> None:
        done.answer = await caller.request(method, "/custom-event", **call)

    async with anyio.create_task_group() as group:
        group.start_soon(make_call)
        done.task = await runner.receive("task")
        await runner.answer(done.task, **output)
    assert done.answer is not None
    return done.answer, done.data


@pytest.mark.parametrize("name", ["Authentication", "Authorization"])
async def test_caller_gets_the_handlers_answer(
    runners: Runners, caller: httpx.AsyncClient, secret: str, clock: ManualClock, name: str
) -> None:
    runner = await runners.start(runner_type="interactive")
    answer, data = await exchange(
        runner,
        caller,
        {"data": {"http_status": 202, "headers": {"X-Seen": "yes"}, "body": {"done": True}}},
        json={"order": 7},
        params={"a": "1", "b": "x y"},
        headers={**headers(claims(clock), secret, name), "X-Mine": "z"},
    )
    assert (answer.status_code, answer.json(), answer.headers["x-seen"]) == (202, {"done": True}, "yes")
    assert data["method"] == "POST"
    assert data["body"] == {"order": 7}
    assert data["form_data"] is None
    assert data["querystring"] == "a=1&b=x+y"
    assert data["headers"]["x-mine"] == "z"
    assert secret not in str(data)
    assert "Bearer" not in str(data["headers"])


async def test_forms_come_as_fields(
    runners: Runners, caller: httpx.AsyncClient, secret: str, clock: ManualClock
) -> None:
    runner = await runners.start(runner_type="interactive")
    _, data = await exchange(
        runner,
        caller,
        {"data": {"http_status": 200, "headers": None, "body": None}},
        data={"name": "Ann", "tag": ["a", "b"]},
        headers=headers(claims(clock), secret),
    )
    assert (data["body"], data["form_data"]) == (None, {"name": "Ann", "tag": ["a", "b"]})


async def test_files_of_forms_come_as_base64(
    runners: Runners, caller: httpx.AsyncClient, secret: str, clock: ManualClock
) -> None:
    runner = await runners.start(runner_type="interactive")
    _, data = await exchange(
        runner,
        caller,
        {"data": {"http_status": 200}},
        files={"report": ("r.bin", b"\x00\xff", "application/octet-stream")},
        headers=headers(claims(clock), secret),
    )
    assert data["form_data"] == {
        "report": {"filename": "r.bin", "content_type": "application/octet-stream", "content": "AP8="}
    }


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_without_a_body(
    runners: Runners, caller: httpx.AsyncClient, secret: str, clock: ManualClock, method: str
) -> None:
    runner = await runners.start(runner_type="interactive")
    answer, data = await exchange(
        runner,
        caller,
        {"data": {"http_status": 200, "headers": {"Content-Type": "text/csv"}, "body": "a,b"}},
        method,
        headers=headers(claims(clock), secret),
    )
    assert (answer.text, answer.headers["content-type"]) == ("a,b", "text/csv")
    assert (data["method"], data["body"], data["form_data"]) == (method, None, None)


async def test_handler_that_crashed_is_a_400_at_once(
    runners: Runners, caller: httpx.AsyncClient, secret: str, clock: ManualClock
) -> None:
    runner = await runners.start(runner_type="interactive")
    answer, _ = await exchange(
        runner,
        caller,
        {
            "result": "fail",
            "message": "Traceback",
            "data": {"http_status": 400, "headers": None, "body": "Traceback"},
        },
        headers=headers(claims(clock), secret),
    )
    assert (answer.status_code, answer.text) == (400, "Traceback")


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"product_id": None}, "product_id"),
        ({"product_id": "PRD-999-999-999"}, "PRD-999-999-999 is not a product"),
        ({"environment": None}, "environment"),
        ({"environment": "staging"}, "staging"),
        ({"environment": "test"}, "signature"),
        ({"exp": None}, "exp"),
        ({"exp": 1_000_000_000}, "expired 2001-09-09"),
    ],
)
async def test_bad_claims_are_refused_with_their_cause(
    caller: httpx.AsyncClient, secret: str, clock: ManualClock, changes: dict[str, object], cause: str
) -> None:
    answer = await caller.get("/custom-event", headers=headers(claims(clock, **changes), secret))
    assert answer.status_code == 401
    assert answer.json()["error_code"] == "AUTH_001"
    assert cause in answer.json()["errors"][0]


async def test_bad_tokens_are_refused(caller: httpx.AsyncClient, secret: str, clock: ManualClock) -> None:
    good = claims(clock)
    unsigned = jwt.encode(good, "", algorithm="none")
    stronger = jwt.encode(good, secret * 2, algorithm="HS512")
    for token in ("nonsense", unsigned, stronger):
        answer = await caller.get("/custom-event", headers={"Authentication": f"Bearer {token}"})
        assert answer.status_code == 401, token
    wrong = await caller.get("/custom-event", headers=headers(good, "JWT-11111111-11111111-11111111-11111111"))
    assert "signature" in wrong.json()["errors"][0]
    missing = await caller.get("/custom-event")
    assert (missing.status_code, "missing" in missing.json()["errors"][0]) == (401, True)


async def test_unknown_extension_is_404(
    runners: Runners, caller: httpx.AsyncClient, secret: str, clock: ManualClock
) -> None:
    url = f"{runners.platform.url}/public/v1/devops/hooks/SRVC-0000-0000/product/custom-event"
    assert (await caller.get(url, headers=headers(claims(clock), secret))).status_code == 404


async def test_without_a_runner_it_is_a_502_and_nothing_is_left_waiting(
    runners: Runners, caller: httpx.AsyncClient, secret: str, clock: ManualClock
) -> None:
    answer = await caller.post("/custom-event", headers=headers(claims(clock), secret))
    assert (answer.status_code, answer.json()["error_code"]) == (502, "EXT_001")
    assert (await runners.api.get(f"{runners.base}/tasks")).json() == []


async def test_runner_that_never_answers_is_a_504(
    runners: Runners, caller: httpx.AsyncClient, secret: str, clock: ManualClock
) -> None:
    runner = await runners.start(runner_type="interactive")
    answers: list[httpx.Response] = []

    async def make_call() -> None:
        answers.append(await caller.post("/custom-event", headers=headers(claims(clock), secret)))

    async with anyio.create_task_group() as group:
        group.start_soon(make_call)
        task = await runner.receive("task")
        clock.advance(timedelta(minutes=4))
    assert answers[0].status_code == 504
    assert (await runners.task(task["options"]["task_id"]))["status"] == "failed"


async def test_body_that_claims_to_be_json_but_is_not(
    runners: Runners, caller: httpx.AsyncClient, secret: str, clock: ManualClock
) -> None:
    await runners.start(runner_type="interactive")
    sent = {**headers(claims(clock), secret), "Content-Type": "application/json"}
    answer = await caller.post("/custom-event", headers=sent, content=b"{")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "VAL_001")
