"""run_task: what the platform is told about each way in which a handler can end."""

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
    assert "'approved'" in (outcome.message or "")
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


def test_a_body_that_json_cannot_hold_fails() -> None:
    class Odd(EventsApplicationBase):
        @event(ACTION)
        def act(self, request: Any) -> InteractiveResponse:
            return InteractiveResponse.done(body=object())

    outcome = run_task(Odd, ACTION, {"a": 1})
    assert outcome.result == "fail"
    assert isinstance(outcome.exception, ResponseError)
