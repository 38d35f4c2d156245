"""Every way in which a task can end, through a real socket and real REST calls."""

from __future__ import annotations

from typing import Any

import pytest
from sample_application import Sample
from scripted_platform import ScriptedPlatform, a_task

from connect_eaas.protocol.messages import Variable
from connect_eaas.runner.settings import Limits

QUICK = Limits(background_s=1, interactive_s=1, scheduled_s=1, stop_s=5, deliver_s=5)


@pytest.fixture(autouse=True)
def fresh_sample() -> Any:
    Sample.reset()
    yield
    Sample.gate.set()


def give(platform: ScriptedPlatform, object_id: str, **content: Any) -> None:
    platform.objects[f"requests/{object_id}"] = {"id": object_id, **content}


@pytest.mark.parametrize(
    ("plan", "result", "countdown", "message"),
    [
        ("done", "success", 0, None),
        ("fail", "fail", 0, "not possible"),
        ("skip", "skip", 0, "not needed"),
        ("reschedule", "reschedule", 30, None),
        ("slow", "reschedule", 300, None),
        ("raise", "retry", 0, "RuntimeError: PR-7 cannot be processed"),
        ("exit", "retry", 0, "SystemExit: 3"),
        ("interrupt", "retry", 0, "KeyboardInterrupt"),
        ("nothing", "retry", 0, "returned nothing"),
        ("uncalled", "retry", 0, "without calling it"),
        ("read", "skip", 0, "purchase"),
    ],
)
@pytest.mark.parametrize(
    "event_type", ["asset_purchase_request_processing", "asset_change_request_processing"], ids=["plain", "coroutine"]
)
async def test_background_outcome(
    platform: ScriptedPlatform,
    start: Any,
    event_type: str,
    plan: str,
    result: str,
    countdown: int,
    message: str | None,
) -> None:
    give(platform, "PR-7", plan=plan)
    await start(Sample)
    await platform.connected()
    task = a_task(event_type=event_type, object_id="PR-7")

    await platform.background.send(task)
    answered = await platform.result_of(task)

    assert answered.output is not None
    assert answered.output.result == result
    assert answered.output.countdown == countdown
    assert answered.output.runtime > 0
    assert answered.options == task.options
    assert answered.input == task.input
    if message is None:
        assert answered.output.message is None
    else:
        assert answered.output.message is not None
        assert message in answered.output.message
        assert "connect_eaas/runner" not in answered.output.message


async def test_long_traceback_is_cut_to_what_a_message_holds(platform: ScriptedPlatform, start: Any) -> None:
    give(platform, "PR-7", plan="long")
    await start(Sample)
    await platform.connected()

    await platform.background.send(a_task(object_id="PR-7"))
    answered = await platform.result_of(a_task())

    assert answered.output is not None
    assert answered.output.message is not None
    assert answered.output.message.startswith("Traceback")
    assert len(answered.output.message) == 4000


async def test_object_is_counted_with_the_statuses_and_then_read(platform: ScriptedPlatform, start: Any) -> None:
    give(platform, "PR-7")
    await start(Sample)
    await platform.connected()

    await platform.background.send(a_task(event_type="asset_change_request_processing", object_id="PR-7"))
    await platform.result_of(a_task())

    count, read = platform.requests
    assert count == "/public/v1/requests?and(eq(id,PR-7),in(status,(pending,tiers_setup)))&limit=0&offset=0"
    assert read == "/public/v1/requests/PR-7"


async def test_object_that_left_its_status_is_skipped(platform: ScriptedPlatform, start: Any) -> None:
    platform.counts["requests"] = 0
    await start(Sample)
    await platform.connected()

    await platform.background.send(a_task())
    answered = await platform.result_of(a_task())

    assert answered.output is not None
    assert answered.output.result == "skip"
    assert "pending" in (answered.output.message or "")
    assert Sample.calls == []


async def test_object_that_cannot_be_read_is_retried(platform: ScriptedPlatform, start: Any) -> None:
    await start(Sample)
    await platform.connected()

    await platform.background.send(a_task(object_id="PR-404"))
    answered = await platform.result_of(a_task())

    assert answered.output is not None
    assert answered.output.result == "retry"
    assert "404 NOT_001; requests/PR-404 not found." in (answered.output.message or "")


async def test_task_without_handler_is_answered(platform: ScriptedPlatform, start: Any) -> None:
    await start(Sample)
    await platform.connected()

    background = a_task(1, event_type="asset_cancel_request_processing")
    unknown = a_task(2, category="transformation", event_type="billing_transformation_request")
    await platform.background.send(background, unknown)
    interactive = a_task(3, category="interactive", event_type="tier_config_setup_request_validation", data={"id": "x"})
    await platform.interactive.send(interactive)

    for task in (background, unknown, interactive):
        answered = await platform.result_of(task)
        assert answered.output is not None
        assert answered.output.result == "fail"
    assert "has no handler for asset_cancel" in str((await platform.result_of(background)).output)


@pytest.mark.parametrize(("plan", "message"), [("gate", "still running"), ("hang", "took longer")])
async def test_background_timeout_is_retried(platform: ScriptedPlatform, start: Any, plan: str, message: str) -> None:
    give(platform, "PR-7", plan=plan)
    await start(Sample, limits=QUICK)
    await platform.connected()
    kind = "purchase" if plan == "gate" else "change"

    await platform.background.send(a_task(event_type=f"asset_{kind}_request_processing", object_id="PR-7"))
    answered = await platform.result_of(a_task())

    assert answered.output is not None
    assert answered.output.result == "retry"
    assert message in (answered.output.message or "")


async def test_plain_handler_that_timed_out_is_not_run_beside_itself(platform: ScriptedPlatform, start: Any) -> None:
    give(platform, "PR-7", plan="gate")
    await start(Sample, limits=Limits(background_s=3))
    await platform.connected()
    await platform.background.send(a_task(1, object_id="PR-7", lease="first"))
    first = await platform.result_of(a_task(1, lease="first"))
    assert first.output is not None
    assert first.output.result == "retry"

    await platform.background.send(a_task(1, object_id="PR-7", lease="second"), a_task(2))
    await platform.result_of(a_task(2))  # By then the second delivery waits for the first run.
    Sample.gate.set()
    second = await platform.result_of(a_task(1, lease="second"))

    assert second.output is not None
    assert second.output.result == "success"
    assert [request["id"] for _, request, _ in Sample.calls] == ["PR-7", "PR-1"]


async def test_interactive_outcomes(platform: ScriptedPlatform, start: Any) -> None:
    await start(Sample, limits=QUICK)
    await platform.connected()
    action, custom = "product_action_execution", "product_custom_event_processing"
    validation = "asset_purchase_request_validation"
    cases: list[tuple[str, Any, str, Any]] = [
        (validation, {"id": "PR-1", "note": "draft"}, "success", {"id": "PR-1", "note": "draft"}),
        (validation, {"id": "PR-1", "plan": "raise"}, "fail", None),
        (action, {"jwt_payload": {"action_id": "sso"}}, "success", None),
        (action, {"jwt_payload": {"action_id": "permanent"}}, "fail", "may not redirect permanently"),
        (action, {"jwt_payload": {"action_id": "raise"}}, "fail", "the action broke"),
        (custom, {"method": "POST", "body": [1, "two"]}, "success", {"got": [1, "two"]}),
        (custom, {"method": "OBJECT", "body": None}, "fail", "JSON cannot hold it"),
        (custom, {"method": "HANG", "body": None}, "fail", "took longer than"),
        (custom, {}, "fail", "without data"),
    ]
    for number, (event_type, data, _, _) in enumerate(cases):
        await platform.interactive.send(a_task(number, category="interactive", event_type=event_type, data=data))

    for number, (event_type, _, result, body) in enumerate(cases):
        output = (await platform.result_of(a_task(number))).output
        assert output is not None
        assert output.result == result, number
        if result == "success":
            assert output.data["http_status"] == (302 if event_type == action else 200)
            assert output.data["body"] == body
        elif event_type == validation:
            assert output.data is None
            assert "the validation broke" in (output.message or "")
        else:
            assert output.data["http_status"] == 400
            assert body in output.data["body"]


async def test_answer_that_cannot_be_sent_becomes_a_failure(platform: ScriptedPlatform, start: Any) -> None:
    await start(Sample)
    await platform.connected()
    broken = a_task(1, category="interactive", event_type="product_custom_event_processing")
    broken.input.data = {"method": "SURROGATE", "body": None}

    await platform.interactive.send(broken)
    output = (await platform.result_of(broken)).output

    assert output is not None
    assert output.result == "fail"
    assert output.data["http_status"] == 400
    assert "cannot be sent" in output.data["body"]


async def test_answer_that_is_too_large_for_the_platform_becomes_a_failure(
    platform: ScriptedPlatform, start: Any
) -> None:
    await start(Sample)
    await platform.connected()
    # What websocket servers accept by default is 1 MiB.
    large = a_task(1, category="interactive", event_type="product_custom_event_processing")
    large.input.data = {"method": "LARGE", "body": None}

    await platform.interactive.send(large)
    output = (await platform.result_of(large)).output

    assert output is not None
    assert output.result == "fail"
    assert "larger than the platform accepts" in output.data["body"]


async def test_scheduled_outcomes(platform: ScriptedPlatform, start: Any) -> None:
    root = "devops/services/SRVC-1111-2222/environments/ENV-1111-2222-01/schedules"
    platform.objects[f"{root}/EFS-1"] = {"id": "EFS-1", "method": "nightly", "parameter": {"n": 1}}
    platform.objects[f"{root}/EFS-2"] = {"id": "EFS-2", "method": "nightly", "parameter": {"fail": True}}
    platform.objects[f"{root}/EFS-3"] = {"id": "EFS-3", "method": "purchase", "parameter": {}}
    await start(Sample)
    await platform.connected()
    for number in (1, 2, 3, 4):
        await platform.background.send(
            a_task(number, category="scheduled", event_type="scheduled_execution", object_id=f"EFS-{number}")
        )

    results = [(await platform.result_of(a_task(number))).output for number in (1, 2, 3, 4)]

    assert [output and output.result for output in results] == ["success", "fail", "fail", "retry"]
    assert [output and (output.message or "") for output in results][1] == "no night"
    assert "does not declare as schedulable" in str(results[2])
    seen = {name: argument["id"] for name, argument, _ in Sample.calls}
    assert set(seen) == {"nightly"}


async def test_hung_background_work_does_not_hold_up_interactive_work(platform: ScriptedPlatform, start: Any) -> None:
    give(platform, "PR-7", plan="gate")
    await start(Sample, limits=Limits(concurrency=2))
    await platform.connected()
    for number in range(4):
        await platform.background.send(a_task(number, object_id="PR-7"))
    quick = a_task(9, category="interactive", event_type="asset_purchase_request_validation", data={"id": "PR-1"})

    await platform.interactive.send(quick)
    answered = await platform.result_of(quick)

    assert answered.output is not None
    assert answered.output.result == "success"
    assert platform.results == [answered]
    Sample.gate.set()
    for number in range(4):
        await platform.result_of(a_task(number))


async def test_hung_background_work_does_not_hold_up_schedules(platform: ScriptedPlatform, start: Any) -> None:
    give(platform, "PR-7", plan="gate")
    schedule = "devops/services/SRVC-1111-2222/environments/ENV-1111-2222-01/schedules/EFS-1"
    platform.objects[schedule] = {"id": "EFS-1", "method": "nightly", "parameter": {"n": 1}}
    await start(Sample, limits=Limits(background_tasks=2))
    await platform.connected()
    for number in range(4):
        await platform.background.send(a_task(number, object_id="PR-7"))
    nightly = a_task(9, category="scheduled", event_type="scheduled_execution", object_id="EFS-1")

    await platform.background.send(nightly)
    answered = await platform.result_of(nightly)

    assert answered.output is not None
    assert answered.output.result == "success"
    assert platform.results == [answered]
    Sample.gate.set()
    for number in range(4):
        await platform.result_of(a_task(number))


async def test_changed_configuration_reaches_the_next_task(platform: ScriptedPlatform, start: Any) -> None:
    await start(Sample)
    await platform.connected()
    await platform.background.send(a_task(1))
    await platform.result_of(a_task(1))

    changed = platform.response.model_copy(update={"variables": [Variable(name="SHAPE", value="round")]})
    await platform.background.send(changed, a_task(2))
    await platform.result_of(a_task(2))
    emptied = platform.response.model_copy(update={"variables": []})
    await platform.background.send(emptied, a_task(3))
    await platform.result_of(a_task(3))

    assert [config for _, _, config in Sample.calls] == [{"COLOUR": "green"}, {"SHAPE": "round"}, {}]


async def test_setup_request_says_what_the_extension_can_do(platform: ScriptedPlatform, start: Any) -> None:
    await start(Sample)
    await platform.connected()

    for kind in ("background", "interactive"):
        conversation = platform.conversations[kind]
        assert conversation.query["running_tasks"] == ["0"]
        assert conversation.setup.runner_version == "1.0.0"
        subscriptions = conversation.setup.event_subscriptions
        assert subscriptions is not None
        assert subscriptions["asset_change_request_processing"] == ["pending", "tiers_setup"]
        assert subscriptions["product_action_execution"] == []
        assert [item.method for item in conversation.setup.schedulables or ()] == ["nightly"]
