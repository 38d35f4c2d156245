"""Orders of the workspace product, from the draft to the end of the subscription.

The service that runs the workspaces works at its own pace. A purchase is handed to it at the first delivery, and the
fulfillment parameter ``activation_status`` says how far it is. Whenever the task comes back the handler goes on from
there, so it does not matter how often a request is delivered. The service reports by a custom event.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from connect_eaas import (
    BackgroundResponse,
    EventsApplicationBase,
    InteractiveResponse,
    ScheduledExecutionResponse,
    event,
    schedulable,
    variables,
)

from fulfilment_automation.orders import (
    ACTIVATION,
    ADDRESS,
    SUBSCRIPTION,
    ConnectObject,
    mistakes,
    ordered_quantity,
    parameter,
)

LOOK_AGAIN_S = 60


@variables(
    [
        {"name": "MAX_SEATS", "initial_value": "500"},
        {"name": "PORTAL_URL", "initial_value": "https://workspaces.example.com"},
    ]
)
class FulfilmentApplication(EventsApplicationBase):
    """The handlers; an instance is made for each task."""

    @event("asset_purchase_request_processing", statuses=["pending"])
    async def purchase(self, request: ConnectObject) -> BackgroundResponse:
        """Start the service, wait for it, and approve; or ask the customer, or refuse."""
        if wrong := mistakes(request):
            template = await self.template(request, "inquire")
            await self.client.requests[request["id"]].update(
                {"asset": {"params": [{"id": name, "value_error": text} for name, text in wrong.items()]}}
            )
            await self.client.requests[request["id"]]("inquire").post({"template_id": template})
            return BackgroundResponse.done()
        if refusal := self.refusal(request):
            return await self.refuse(request, refusal)
        progress = parameter(request, ACTIVATION)
        if progress == "ready":
            return await self.approve(request)
        if progress == "failed":
            return await self.refuse(request, "The workspace could not be made. You have not been charged.")
        if progress != "pending":
            await self.write(request, {ACTIVATION: "pending", SUBSCRIPTION: f"WS-{request['asset']['id']}"})
            self.logger.info("Order %s is handed to the service", request["id"])
        return BackgroundResponse.reschedule(countdown=LOOK_AGAIN_S)

    @event("asset_change_request_processing", statuses=["pending"])
    async def change(self, request: ConnectObject) -> BackgroundResponse:
        """Approve another number of seats, within the limit."""
        if refusal := self.refusal(request):
            return await self.refuse(request, refusal)
        return await self.approve(request)

    @event("asset_suspend_request_processing", statuses=["pending"])
    async def suspend(self, request: ConnectObject) -> BackgroundResponse:
        """Suspend a subscription."""
        return await self.approve(request)

    @event("asset_resume_request_processing", statuses=["pending"])
    async def resume(self, request: ConnectObject) -> BackgroundResponse:
        """Resume a subscription."""
        return await self.approve(request)

    @event("asset_cancel_request_processing", statuses=["pending"])
    async def cancel(self, request: ConnectObject) -> BackgroundResponse:
        """End a subscription."""
        return await self.approve(request)

    @event("asset_purchase_request_validation", statuses=["draft", "inquiring"])
    async def validate(self, request: ConnectObject) -> InteractiveResponse:
        """Show what is wrong while the customer fills in the order."""
        wrong = mistakes(request)
        for item in request["asset"].get("params", []):
            item["value_error"] = wrong.get(item["id"], "")
        return InteractiveResponse.done(body=request)

    @event("product_action_execution")
    async def action(self, call: ConnectObject) -> InteractiveResponse:
        """Lead the customer to the portal, by a redirect that browsers do not remember."""
        claims = call["jwt_payload"]
        query = urlencode({"action": claims["action_id"], "asset": claims.get("asset_id", "")})
        return InteractiveResponse.done(http_status=302, headers={"Location": f"{self.config['PORTAL_URL']}?{query}"})

    @event("product_custom_event_processing")
    async def service_reports(self, call: ConnectObject) -> InteractiveResponse:
        """Take the service's report: ``{"request_id": "PR-…", "status": "ready"}`` (or ``failed``)."""
        report = call.get("body")
        if not isinstance(report, dict) or report.get("status") not in ("ready", "failed"):
            return InteractiveResponse.fail(400, body={"error": "Expected request_id, and ready or failed as status."})
        request = await self.client.requests.filter(id=str(report.get("request_id"))).first()
        if request is None:
            return InteractiveResponse.fail(404, body={"error": "There is no such request."})
        address = f"{self.config['PORTAL_URL']}/{request['asset']['id']}" if report["status"] == "ready" else ""
        await self.write(request, {ACTIVATION: report["status"], ADDRESS: address})
        return InteractiveResponse.done(body={"accepted": request["id"]})

    @schedulable("Remind of open orders", "Writes a message into each order that waits for its customer.")
    async def remind(self, schedule: ConnectObject) -> ScheduledExecutionResponse:
        """Write to customers who were asked something and have not answered."""
        text = (schedule.get("parameter") or {}).get("text") or "We are waiting for your answer."
        reminded = 0
        async for request in self.client.requests.filter(status="inquiring"):
            await self.client.conversations[request["id"]].messages.create({"text": text})
            reminded += 1
        self.logger.info("Reminded of %s orders", reminded)
        return ScheduledExecutionResponse.done()

    def refusal(self, request: ConnectObject) -> str:
        """Return why the order cannot be fulfilled at all; empty when it can."""
        limit, wanted = int(self.config["MAX_SEATS"]), ordered_quantity(request)
        return f"At most {limit} seats can be ordered, not {wanted}." if wanted > limit else ""

    async def approve(self, request: ConnectObject) -> BackgroundResponse:
        """Approve a request with the product's first template for that."""
        template = await self.template(request, "fulfillment")
        await self.client.requests[request["id"]]("approve").post({"template_id": template})
        return BackgroundResponse.done()

    async def refuse(self, request: ConnectObject, reason: str) -> BackgroundResponse:
        """Fail a request. The task itself is done: the request was dealt with."""
        await self.client.requests[request["id"]]("fail").post({"reason": reason})
        return BackgroundResponse.done()

    async def write(self, request: ConnectObject, values: dict[str, Any]) -> None:
        """Write parameters of a request's asset."""
        params = [{"id": name, "value": value} for name, value in values.items()]
        await self.client.requests[request["id"]].update({"asset": {"params": params}})

    async def template(self, request: ConnectObject, kind: str) -> str:
        """Return the id of the product's first template of a kind.

        Raises:
            LookupError: there is none. The platform will deliver the request again, so there is time to add one.
        """
        product = request["asset"]["product"]["id"]
        found = await self.client.products[product].templates.filter(scope="asset", type=kind).first()
        if found is None:
            raise LookupError(f"{product} has no template for assets of the type {kind}")
        return str(found["id"])
