{% from "answers.jinja" import aio, background, interactive, scheduled, package with context %}
{% from "events/catalogue.jinja" import catalogue, used with context %}
{% import "events/tests.jinja" as tests with context %}
{% set by_kind = namespace(order=[]) %}
{% for type in background + interactive if catalogue[type].kind not in by_kind.order %}
{% set by_kind.order = by_kind.order + [catalogue[type].kind] %}
{% endfor %}
{% set kinds = by_kind.order %}
{% set calls = scheduled or used.assets or used.tiers or 'tier_account' in kinds or 'usage_file' in kinds %}
{% set refusals = 'approval' in kinds or used.tiers %}
{% set parametrized = kinds | reject('in', ['tier_account', 'usage_file']) | list %}
{% set logged = scheduled or kinds | select('in', ['listing', 'usage_file', 'usage_chunk']) | list %}
{% if kinds or scheduled %}
"""What each handler does with good and with bad input."""

from __future__ import annotations
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

{% if used.purchase %}
from {{ package }}.extension import ACTIVATION_PARAMETER, ConnectObject
{% elif used.validation or used.action or used.custom %}
from {{ package }}.extension import ConnectObject
{% endif %}
{% if used.assets or used.tiers %}
from tests.conftest import VARIABLES, Run
{% else %}
from tests.conftest import Run
{% endif %}
{% if used.assets or 'asset_validation' in kinds %}

REQUEST = "PR-0000-0000-0000-001"
{% endif %}
{% if used.tiers or 'tier_validation' in kinds %}
{{ '' if used.assets or 'asset_validation' in kinds else '\n' }}TIER_REQUEST = "TCR-000-000-000-001"
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
{% if refusals %}
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
{{ tests.scheduled_execution() -}}
{% endif %}
{% endif %}
