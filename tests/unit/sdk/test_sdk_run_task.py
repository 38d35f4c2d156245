"""run_task: what the platform is told about each way in which a handler can end."""

import asyncio
import logging
import threading
from typing import Any

import pytest

from connect_eaas import (
    BackgroundResponse,
    DeclarationError,
    EventsApplicationBase,
    InteractiveResponse,
    ProcessingResponse,
    ResponseError,
    ScheduledExecutionResponse,
    event,
    schedulable,
    variables,
)
from connect_eaas.testing import TaskOutcome, run_task, run_task_async

PURCHASE = "asset_purchase_request_processing"
CHANGE = "asset_change_request_processing"
ACTION = "product_action_execution"
CUSTOM = "product_custom_event_processing"
VALIDATION = "asset_purchase_request_validation"


@variables([{"name": "TEMPLATE"}])
class Ext(EventsApplicationBase):
    @event(PURCHASE, statuses=["pending"])
    def buy(self, request: dict[str, Any]) -> Any:
        self.logger.info("buying %s", request["id"])
        answers = {
            "done": BackgroundResponse.done,
            "later": lambda: BackgroundResponse.reschedule(5),
            "because": lambda: BackgroundResponse("reschedule", 60, output="waits for stock"),
            "slow": BackgroundResponse.slow_process_reschedule,
            "skip": lambda: BackgroundResponse.skip(self.config["TEMPLATE"]),
            "fail": lambda: BackgroundResponse.fail("no stock"),
            "uncalled": lambda: ProcessingResponse.skip,
            "nothing": lambda: None,
        }
        return answers[request["do"]]()

    @event(CHANGE, statuses=["pending"])
    async def change(self, request: dict[str, Any]) -> BackgroundResponse:
        request["changed"] = True
        assert self.context is not None
        return BackgroundResponse.skip(self.context.extension_id)

    @event("listing_new_request_processing", statuses=["draft"])
    def listing(self, request: dict[str, Any]) -> BackgroundResponse:
        return BackgroundResponse.done()

    @event(VALIDATION, statuses=["draft"])
    def check(self, request: dict[str, Any]) -> InteractiveResponse:
        request["checked"] = True
        return InteractiveResponse.done(body=request)

    @event(ACTION)
    def act(self, request: dict[str, Any]) -> InteractiveResponse:
        return InteractiveResponse.done(http_status=request["status"], headers={"Location": "https://example.com"})

    @event(CUSTOM)
    async def custom(self, request: dict[str, Any]) -> InteractiveResponse:
        raise LookupError("nobody home")

    @schedulable("Nightly", "Cleans up")
    def nightly(self, schedule: dict[str, Any]) -> ScheduledExecutionResponse:
        return ScheduledExecutionResponse.fail(schedule["parameter"]["why"])


def buy(do: str, status: str = "pending") -> TaskOutcome:
    return run_task(Ext, PURCHASE, {"id": "PR-1", "status": status, "do": do}, config={"TEMPLATE": "TL-1"})


@pytest.mark.parametrize(
    ("do", "outcome"),
    [
        ("done", TaskOutcome("success")),
        ("later", TaskOutcome("reschedule", countdown=30)),
        ("because", TaskOutcome("reschedule", countdown=60, message="waits for stock")),
        ("slow", TaskOutcome("reschedule", countdown=300)),
        ("skip", TaskOutcome("skip", message="TL-1")),
        ("fail", TaskOutcome("fail", message="no stock")),
    ],
)
def test_background_answers(do: str, outcome: TaskOutcome) -> None:
    answered = buy(do)
    assert answered == outcome
    assert isinstance(answered.response, BackgroundResponse)


@pytest.mark.parametrize(("do", "words"), [("uncalled", r"write ProcessingResponse\.skip\(\)"), ("nothing", "nothing")])
def test_a_wrong_answer_is_retried_and_explained(do: str, words: str) -> None:
    outcome = buy(do)
    assert outcome.result == "retry"
    with pytest.raises(ResponseError, match=rf"Ext\.buy .*{words}"):
        raise outcome.exception or AssertionError("no exception")
    assert "Ext.buy" in (outcome.message or "")


def test_a_crash_is_retried_with_a_bounded_traceback() -> None:
    outcome = buy("x" * 10_000)
    assert outcome.result == "retry"
    assert isinstance(outcome.exception, KeyError)
    assert len(outcome.message or "") == 4000


def test_an_object_in_another_status_is_skipped_without_a_call() -> None:
    outcome = buy("nothing", status="approved")
    assert outcome.result == "skip"
    assert outcome.response is None
    assert "status" in (outcome.message or "")
    assert run_task(Ext, "listing_new_request_processing", {"state": "deploying"}).result == "skip"
    assert run_task(Ext, "listing_new_request_processing", {"state": "draft"}).result == "success"


def test_asynchronous_handlers_run_and_get_a_copy() -> None:
    request = {"status": "pending"}
    assert run_task(Ext, CHANGE, request) == TaskOutcome("skip", message="SRVC-0000-0000")
    assert request == {"status": "pending"}


async def test_inside_a_running_loop() -> None:
    with pytest.raises(RuntimeError, match="await run_task_async"):
        run_task(Ext, CHANGE, {"status": "pending"})
    assert (await run_task_async(Ext, CHANGE, {"status": "pending"})).result == "skip"
    assert (await run_task_async(Ext, ACTION, {"status": 302})).result == "success"
    assert (await run_task_async(Ext, CHANGE, {"status": "draft"})).result == "skip"


def test_validation_answers_with_the_changed_object() -> None:
    outcome = run_task(Ext, VALIDATION, {"id": "PR-1"})
    assert outcome.data == {"http_status": 200, "headers": None, "body": {"id": "PR-1", "checked": True}}


@pytest.mark.parametrize("status", [301, 308])
def test_a_permanent_redirect_of_a_product_action_fails(status: int) -> None:
    outcome = run_task(Ext, ACTION, {"status": status})
    assert outcome.result == "fail"
    assert outcome.data["http_status"] == 400
    assert "302" in str(outcome.exception)


def test_a_crash_of_an_interactive_handler_answers_the_caller() -> None:
    outcome = run_task(Ext, CUSTOM, {"method": "POST"})
    assert outcome.result == "fail"
    assert outcome.data == {"http_status": 400, "headers": None, "body": outcome.message}
    assert "nobody home" in (outcome.message or "")


def test_schedules_name_their_method() -> None:
    outcome = run_task(Ext, "scheduled_execution", {"method": "nightly", "parameter": {"why": "tired"}})
    assert outcome == TaskOutcome("fail", message="tired")


@pytest.mark.parametrize(
    ("event_type", "payload", "words"),
    [
        ("asset_resume_request_processing", {}, "no handler for 'asset_resume_request_processing'.*declared: .*"),
        ("scheduled_execution", {"method": "daily"}, r"no schedulable method 'daily' \(declared: nightly\)"),
        ("scheduled_execution", {}, "no schedulable method None"),
    ],
)
def test_what_is_not_declared_is_told(event_type: str, payload: Any, words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        run_task(Ext, event_type, payload)


def test_an_interactive_task_without_data_is_refused() -> None:
    outcome = run_task(Ext, ACTION, {})
    assert outcome.result == "fail"
    assert outcome.data["http_status"] == 400
    assert "without data" in (outcome.message or "")


class Various(EventsApplicationBase):
    @event(PURCHASE, statuses=["pending"])
    def buy(self, request: dict[str, Any]) -> Any:
        self.logger.info("buying %s", request["id"])
        if request["do"] == "leave":
            raise SystemExit(3)
        if request["do"] == "hang":
            request["gate"].wait(30)
        return BackgroundResponse.done()

    @event(CHANGE, statuses=["pending"])
    async def change(self, request: dict[str, Any]) -> BackgroundResponse:
        await asyncio.Event().wait()
        return BackgroundResponse.done()

    @event("asset_resume_request_processing", statuses=["pending"])
    def resume(self, request: dict[str, Any]) -> BackgroundResponse:
        assert self.installation is not None
        number = self.installation_client.requests["PR-7"].get()["number"]
        return BackgroundResponse.skip(f"{self.installation['id']} {number}")


def test_the_dispatcher_of_the_runner_is_what_runs_the_handler(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        outcome = run_task(Various, PURCHASE, {"id": "PR-1", "status": "pending", "do": "leave"})
    assert outcome.result == "retry"
    assert isinstance(outcome.exception, SystemExit)
    assert "in buy\n    raise SystemExit(3)" in (outcome.message or "")
    assert "connect_eaas" not in (outcome.message or "")
    assert ("eaas.eventsapp", logging.INFO, "buying PR-1") in caplog.record_tuples
    # What is wrong is told, what every task leaves in the runner's log is not.
    assert [record.levelname for record in caplog.records if record.name == "connect.eaas.runner.tasks"] == ["ERROR"]


def test_time_limits_are_those_of_the_platform() -> None:
    gate = threading.Event()
    request = {"id": "PR-1", "status": "pending", "do": "hang", "gate": Gate(gate)}
    outcome = run_task(Various, PURCHASE, request, time_limit_s=1)
    gate.set()
    assert (outcome.result, outcome.message) == ("retry", "Various.buy took longer than 1 s and is still running")
    outcome = run_task(Various, CHANGE, {"id": "PR-1", "status": "pending"}, time_limit_s=1)
    assert (outcome.result, outcome.message) == ("retry", "Various.change took longer than 1 s")
    assert outcome.exception is None


class Gate:
    """A gate that stays itself when it is copied."""

    def __init__(self, gate: threading.Event) -> None:
        self.wait = gate.wait

    def __deepcopy__(self, memo: object) -> "Gate":
        return self


def test_tasks_of_installations_get_both(client_mocker_factory: Any) -> None:
    client_mocker_factory().requests["PR-7"].get(return_value={"number": 7})
    request = {"id": "PR-1", "status": "pending"}
    outcome = run_task(Various, "asset_resume_request_processing", request, installation={"id": "EIN-1"})
    assert outcome == TaskOutcome("skip", message="EIN-1 7")


def test_a_logger_of_the_test_is_what_the_handler_gets(caplog: pytest.LogCaptureFixture) -> None:
    mine = logging.getLogger("mine")
    with caplog.at_level("INFO", logger="mine"):
        run_task(Various, PURCHASE, {"id": "PR-2", "status": "pending", "do": ""}, logger=mine)
    assert ("mine", logging.INFO, "buying PR-2") in caplog.record_tuples


def test_a_constructor_that_fails_is_the_task_s_failure() -> None:
    class Broken(Various):
        def __init__(self, client: Any, logger: Any, config: Any) -> None:
            raise LookupError("no settings")

    outcome = run_task(Broken, PURCHASE, {"id": "PR-1", "status": "pending", "do": ""})
    assert outcome.result == "retry"
    assert isinstance(outcome.exception, LookupError)


def test_an_argument_that_could_not_travel_is_told() -> None:
    with pytest.raises(TypeError, match="payload: JSON cannot hold it"):
        run_task(Ext, ACTION, {"status": object()})


def test_a_body_that_json_cannot_hold_fails() -> None:
    class Odd(EventsApplicationBase):
        @event(ACTION)
        def act(self, request: Any) -> InteractiveResponse:
            return InteractiveResponse.done(body=object())

    outcome = run_task(Odd, ACTION, {"a": 1})
    assert outcome.result == "fail"
    assert isinstance(outcome.exception, ResponseError)
