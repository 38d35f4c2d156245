"""Every name that existing extensions and tools import is there, takes what they pass, and comes from ours.

The list is our own writing of the public interface; where a signature stands, names, order and defaults are compared.
"""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
import warnings
from typing import Any, Final

import pytest

_EVENTS: Final = "client, logger, config, installation_client=None, installation=None, context=None"
_PAGES: Final = "pages"

NAMES: Final[dict[str, dict[str, str | None]]] = {
    "connect.eaas.extension": dict.fromkeys(
        (
            "CustomEventResponse",
            "ProcessingResponse",
            "ProductActionResponse",
            "ScheduledExecutionResponse",
            "ValidationResponse",
        )
    )
    | {"Extension": _EVENTS},
    "connect.eaas.dataclasses": {"ResultType": None},
    "connect.eaas.core.extension": {
        "ApplicationBase": None,
        "ApplicationBase.get_descriptor": "",
        "ApplicationBase.get_variables": "",
        "ApplicationBase.get_django_secret_key_variable": "",
        "InstallationAdminClientMixin.get_installation_admin_client": "self, installation_id",
        "InstallationAdminClientMixin.get_installation_admin_async_client": "self, installation_id",
        "EventsApplicationBase": _EVENTS,
        "EventsApplicationBase.get_events": "",
        "EventsApplicationBase.get_schedulables": "",
        "Extension": _EVENTS,
        "WebApplicationBase": None,
        "WebApplicationBase.get_static_root": "",
        "WebApplicationBase.get_routers": "",
        "WebApplicationBase.get_ui_modules": "",
        "WebApplicationBase.get_proxied_connect_api": "",
        "AnvilApplicationBase": "client, logger, config, installation_client=None, installation=None",
        "AnvilApplicationBase.get_anvil_key_variable": "",
        "AnvilApplicationBase.get_anvil_callables": "",
        "AnvilApplicationBase.setup_anvil_callables": "self",
        "TransformationsApplicationBase": f"{_EVENTS}, transformation_request=None",
        "TransformationsApplicationBase.get_transformations": "",
        "router": None,
    },
    "connect.eaas.core.decorators": {
        "event": "event_type, statuses=None",
        "schedulable": "name, description",
        "variables": "variables",
        "anvil_key_variable": "name",
        "anvil_callable": "summary=None, description=None",
        "unauthorized": "",
        "guest": "",
        "account_settings_page": "label, url, icon=None",
        "module_pages": "label, url, icon=None, children=None",
        "admin_pages": _PAGES,
        "devops_pages": _PAGES,
        "customer_pages": _PAGES,
        "proxied_connect_api": "endpoints",
        "django_secret_key_variable": "name",
        "transformation": "name, description, edit_dialog_ui",
        "manual_transformation": "",
        "router": None,
        "web_app": "router",
    },
    "connect.eaas.core.responses": {
        **{
            f"{name}.{method}": signature
            for name in ("BackgroundResponse", "ProcessingResponse")
            for method, signature in {
                "fail": "output=None",
                "skip": "output=None",
                "reschedule": "countdown=30",
                "slow_process_reschedule": "countdown=300",
            }.items()
        },
        **{
            f"{name}.{method}": signature
            for name in ("InteractiveResponse", "ProductActionResponse", "CustomEventResponse")
            for method, signature in {
                "done": "http_status=200, headers=None, body=None",
                "fail": "http_status=400, headers=None, body=None, output=None",
            }.items()
        },
        "BackgroundResponse.done": None,
        "ValidationResponse.done": "data",
        "ValidationResponse.fail": "data=None, output=None",
        "ScheduledExecutionResponse.done": "",
        "ScheduledExecutionResponse.fail": "output=None",
        "TransformationResponse.done": "",
        "TransformationResponse.fail": "output",
        "TransformationResponse.skip": "output",
        "RowTransformationResponse.done": "transformed_row, transformed_row_styles=None",
        "RowTransformationResponse.skip": "",
        "RowTransformationResponse.delete": "",
        "RowTransformationResponse.fail": "output",
    },
    "connect.eaas.core.inject.common": dict.fromkeys(("get_call_context", "get_config", "get_logger")),
    "connect.eaas.core.inject.models": {"Context": None},
    "connect.eaas.core.inject.synchronous": dict.fromkeys(
        ("get_installation_client", "get_extension_client", "get_installation", "get_installation_admin_client")
    ),
    "connect.eaas.core.inject.asynchronous": dict.fromkeys(
        (
            "get_installation_client",
            "get_extension_client",
            "get_installation",
            "get_installation_admin_client",
            "AsyncConnectClient",
        )
    ),
    "connect.eaas.core.models": {
        "Context": "extension_id, environment_id, environment_type",
        "EgressProxy": None,
        "EgressProxyCertificates": "client_cert, client_key, ca_cert",
    },
    "connect.eaas.core.utils": {
        "obfuscate_header": "key, value",
        "client_error_exception_handler": "request, exc",
        "get_correlation_id": "value",
    },
    "connect.eaas.core.logging": {
        "ExtensionLogHandler": None,
        "RequestLogger": "logger, level=10",
        "RequestLogger.log_request": "self, method, url, kwargs",
        "RequestLogger.log_response": "self, response",
        "RequestLogger.obfuscate": "self, key, value",
    },
    "connect.eaas.core.testing": {"WebAppTestClient": "webapp, base_url='https://example.org/public/v1'"},
    "connect.eaas.core.testing.testclient": {"WebAppTestClient": None},
    "connect.eaas.core.testing.fixtures": {"test_client_factory": None},
    "connect.eaas.core.egress_proxy": {
        "EgressProxyClient": "proxy, certificates",
        "EgressProxyClient.PROXY_PATH": None,
        "EgressProxyClient.require_proxy": "account_id",
        "EgressProxyClient.from_env": "account_id",
        "EgressProxyClient.send_proxied_request": "self, *, target_url, target_method, **kwargs",
    },
    "connect.eaas.core.contrib.django.rql": {
        "RQLFilteredQuerySet": "filter_cls, base_queryset=None",
        "RQLLimitOffsetPaginator": "default_limit=100",
    },
    "connect.eaas.core.deployment.extension": {"deploy_extension": "repo, client, log, tag=None"},
    "connect.eaas.core.deployment.helpers": dict.fromkeys(
        ("clone_repo", "list_tags", "sort_tags", "ConnectVersionTag", "GitException", "DEFAULT_CLONE_DIR")
    ),
    "connect.eaas.core.deployment.utils": dict.fromkeys(
        (
            "extract_arguments",
            "get_git_data",
            "preprocess_variables",
            "process_variables",
            "get_category",
            "create_extension",
            "update_extension",
            "stop_environment",
            "DeploymentError",
        )
    ),
    "connect.eaas.core.validation.models": {"ValidationItem": None, "ValidationResult": None},
    "connect.eaas.core.validation.helpers": {"get_code_context": "obj, pattern"},
    "connect.eaas.core.validation.validators": {"get_validators": ""},
    "connect.eaas.core.proto": dict.fromkeys(
        (
            "MessageType",
            "Task",
            "TaskOptions",
            "TaskInput",
            "TaskOutput",
            "WebTask",
            "WebTaskOptions",
            "HttpRequest",
            "HttpResponse",
            "SetupRequest",
            "SetupResponse",
            "EventDefinition",
            "Schedulable",
            "Transformation",
            "Repository",
            "Logging",
            "LogMeta",
            "BaseModel",
        )
    )
    | {"Message.serialize": "self, protocol_version=2", "Message.deserialize": "raw"},
    "connect.eaas.runner.main": {"main": None},
    "connect.eaas.runner.exceptions": {"MaintenanceError": None},
    "connect.eaas.runner.logging": {"RequestLogger": None},
}

CONSTANTS: Final = {
    "VARIABLES_INFO_ATTR_NAME": "_eaas_variable_info",
    "EVENT_INFO_ATTR_NAME": "_eaas_event_info",
    "SCHEDULABLE_INFO_ATTR_NAME": "_eaas_schedulable_info",
    "ANVIL_KEY_VAR_ATTR_NAME": "_eaas_anvil_key_var",
    "ANVIL_CALLABLE_ATTR_NAME": "_eaas_anvil_callable",
    "UNAUTHORIZED_ENDPOINT_ATTR_NAME": "_eaas_unauthorized_endpoint",
    "ACCOUNT_SETTINGS_PAGE_ATTR_NAME": "_eaas_account_settings_page",
    "MODULE_PAGES_ATTR_NAME": "_eaas_module_pages",
    "ADMIN_PAGES_ATTR_NAME": "_eaas_admin_pages",
    "TRANSFORMATION_ATTR_NAME": "_eaas_transformation_info",
    "DEVOPS_PAGES_ATTR_NAME": "_eaas_devops_pages",
    "PROXIED_CONNECT_API_ATTR_NAME": "_eaas_proxied_connect_api",
    "CUSTOMER_PAGES_ATTR_NAME": "_eaas_customer_pages",
    "DJANGO_SECRET_KEY_VAR_ATTR_NAME": "_eaas_django_secret_key_var",
    "PROXIED_CONNECT_API_ENDPOINTS_MAX_ALLOWED_NUMBER": 100,
    "PROXIED_CONNECT_API_ENDPOINTS_PUBLIC_PREFIX": "/public/",
    "PROXIED_CONNECT_API_ENDPOINTS_FILES_PREFIX": "/files",
    "PROXIED_CONNECT_API_ALLOWED_PREFIXES": ("/public/", "/files"),
    "EGRESS_PROXY_DEFAULT_MAX_RETRIES": 3,
    "EGRESS_PROXY_DEFAULT_PATH": "proxy",
    "EGRESS_PROXY_X_CONNECT_TARGET_URL_HEADER": "X-Connect-Target-URL",
    "EGRESS_PROXY_USER_AGENT_HEADER": "User-Agent",
    "EGRESS_PROXY_TLS_CLIENT_CERT_ENV_VAR": "TLS_CLIENT_CERT",
    "EGRESS_PROXY_TLS_CLIENT_KEY_ENV_VAR": "TLS_CLIENT_KEY",
    "EGRESS_PROXY_TLS_CA_CERT_ENV_VAR": "TLS_CA_CERT",
}

EVENT_TYPES: Final = {
    *(
        f"asset_{kind}_request_processing"
        for kind in ("purchase", "change", "suspend", "resume", "cancel", "adjustment", "renew", "transfer")
    ),
    *(f"asset_{kind}_request_validation" for kind in ("purchase", "change", "renew", "transfer")),
    "product_action_execution",
    "product_custom_event_processing",
    *(f"tier_config_{kind}_request_processing" for kind in ("setup", "change", "adjustment")),
    *(f"tier_config_{kind}_request_validation" for kind in ("setup", "change")),
    "scheduled_execution",
    *(f"listing_{kind}_request_processing" for kind in ("new", "remove")),
    "tier_account_update_request_processing",
    "usage_file_request_processing",
    "part_usage_file_request_processing",
}

# Their libraries come with extras of their own.
OPTIONAL: Final = {
    "connect.eaas.core.contrib.django.rql": "dj_rql",
    "connect.eaas.core.logging:ExtensionLogHandler": "logzio",
}


def found(module: str, dotted: str) -> Any:
    for place in (module, f"{module}:{dotted}"):
        if place in OPTIONAL:
            pytest.importorskip(OPTIONAL[place])
    with warnings.catch_warnings():
        if module in OPTIONAL:
            # The grammar library below it imports an old module of the standard library.
            warnings.simplefilter("ignore", DeprecationWarning)
        thing: Any = importlib.import_module(module)
    for part in dotted.split("."):
        thing = getattr(thing, part)
    return thing


def shown(thing: Any) -> str:
    """A signature without annotations; that of a class is its constructor's."""
    parts, star = [], False
    for parameter in inspect.signature(thing).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        mark = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        parts.append(f"{mark}{parameter.name}{default}")
    return ", ".join(parts)


@pytest.mark.parametrize(
    ("module", "name", "signature"),
    [(module, name, signature) for module, names in NAMES.items() for name, signature in names.items()],
)
def test_the_name_is_there_with_its_signature(module: str, name: str, signature: str | None) -> None:
    thing = found(module, name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        borrowed = name in ("AsyncConnectClient", "BaseModel")
        assert borrowed or thing.__module__.startswith("connect_eaas."), thing.__module__
    if signature is not None:
        assert shown(thing) == signature


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_have_their_values(name: str) -> None:
    assert getattr(importlib.import_module("connect.eaas.core.constants"), name) == CONSTANTS[name]


def test_enumerations_are_plain_texts() -> None:
    enums = importlib.import_module("connect.eaas.core.enums")

    def values(cls: type) -> dict[str, Any]:
        return {name: value for name, value in vars(cls).items() if name.isupper()}

    assert values(enums.EventType) == {name.upper(): name for name in EVENT_TYPES}
    assert len(EVENT_TYPES) == 25
    results = ("success", "reschedule", "skip", "retry", "fail", "delete")
    assert values(enums.ResultType) == {name.upper(): name for name in results}
    categories = ("background", "interactive", "scheduled", "transformation")
    assert values(enums.TaskCategory) == {name.upper(): name for name in categories}


@pytest.mark.parametrize("module", [name for name in NAMES if name not in OPTIONAL])
def test_each_module_can_be_the_first_that_is_imported(module: str) -> None:
    names = sorted({name.partition(".")[0] for name in NAMES[module] if f"{module}:{name}" not in OPTIONAL})
    code = f"from {module} import {', '.join(names)}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
