"""Handlers by their fixed names, imported and answered as the first documentation of extensions tells."""

from connect.eaas.extension import (
    CustomEventResponse,
    Extension,
    ProcessingResponse,
    ProductActionResponse,
    ScheduledExecutionResponse,
    ValidationResponse,
)


class OldStyleExtension(Extension):
    def process_asset_purchase_request(self, request):
        self.logger.info("Purchase %s", request["id"])
        product = request["asset"]["product"]["id"]
        template = self.client.products[product].templates.filter(scope="asset", type="fulfillment").first()
        self.client.requests[request["id"]]("approve").post({"template_id": template["id"]})
        return ProcessingResponse.done()

    def process_tier_config_setup_request(self, request):
        return ProcessingResponse.reschedule(60) if not self.attempted(request) else ProcessingResponse.done()

    def attempted(self, request):
        """Whether this was tried before; the mark is kept with the object."""
        known = any(item.get("value") == "tried" for item in request.get("params", []))
        if not known:
            parameter = next(item for item in request["params"] if item.get("phase") == "fulfillment")
            self.client("tier").config_requests[request["id"]].update(
                {"params": [{"id": parameter["id"], "value": "tried"}]}
            )
        return known

    def validate_asset_purchase_request(self, request):
        for parameter in request["asset"]["params"]:
            if parameter["id"] == "admin_email":
                parameter["value_error"] = "Old style, old rules."
        return ValidationResponse.done(request)

    def execute_product_action(self, request):
        assert request["jwt_payload"]
        return ProductActionResponse.done(http_status=302, headers={"Location": "https://example.org/old"})

    def process_product_custom_event(self, request):
        return CustomEventResponse.done(
            headers={"X-Old": "yes"}, body={"greeting": self.config["GREETING"], "received": request["body"]}
        )

    def execute_scheduled_processing(self, schedule):
        return ScheduledExecutionResponse.done()
