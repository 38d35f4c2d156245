"""An events application with a handler for every way in which a handler can end."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, ClassVar

from connect_eaas.applications import EventsApplicationBase
from connect_eaas.decorators import event, schedulable
from connect_eaas.responses import (
    BackgroundResponse,
    CustomEventResponse,
    InteractiveResponse,
    ProductActionResponse,
    ScheduledExecutionResponse,
)


class Sample(EventsApplicationBase):
    """What a handler does is told by a plan that the test sets: object id → what to do."""

    calls: ClassVar[list[tuple[str, Any, dict[str, Any]]]] = []
    hooks: ClassVar[list[str]] = []
    # Lets go the handlers that wait for it.
    gate: ClassVar[threading.Event] = threading.Event()
    # How often a handler waits at the gate now.
    waiting: ClassVar[list[str]] = []

    @classmethod
    def reset(cls) -> None:
        cls.calls.clear()
        cls.hooks.clear()
        cls.waiting.clear()
        cls.gate = threading.Event()

    @classmethod
    def on_startup(cls, logger: Any, config: dict[str, Any]) -> None:
        cls.hooks.append(f"startup {config.get('COLOUR')}")

    @classmethod
    async def on_shutdown(cls, logger: Any, config: dict[str, Any]) -> None:
        cls.hooks.append("shutdown")

    @event("asset_purchase_request_processing", statuses=["pending"])
    def purchase(self, request: dict[str, Any]) -> Any:
        self.calls.append(("purchase", request, self.config))
        return self._follow(request.get("plan", "done"), request)

    @event("asset_change_request_processing", statuses=["pending", "tiers_setup"])
    async def change(self, request: dict[str, Any]) -> Any:
        self.calls.append(("change", request, self.config))
        if request.get("plan") == "hang":
            self.waiting.append(request["id"])
            await asyncio.Event().wait()
        if request.get("plan") == "read":
            read = await self.client.requests["PR-1"].get()
            return BackgroundResponse.skip(read["type"])
        return self._follow(request.get("plan", "done"), request)

    @event("asset_purchase_request_validation", statuses=["draft"])
    def validate(self, request: dict[str, Any]) -> Any:
        self.calls.append(("validate", request, self.config))
        if request.get("plan") == "raise":
            raise RuntimeError("the validation broke")
        return InteractiveResponse.done(body=request)

    @event("product_action_execution")
    def action(self, request: dict[str, Any]) -> Any:
        claims = request["jwt_payload"]
        if claims["action_id"] == "permanent":
            return ProductActionResponse.done(http_status=301, headers={"Location": "https://example.org"})
        if claims["action_id"] == "raise":
            raise RuntimeError("the action broke")
        return ProductActionResponse.done(http_status=302, headers={"Location": "https://example.org"})

    @event("product_custom_event_processing")
    async def custom(self, request: dict[str, Any]) -> Any:
        if request["method"] == "HANG":
            await asyncio.Event().wait()
        if request["method"] == "OBJECT":
            return CustomEventResponse.done(body=object())
        if request["method"] == "SURROGATE":
            return CustomEventResponse.done(body="\ud800")
        if request["method"] == "LARGE":
            return CustomEventResponse.done(body="x" * 3_000_000)
        return CustomEventResponse.done(body={"got": request["body"]})

    @schedulable("Nightly", "Runs at night")
    def nightly(self, schedule: dict[str, Any]) -> Any:
        self.calls.append(("nightly", schedule, self.config))
        if schedule["parameter"].get("fail"):
            return ScheduledExecutionResponse.fail("no night")
        return ScheduledExecutionResponse.done()

    def _follow(self, plan: str, request: dict[str, Any]) -> Any:
        if plan == "raise":
            raise RuntimeError(f"{request['id']} cannot be processed")
        if plan == "exit":
            raise SystemExit(3)
        if plan == "interrupt":
            raise KeyboardInterrupt
        if plan == "long":
            raise RuntimeError("x" * 10_000)
        if plan == "gate":
            gate = self.gate
            self.waiting.append(request["id"])
            gate.wait(30)
            return BackgroundResponse.done()
        if plan == "read":
            return BackgroundResponse.skip(self.client.requests["PR-1"].get()["type"])
        answers = {
            "done": BackgroundResponse.done,
            "fail": lambda: BackgroundResponse.fail("not possible"),
            "skip": lambda: BackgroundResponse.skip("not needed"),
            "reschedule": lambda: BackgroundResponse.reschedule(5),
            "slow": lambda: BackgroundResponse.slow_process_reschedule(10),
            "nothing": lambda: None,
            "uncalled": lambda: BackgroundResponse.done,
        }
        return answers[plan]()
