"""Responses: attributes, minimum countdowns, and the check of what a handler returned."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas import (
    BackgroundResponse,
    CustomEventResponse,
    InteractiveResponse,
    ProcessingResponse,
    ProductActionResponse,
    ResponseError,
    RowTransformationResponse,
    ScheduledExecutionResponse,
    TransformationResponse,
    ValidationResponse,
)
from connect_eaas.events import BACKGROUND, INTERACTIVE, SCHEDULED, TRANSFORMATION, Category
from connect_eaas.responses import Response, as_response


@pytest.mark.parametrize("cls", [BackgroundResponse, ProcessingResponse])
def test_background_constructors_have_the_wire_status(cls: type[BackgroundResponse]) -> None:
    assert (cls.done().status, cls.done().output) == ("success", None)
    assert cls.done({"id": "PR-1"}).status == "success"
    assert (cls.fail("no").status, cls.fail(output="no").output) == ("fail", "no")
    assert (cls.skip().status, cls.skip("nothing").output) == ("skip", "nothing")
    assert (cls.reschedule().status, cls.reschedule().countdown) == ("reschedule", 30)
    assert (cls.slow_process_reschedule().status, cls.slow_process_reschedule().countdown) == ("reschedule", 300)
    assert type(cls.done()) is cls


@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_countdown_is_never_below_its_minimum_and_otherwise_kept(seconds: int) -> None:
    assert BackgroundResponse.reschedule(seconds).countdown == max(seconds, 30)
    assert BackgroundResponse.slow_process_reschedule(seconds).countdown == max(seconds, 300)


@given(st.one_of(st.text(), st.none(), st.lists(st.integers()), st.booleans(), st.sampled_from([math.nan, math.inf])))
def test_countdown_that_is_no_number_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match="countdown"):
        BackgroundResponse.reschedule(value)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="countdown"):
        BackgroundResponse.slow_process_reschedule(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("cls", [InteractiveResponse, ProductActionResponse, CustomEventResponse])
def test_interactive_answers_carry_status_headers_and_body(cls: type[InteractiveResponse]) -> None:
    answer = cls.done(http_status=302, headers={"Location": "https://example.com"})
    assert answer.status == "success"
    assert answer.data == {"http_status": 302, "headers": {"Location": "https://example.com"}, "body": None}
    assert cls.done().http_status == 200
    failed = cls.fail(body={"why": "x"}, output="reason")
    assert (failed.status, failed.http_status, failed.output, failed.body) == ("fail", 400, "reason", {"why": "x"})


def test_validation_answers_have_the_object_as_body() -> None:
    request = {"id": "PR-1"}
    assert ValidationResponse.done(request).data == {"http_status": 200, "headers": None, "body": request}
    assert ValidationResponse.fail(request, output="broken").data["http_status"] == 400
    assert ValidationResponse.fail().body is None


def test_scheduled_and_transformation_answers() -> None:
    assert ScheduledExecutionResponse.done().status == "success"
    assert ScheduledExecutionResponse.fail(output="x").output == "x"
    assert [TransformationResponse.done().status, TransformationResponse.skip("x").status] == ["success", "skip"]
    assert TransformationResponse.fail("x").output == "x"
    row = RowTransformationResponse.done({"a": 1})
    assert (row.transformed_row, row.transformed_row_styles) == ({"a": 1}, {})
    assert RowTransformationResponse.delete().status == "delete"
    assert RowTransformationResponse.skip().transformed_row is None
    assert RowTransformationResponse.fail("bad").output == "bad"


@pytest.mark.parametrize(
    ("response", "category"),
    [
        (ProcessingResponse.done(), BACKGROUND),
        (ValidationResponse.done({}), INTERACTIVE),
        (ScheduledExecutionResponse.done(), SCHEDULED),
        (RowTransformationResponse.delete(), TRANSFORMATION),
    ],
)
def test_a_response_of_the_right_category_passes(response: Response, category: Category) -> None:
    assert as_response(response, category, "Ext.handle") is response


@pytest.mark.parametrize("method", ["done", "skip", "fail", "reschedule"])
def test_a_constructor_that_was_not_called_is_explained(method: str) -> None:
    with pytest.raises(ResponseError, match=rf"Ext.handle .*write ProcessingResponse\.{method}\(\)"):
        as_response(getattr(ProcessingResponse, method), BACKGROUND, "Ext.handle")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "returned nothing.*BackgroundResponse"),
        (True, "type bool"),
        (ProcessingResponse, "the class ProcessingResponse"),
        (ValidationResponse.done({}), "returned a ValidationResponse.*BackgroundResponse"),
        (BackgroundResponse("delete"), "status 'delete' is not possible"),
    ],
)
def test_what_is_no_background_response_is_explained(value: object, words: str) -> None:
    with pytest.raises(ResponseError, match=words):
        as_response(value, BACKGROUND, "Ext.handle")


def test_a_coroutine_that_nobody_awaited_is_explained_and_closed() -> None:
    async def work() -> None: ...

    forgotten = work()
    with pytest.raises(ResponseError, match="async def"):
        as_response(forgotten, BACKGROUND, "Ext.handle")
    with pytest.raises(RuntimeError):
        forgotten.send(None)


def test_repr_shows_no_content() -> None:
    assert "s3cret" not in repr(InteractiveResponse.done(body={"password": "s3cret"}))
