{% from "answers.jinja" import aio, background, imports, installed, interactive, scheduled, package with context %}
{% from "events/catalogue.jinja" import catalogue, used with context %}
{% import "events/tests.jinja" as tests with context %}
{% set by_kind = namespace(order=[]) %}
{% for type in background + interactive if catalogue[type].kind not in by_kind.order %}
{% set by_kind.order = by_kind.order + [catalogue[type].kind] %}
{% endfor %}
{% set kinds = by_kind.order %}
{% set counted = scheduled and installed %}
{# What the tests of the chosen kinds need. #}
{% set calls = scheduled or kinds | select('in', ['purchase', 'approval', 'tier_approval', 'tier_account', 'usage_file', 'hub_listing', 'hub_usage_file', 'hub_usage_chunk', 'order_note', 'tier_note', 'installation']) | list %}
{% set refusals = counted or kinds | select('in', ['approval', 'tier_approval', 'hub_listing']) | list %}
{% set parametrized = scheduled or kinds | reject('in', ['tier_account', 'usage_file', 'account_news', 'hub_usage_chunk']) | list %}
{% set logged = scheduled or kinds | select('in', ['listing', 'usage_file', 'usage_chunk', 'account_news']) | list %}
{% set objects = used.validation or used.action or used.custom or kinds | select('in', ['hub_usage_file', 'installation', 'usage_file_news', 'product', 'translation', 'helpdesk_case']) | list %}
{% set asset_id = kinds | select('in', ['purchase', 'approval', 'asset_validation', 'order', 'order_note']) | list %}
{% set tier_id = kinds | select('in', ['tier_approval', 'tier_validation', 'tier_order', 'tier_note']) | list %}
{% if kinds or scheduled %}
"""What each handler does with good and with bad input."""

from __future__ import annotations
{% if used.orders %}

import json
{% endif %}
{% if refusals or calls or parametrized or logged %}

{% endif %}
{% if parametrized or logged %}
import pytest
{% endif %}
{% if refusals %}
from connect.client import ClientError
{% endif %}
{% if calls %}
from connect.client.testing import {{ 'AsyncConnectClientMocker' if aio else 'ConnectClientMocker' }} as Api
{% endif %}

{% set own = imports(package ~ ".extension", (["ACTIVATION_PARAMETER"] if used.purchase else []) + ["ConnectObject"]) if used.purchase or objects else '' %}
{% set shared = imports("tests.conftest", (["VARIABLES"] if used.assets or used.tiers else []) + ["Run"]) %}
{{ (own ~ shared if package | lower < 'tests' else shared ~ own) | trim }}
{% if asset_id or tier_id %}

{% endif %}
{% if asset_id %}
REQUEST = "PR-0000-0000-0000-001"
{% endif %}
{% if tier_id %}
TIER_REQUEST = "TCR-000-000-000-001"
{% endif %}
{% if used.assets or used.tiers %}
PRODUCT = "PRD-000-000-000"
{% endif %}
{% if used.assets %}
ASSET_REQUEST = {"id": REQUEST, "status": "pending", "asset": {"product": {"id": PRODUCT}}}
{% endif %}
{% if used.tiers %}
TIER_CONFIGURATION_REQUEST = {
    "id": TIER_REQUEST,
    "status": "pending",
    "configuration": {"tier_level": 1, "product": {"id": PRODUCT}},
}
{% endif %}
{% if kinds | select('in', ['approval', 'tier_approval']) | list %}
REFUSAL = {"error_code": "VAL_001", "errors": ["template_id: No such template."]}
{% endif %}
{% if used.validation %}
{{ tests.parameters() -}}
{% endif %}
{% for kind in kinds %}
{% set types = namespace(items=[]) %}
{% for type in background + interactive if catalogue[type].kind == kind %}
{% set types.items = types.items + [type] %}
{% endfor %}
{{ tests[kind](types.items) -}}
{% endfor %}
{% for type in background if catalogue[type].kind in ['purchase', 'approval'] %}
{{ tests.default_template(type, false) if loop.first -}}
{% endfor %}
{% for type in background if catalogue[type].kind == 'tier_approval' %}
{{ tests.default_template(type, true) if loop.first -}}
{% endfor %}
{% if scheduled %}
{{ tests['scheduled_of_installations' if installed else 'scheduled_execution']() -}}
{% endif %}
{% endif %}
