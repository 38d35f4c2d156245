"""What the demo makes happen, and how each of it has to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connect_cli_ext.devops.rest import PlatformClient

__all__ = ["CASES", "Case", "Outcome", "Stage"]

ATTEMPTS_OF_A_FAILING_TASK = 11
"""The first and ten retries."""
_TEMPLATE = "ASSET_REQUEST_APPROVE_TEMPLATE_ID"
_TIER_TEMPLATE = "TIER_REQUEST_APPROVE_TEMPLATE_ID"
_READINESS = "asset.params.activation_status.value"
_REDIRECT = 302


@dataclass
class Stage:
    """Where the demo plays: one environment of one extension."""

    client: PlatformClient
    extension_id: str
    environment_id: str
    jwt_secret: str

    @property
    def path(self) -> str:
        """The environment's address in the API."""
        return f"/devops/services/{self.extension_id}/environments/{self.environment_id}"

    def trigger(self, event_type: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Make a sample object for an event; returns the platform's answer."""
        body = {"event_type": event_type, "extension_id": self.extension_id, "set": dict(changes or {})}
        answer: dict[str, Any] = self.client.post("/devops/local/trigger", body)
        return answer

    def variable(self, name: str) -> str:
        """The value of a plain environment variable."""
        found = self.client.get(f"{self.path}/variables?eq(name,{name})")
        return str(found[0]["value"])


@dataclass
class Outcome:
    """How a case began and what it is about.

    ``object_id`` is the object whose tasks belong to the case; ``answer`` is what an interactive call answered.
    """

    object_id: str
    answer: Any = None
    while_waiting: Callable[[], object] | None = None
    """Done once, when the case's task was put off for the first time."""


@dataclass(frozen=True)
class Case:
    """One thing that happens.

    Args:
        title: what it shows.
        begin: makes it happen.
        check: says what is wrong with its end, given the case's last task and its attempts.
    """

    title: str
    begin: Callable[[Stage], Outcome]
    check: Callable[[Stage, Outcome, Mapping[str, Any], Sequence[Mapping[str, Any]]], list[str]]
    event_type: str = field(default="asset_purchase_request_processing")


def _expect(*wanted: tuple[str, object, object]) -> list[str]:
    return [f"{what}: expected {right!r}, got {found!r}" for what, right, found in wanted if right != found]


def _request(event_type: str, **changes: str) -> Callable[[Stage], Outcome]:
    def begin(stage: Stage) -> Outcome:
        made = stage.trigger(event_type, {_READINESS: changes["readiness"]} if changes else None)
        return Outcome(made["object"]["id"])

    return begin


def _begin_with_new_variable(stage: Stage) -> Outcome:
    """Enter the ids of real templates while the runner is connected, as an author does with Apply Changes."""
    product = stage.client.get(f"/devops/services/{stage.extension_id}")["products"][0]["id"]
    for name, condition in (
        (_TEMPLATE, "and(eq(scope,asset),eq(type,fulfillment))"),
        (_TIER_TEMPLATE, "eq(scope,tier1)"),
    ):
        template = stage.client.get(f"/products/{product}/templates?{condition}")[0]["id"]
        variable = stage.client.get(f"{stage.path}/variables?eq(name,{name})")[0]
        stage.client.put(f"{stage.path}/variables/{variable['id']}", {"value": template})
    stage.client.post(f"{stage.path}/update-config")
    return _request("asset_purchase_request_processing")(stage)


def _approved(collection: str) -> Callable[..., list[str]]:
    def check(
        stage: Stage, outcome: Outcome, task: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
    ) -> list[str]:
        found = stage.client.get(f"/{collection}/{outcome.object_id}")
        return _expect(
            ("task", "succeeded", task["status"]),
            ("attempts", 1, len(attempts)),
            ("request", "approved", found["status"]),
        )

    return check


def _approved_with_template(
    stage: Stage, outcome: Outcome, task: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
) -> list[str]:
    found = stage.client.get(f"/requests/{outcome.object_id}")
    return [
        *_approved("requests")(stage, outcome, task, attempts),
        *_expect(
            ("template", stage.variable(_TEMPLATE), (found.get("template") or {}).get("id")),
            ("asset", "active", found["asset"]["status"]),
        ),
    ]


def _begin_not_ready(stage: Stage) -> Outcome:
    outcome = _request("asset_purchase_request_processing", readiness="pending")(stage)
    ready = {"asset": {"params": [{"id": "activation_status", "value": "ready"}]}}
    outcome.while_waiting = lambda: stage.client.put(f"/requests/{outcome.object_id}", ready)
    return outcome


def _rescheduled_then_approved(
    stage: Stage, outcome: Outcome, task: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
) -> list[str]:
    found = stage.client.get(f"/requests/{outcome.object_id}")
    return _expect(
        ("task", "succeeded", task["status"]),
        ("attempts", ["reschedule", "success"], [attempt["outcome"] for attempt in attempts]),
        ("request", "approved", found["status"]),
    )


def _failed_after_all_retries(
    stage: Stage, outcome: Outcome, task: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
) -> list[str]:
    found = stage.client.get(f"/requests/{outcome.object_id}")
    return _expect(
        ("task", "failed", task["status"]),
        ("attempts", ["retry"] * ATTEMPTS_OF_A_FAILING_TASK, [attempt["outcome"] for attempt in attempts]),
        ("request", "pending", found["status"]),
    )


def _begin_validation(stage: Stage) -> Outcome:
    made = stage.trigger("asset_purchase_request_validation", {"asset.params.admin_email.value": "nobody"})
    return Outcome(made["object"]["id"], made["object"])


def _validated(
    stage: Stage, outcome: Outcome, task: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
) -> list[str]:
    errors = {item["id"]: item.get("value_error") for item in outcome.answer["asset"]["params"]}
    return _expect(
        ("task", "succeeded", task["status"]),
        ("draft", "draft", outcome.answer["status"]),
        ("admin_email has an error", True, bool(errors.get("admin_email"))),
    )


def _begin_action(stage: Stage) -> Outcome:
    made = stage.trigger("product_action_execution")
    response = stage.client.send("GET", made["link"])
    return Outcome("", (response.status_code, response.headers.get("location")))


def _redirected(
    stage: Stage, outcome: Outcome, task: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
) -> list[str]:
    status, location = outcome.answer
    wanted = stage.variable("PRODUCT_ACTION_URL")
    return _expect(
        ("task", "succeeded", task["status"]),
        ("status", _REDIRECT, status),
        ("Location", wanted, str(location).partition("?")[0]),
    )


def _begin_custom_event(stage: Stage) -> Outcome:
    import jwt

    now = datetime.fromisoformat(stage.client.get("/devops/local/clock")["now"])
    product = stage.client.get(f"/devops/services/{stage.extension_id}")["products"][0]
    claims = {"product_id": product["id"], "environment": "development", "exp": now + timedelta(minutes=5)}
    token = jwt.encode(claims, stage.jwt_secret, algorithm="HS256")
    response = stage.client.send(
        "POST",
        f"/devops/hooks/{stage.extension_id}/product/custom-event",
        headers={"Authentication": f"Bearer {token}"},
        json={"order": 42},
    )
    return Outcome("", (response.status_code, response.json()))


def _answered(
    stage: Stage, outcome: Outcome, task: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
) -> list[str]:
    return _expect(
        ("task", "succeeded", task["status"]),
        ("answer", (200, {"response": "OK", "received": ["order"]}), outcome.answer),
    )


def _begin_schedule(stage: Stage) -> Outcome:
    now = datetime.fromisoformat(stage.client.get("/devops/local/clock")["now"])
    schedule = stage.client.post(
        f"{stage.path}/schedules",
        {
            "name": "Once, in an hour",
            "method": "execute_scheduled_processing",
            "parameter": {},
            "trigger": {"type": "onetime", "date": (now + timedelta(hours=1)).isoformat()},
        },
    )
    return Outcome(schedule["id"])


def _executed(
    stage: Stage, outcome: Outcome, task: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
) -> list[str]:
    return _expect(("task", "succeeded", task["status"]), ("attempts", 1, len(attempts)))


CASES = (
    Case("product action, redirected", _begin_action, _redirected, "product_action_execution"),
    Case(
        "purchase request, approved with the template of a variable that was just changed",
        _begin_with_new_variable,
        _approved_with_template,
    ),
    Case(
        "purchase request, not ready at first: rescheduled, then approved", _begin_not_ready, _rescheduled_then_approved
    ),
    Case(
        "purchase request whose handler raises: ten retries, then failed",
        _request("asset_purchase_request_processing", readiness="exploded"),
        _failed_after_all_retries,
    ),
    Case(
        "change request, approved",
        _request("asset_change_request_processing"),
        _approved("requests"),
        "asset_change_request_processing",
    ),
    Case(
        "tier configuration request, approved",
        _request("tier_config_setup_request_processing"),
        _approved("tier/config-requests"),
        "tier_config_setup_request_processing",
    ),
    Case(
        "draft request with a wrong e-mail address, validated",
        _begin_validation,
        _validated,
        "asset_purchase_request_validation",
    ),
    Case(
        "custom event of an external system, signed", _begin_custom_event, _answered, "product_custom_event_processing"
    ),
    Case("one-time schedule", _begin_schedule, _executed, "scheduled_execution"),
)
