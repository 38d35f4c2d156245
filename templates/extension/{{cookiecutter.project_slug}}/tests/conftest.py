{% from "answers.jinja" import aio, events_class, imports, installed, package, with_events with context %}
{% from "events/catalogue.jinja" import declared with context %}
{% set mocker = 'AsyncConnectClientMocker' if aio else 'ConnectClientMocker' %}
{% set client = 'async_connect_client' if aio else 'connect_client' %}
{% if with_events %}
"""What the tests share: the API that they expect to be called, and the way in which the platform calls a handler."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
{% if installed %}
from typing import Any
{% endif %}

import pytest
from connect.client.testing import {{ mocker }}
from connect_eaas.testing import TaskOutcome, run_task

{{ imports(package ~ ".extension", (["ConnectObject"] if installed else []) + [events_class]) | trim }}

{% if declared %}
VARIABLES = {
{% for variable in declared %}
    "{{ variable.name }}": "{{ {'ASSET_REQUEST_APPROVE_TEMPLATE_ID': 'TL-111-111-111', 'TIER_REQUEST_APPROVE_TEMPLATE_ID': 'TL-222-222-222'}.get(variable.name, variable.initial_value) }}",
{% endfor %}
}
{% else %}
VARIABLES: dict[str, str] = {}
{% endif %}
{% if installed %}

INSTALLATION: ConnectObject = {"id": "EIN-1", "status": "installed", "settings": {"marketplaces": ["MP-1"]}}
"""The account that the tests' tasks are for."""
{% endif %}

Run = Callable[..., TaskOutcome]
"""Runs the handler of an event type on an object, and tells what the platform would be told."""


@pytest.fixture
def api() -> Iterator[{{ mocker }}]:
    """The Connect API. A test says which calls it expects; another call fails, and so does a missing one."""
    with {{ mocker }}("https://example.org/public/v1") as mocker:
        yield mocker


@pytest.fixture
{% if installed %}
def run(api: {{ mocker }}, caplog: pytest.LogCaptureFixture, {{ client }}: Any) -> Run:
    """A function that runs the handler of an event type on an object, for ``INSTALLATION``."""
    caplog.set_level(logging.INFO)
    return partial(
        run_task,
        {{ events_class }},
        config=VARIABLES,
        installation=INSTALLATION,
        installation_client={{ client }},
    )
{% else %}
def run(api: {{ mocker }}, caplog: pytest.LogCaptureFixture) -> Run:
    """A function that runs the handler of an event type on an object."""
    caplog.set_level(logging.INFO)
    return partial(run_task, {{ events_class }}, config=VARIABLES)
{% endif %}
{% endif %}
