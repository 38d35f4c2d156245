{% from "answers.jinja" import applications, background, interactive, scheduled, events_class, package, quoted, kinds with context %}
{% from "events/catalogue.jinja" import catalogue, declared, used with context %}
{% import "events/handlers.jinja" as handlers with context %}
{% if 'events' in applications %}
"""What this extension does when something happens on Connect.

{% if background or interactive %}
A handler is a method of the application class. ``@event`` names the event it waits for and, where the object has a
status, the statuses in which the handler wants it.{{ ' ``@schedulable`` offers a method to the schedules of the portal.' if scheduled }}
{% else %}
``@schedulable`` offers a method of the application class to the schedules of the portal.
{% endif %}
"""

from __future__ import annotations

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

ConnectObject = dict[str, Any]
"""An object of the Connect API, as it came in JSON."""
{% if used.purchase %}

ACTIVATION_PARAMETER = "activation_status"
"""The fulfillment parameter into which the progress of the activation is written."""
{% endif %}


{% if declared %}
@variables(
    [
{% for variable in declared %}
        # {{ variable.about }}
        {"name": {{ quoted(variable.name) }}, "initial_value": {{ quoted(variable.initial_value) }}{{ ', "secure": True' if variable.secure }}},
{% endfor %}
    ]
)
{% endif %}
class {{ events_class }}(EventsApplicationBase):
    """The event handlers; an instance is made for each task.

    ``self.client`` is the client of the Connect API, ``self.config`` the variables, ``self.logger`` the task's log.
    """
{% for type in background + interactive %}

{{ handlers[catalogue[type].kind](type, catalogue[type]) -}}
{% endfor %}
{% if scheduled %}

{{ handlers.scheduled_execution() -}}
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
{% endif %}
