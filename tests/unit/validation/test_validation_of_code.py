"""Rules that read source code without running it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from connect_eaas.validation import Finding, Place
from connect_eaas.validation.code import check
from connect_eaas.validation.project import EntryPoint, Project

HEAD = "from connect_eaas import *\nfrom connect_eaas import BackgroundResponse as B, event as on, EventType\n"


def findings(tmp_path: Path, text: str) -> list[Finding]:
    (tmp_path / "module.py").write_text(HEAD + dedent(text))
    project = Project(tmp_path)
    project.entry_points = (EntryPoint("eventsapp", "module:Events", Place(tmp_path / "pyproject.toml")),)
    return list(check(project))


def ids(tmp_path: Path, text: str) -> list[str]:
    return [finding.rule.id for finding in findings(tmp_path, text)]


@pytest.mark.parametrize(
    "line",
    [
        "B.reschedule(29)",
        "B.reschedule(countdown=SOON)",
        "B.reschedule(-1)",
        "module.BackgroundResponse.reschedule(0.5)",
        "B.slow_process_reschedule(countdown=299)",
        "ProcessingResponse.slow_process_reschedule(30)",
    ],
)
def test_short_countdowns(tmp_path: Path, line: str) -> None:
    assert ids(tmp_path, f"SOON = 5\ndef anything():\n    return {line}\n") == ["RSP002"]


@pytest.mark.parametrize(
    "line",
    [
        "B.reschedule()",
        "B.reschedule(30)",
        "B.reschedule(countdown=unknown)",
        "B.reschedule(CHANGES)",
        "B.slow_process_reschedule(300)",
        "B.reschedule(*arguments)",
        "calendar.reschedule(5)",
    ],
)
def test_countdowns_that_are_long_enough_or_unknown(tmp_path: Path, line: str) -> None:
    assert ids(tmp_path, f"CHANGES = 5\nCHANGES = 50\ndef anything():\n    return {line}\n") == []


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("return B.skip", 1),
        ("return B.done if x else B.fail", 2),
        ("return x or B.skip", 1),
        ("return B.skip()", 0),
        ("return B.status", 0),
        ("make = B.skip\n        return make()", 0),
        ("return shop.done", 0),
    ],
)
def test_responses_that_are_not_called(tmp_path: Path, line: str, count: int) -> None:
    assert ids(tmp_path, f"class Events:\n    def any(self, x):\n        {line}\n") == ["RSP001"] * count


@pytest.mark.parametrize(
    ("mark", "answer", "expected"),
    [
        ("@on('product_action_execution')", "InteractiveResponse.done(301)", ["RSP003"]),
        ("@on(event_type='product_action_execution')", "InteractiveResponse.fail(http_status=308)", ["RSP003"]),
        ("@on(EventType.PRODUCT_ACTION_EXECUTION)", "InteractiveResponse.done(HTTPStatus.MOVED_PERMANENTLY.value)",
         ["RSP003"]),
        ("@on('product_action_execution')", "self.made(http_status=301)", ["RSP003"]),
        ("@on('product_action_execution')", "InteractiveResponse.done(302)", []),
        ("@on('product_custom_event_processing')", "InteractiveResponse.done(301)", []),
        ("@on('product_custom_event_processing')", "B.done()", ["RSP004"]),
        ("@on('asset_purchase_request_processing', ['pending'])", "InteractiveResponse.done(301)", ["RSP004"]),
        ("@on('asset_purchase_request_processing', ['pending'])", "ProcessingResponse.done()", []),
        ("@schedulable('a', 'b')", "B.done()", ["RSP004"]),
        ("@transformation('a', 'b', 'c')", "RowTransformationResponse.delete()", []),
        ("@on('only_this_platform_knows')", "B.done()", []),
    ],
)  # fmt: skip
def test_answers_of_handlers(tmp_path: Path, mark: str, answer: str, expected: list[str]) -> None:
    code = f"class Events:\n    {mark}\n    def any(self, x):\n        return {answer}\n"
    assert ids(tmp_path, code) == expected


def test_functions_inside_a_handler_answer_for_themselves(tmp_path: Path) -> None:
    code = """
        class Events:
            @on("product_custom_event_processing")
            def custom(self, request):
                def inner():
                    return B.done()
                return InteractiveResponse.done(body=inner())
    """
    assert ids(tmp_path, code) == []


def test_the_fewer_of_mixed_handlers_are_named(tmp_path: Path) -> None:
    code = """
        class Events:
            @schedulable("a", "a")
            async def one(self, schedule): ...
            @schedulable("b", "b")
            async def two(self, schedule): ...
            @schedulable("c", "c")
            def three(self, schedule): ...
            def no_handler(self): ...
    """
    (finding,) = findings(tmp_path, code)
    assert finding.rule.id == "MIX001"
    assert finding.message == "Events.three is not async, but Events.one is async"


@pytest.mark.parametrize(
    "text", ["x = " + "(" * 500 + ")" * 500, "x = " + "-" * 100_000 + "1", "if x:\n\ty\n        z"]
)
def test_code_that_cannot_be_parsed_is_one_finding(tmp_path: Path, text: str) -> None:
    (tmp_path / "module.py").write_text(text)
    project = Project(tmp_path)
    project.entry_points = (EntryPoint("eventsapp", "module:Events", Place(tmp_path / "pyproject.toml")),)
    assert [finding.rule.id for finding in check(project)] == ["SRC001"]
