{% from "answers.jinja" import background, interactive, scheduled, events_class, installed, package, side, with_events with context %}
{% from "events/catalogue.jinja" import catalogue, declared, used, variables_decorator with context %}
{% import "events/handlers.jinja" as handlers with context %}
{% if with_events %}
"""What this extension does when something happens on Connect.

{% if background or interactive %}
A handler is a method of the application class. ``@event`` names the event it waits for and, where the object has a
status, the statuses in which the handler wants it.{{ ' ``@schedulable`` offers a method to the schedules of the portal.' if scheduled }}
{% else %}
``@schedulable`` offers a method of the application class to the schedules of the portal.
{% endif %}
{% if installed and background %}

Accounts install this extension. An event is delivered once for each of them that may see the object.
{% endif %}
"""

from __future__ import annotations

{% if used.orders %}
import json
{% endif %}
from typing import Any
{% if used.action %}
from urllib.parse import urlencode
{% endif %}

from connect_eaas import (
{% if background %}
    BackgroundResponse,
{% endif %}
    EventsApplicationBase,
{% if interactive %}
    InteractiveResponse,
{% endif %}
{% if scheduled %}
    ScheduledExecutionResponse,
{% endif %}
{% if background or interactive %}
    event,
{% endif %}
{% if scheduled %}
    schedulable,
{% endif %}
{% if declared %}
    variables,
{% endif %}
)
{% if used.orders or used.purchase or used.validation or used.notes or used.installation %}

{% endif %}
{% if used.orders %}
from {{ package }}.orders import order_of
{% endif %}
{% if used.purchase or used.validation %}
from {{ package }}.parameters import (
{% if used.purchase %}
    errors_of,
{% endif %}
{% if used.validation %}
    mark_errors,
{% endif %}
{% if used.purchase %}
    value_of,
{% endif %}
)
{% endif %}
{% if used.notes or used.installation %}
from {{ package }}.settings import Settings
{% endif %}

ConnectObject = dict[str, Any]
"""An object of the Connect API, as it came in JSON."""
{% if used.purchase %}

ACTIVATION_PARAMETER = "activation_status"
"""The fulfillment parameter into which the progress of the activation is written."""
{% endif %}


{{ variables_decorator(declared) -}}
class {{ events_class }}(EventsApplicationBase):
    """The event handlers; an instance is made for each task.

{% if installed %}
    ``self.installation`` is the installation of the account that the task is for, and ``self.installation_client``
    calls the API as that account; ``self.client`` calls it as the owner of the extension, who sees no account's
    objects. ``self.config`` holds the variables, ``self.logger`` is the task's log.
{% else %}
    ``self.client`` is the client of the Connect API, ``self.config`` the variables, ``self.logger`` the task's log.
{% endif %}
    """
{% for type in background + interactive %}

{{ handlers[catalogue[type].kind](type, catalogue[type]) -}}
{% endfor %}
{% if scheduled %}

{{ handlers['scheduled_of_installations' if installed else 'scheduled_execution']() -}}
{% endif %}
{% if used.assets %}

{{ handlers.approve_asset_request() -}}
{% endif %}
{% if used.tiers %}

{{ handlers.approve_tier_request() -}}
{% endif %}
{% if used.assets or used.tiers %}

{{ handlers.template_id() -}}
{% endif %}
{% if used.orders %}

{{ handlers.take_over() -}}
{% endif %}
{% if used.notes %}

{{ handlers.add_note() -}}
{% endif %}
{% endif %}
