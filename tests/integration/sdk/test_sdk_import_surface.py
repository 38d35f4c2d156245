"""The names that extensions import exist, with their signatures; and importing them stays cheap."""

import importlib
import importlib.util
import inspect
import subprocess
import sys
import time

import pytest

SURFACE = {
    "connect.eaas.extension": "Extension CustomEventResponse ProcessingResponse ProductActionResponse "
    "ScheduledExecutionResponse ValidationResponse",
    "connect.eaas.dataclasses": "ResultType",
    "connect.eaas.core.extension": "ApplicationBase InstallationAdminClientMixin EventsApplicationBase Extension "
    "WebApplicationBase AnvilApplicationBase TransformationsApplicationBase router",
    "connect.eaas.core.decorators": "event schedulable variables anvil_key_variable anvil_callable unauthorized guest "
    "account_settings_page module_pages admin_pages devops_pages customer_pages proxied_connect_api "
    "django_secret_key_variable transformation manual_transformation router web_app",
    "connect.eaas.core.responses": "BackgroundResponse ProcessingResponse InteractiveResponse ProductActionResponse "
    "CustomEventResponse ValidationResponse ScheduledExecutionResponse TransformationResponse "
    "RowTransformationResponse",
    "connect.eaas.core.enums": "ResultType TaskCategory EventType",
    "connect.eaas.core.models": "Context EgressProxy EgressProxyCertificates",
    "connect.eaas.core.utils": "obfuscate_header get_correlation_id client_error_exception_handler",
    "connect.eaas.core.inject.common": "get_call_context get_config get_logger",
    "connect.eaas.core.inject.models": "Context",
    "connect.eaas.core.inject.synchronous": "get_installation_client get_extension_client get_installation "
    "get_installation_admin_client",
    "connect.eaas.core.inject.asynchronous": "get_installation_client get_extension_client get_installation "
    "get_installation_admin_client AsyncConnectClient",
    "connect.eaas.core.testing": "WebAppTestClient",
    "connect.eaas.core.testing.testclient": "WebAppTestClient",
    "connect.eaas.core.logging": "RequestLogger",
    "connect.eaas.core.egress_proxy": "EgressProxyClient",
    "connect.eaas.core.testing.fixtures": "connect_client async_connect_client logger test_client_factory",
    "connect.eaas.core.constants": "VARIABLES_INFO_ATTR_NAME EVENT_INFO_ATTR_NAME SCHEDULABLE_INFO_ATTR_NAME "
    "ANVIL_KEY_VAR_ATTR_NAME ANVIL_CALLABLE_ATTR_NAME UNAUTHORIZED_ENDPOINT_ATTR_NAME ACCOUNT_SETTINGS_PAGE_ATTR_NAME "
    "MODULE_PAGES_ATTR_NAME ADMIN_PAGES_ATTR_NAME TRANSFORMATION_ATTR_NAME DEVOPS_PAGES_ATTR_NAME "
    "PROXIED_CONNECT_API_ATTR_NAME CUSTOMER_PAGES_ATTR_NAME DJANGO_SECRET_KEY_VAR_ATTR_NAME "
    "PROXIED_CONNECT_API_ENDPOINTS_MAX_ALLOWED_NUMBER PROXIED_CONNECT_API_ENDPOINTS_PUBLIC_PREFIX "
    "PROXIED_CONNECT_API_ENDPOINTS_FILES_PREFIX PROXIED_CONNECT_API_ALLOWED_PREFIXES "
    "EGRESS_PROXY_DEFAULT_MAX_RETRIES EGRESS_PROXY_DEFAULT_PATH EGRESS_PROXY_X_CONNECT_TARGET_URL_HEADER "
    "EGRESS_PROXY_USER_AGENT_HEADER EGRESS_PROXY_TLS_CLIENT_CERT_ENV_VAR EGRESS_PROXY_TLS_CLIENT_KEY_ENV_VAR "
    "EGRESS_PROXY_TLS_CA_CERT_ENV_VAR",
}

SIGNATURES = {
    "event": "event_type, statuses=None",
    "schedulable": "name, description",
    "variables": "variables",
    "anvil_key_variable": "name",
    "anvil_callable": "summary=None, description=None",
    "unauthorized": "",
    "guest": "",
    "account_settings_page": "label, url, icon=None",
    "module_pages": "label, url, icon=None, children=None",
    "admin_pages": "pages",
    "devops_pages": "pages",
    "customer_pages": "pages",
    "proxied_connect_api": "endpoints",
    "django_secret_key_variable": "name",
    "transformation": "name, description, edit_dialog_ui",
    "manual_transformation": "",
}


@pytest.mark.parametrize("module", SURFACE)
def test_every_name_is_there_and_is_ours(module: str) -> None:
    loaded = importlib.import_module(module)
    for name in SURFACE[module].split():
        thing = getattr(loaded, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__module__.startswith("connect_eaas."), name
    with pytest.raises(AttributeError):
        loaded.no_such_name  # noqa: B018


@pytest.mark.parametrize("name", SIGNATURES)
def test_decorators_keep_their_signatures(name: str) -> None:
    function = getattr(importlib.import_module("connect.eaas.core.decorators"), name)
    parameters = inspect.signature(function).parameters.values()
    shown = ", ".join(p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in parameters)
    assert shown == SIGNATURES[name]


def test_guest_warns() -> None:
    from connect_eaas import guest

    with pytest.warns(DeprecationWarning, match="unauthorized"):
        guest()


def test_everything_public_is_there() -> None:
    import connect_eaas

    for name in connect_eaas.__all__:
        assert getattr(connect_eaas, name) is not None


@pytest.mark.parametrize("package", ["connect", "connect.eaas"])
def test_connect_stays_open_for_other_distributions(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is None


def modules_after(statement: str) -> set[str]:
    """Run a statement in a new interpreter and return the names of the modules that are loaded then."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


HEAVY = {"connect.client", "fastapi", "starlette", "asyncio", "httpx", "requests", "inflect", "websockets", "pydantic"}


@pytest.mark.parametrize(
    "statement",
    [
        "import connect_eaas",
        "from connect.eaas.extension import Extension",
        "from connect.eaas.core.decorators import event",
        "import connect_eaas.declarations",
    ],
)
def test_importing_the_sdk_loads_nothing_heavy(statement: str) -> None:
    assert modules_after(statement) & HEAVY == set()


def test_the_sdk_loads_no_more_than_these_modules_of_its_own() -> None:
    ours = {name for name in modules_after("import connect_eaas") if name.startswith("connect")}
    parts = "applications config constants decorators descriptor enums errors events markers models responses"
    assert ours == {"connect_eaas", *(f"connect_eaas.{part}" for part in parts.split())}


def test_the_pytest_plugin_loads_nothing_more_at_the_start() -> None:
    added = modules_after("import pytest, connect_eaas.testing.plugin") - modules_after("import pytest, connect_eaas")
    assert added == {"connect_eaas.testing", "connect_eaas.testing.plugin"}


def test_the_client_is_imported_without_its_language_library() -> None:
    loaded = modules_after("import connect_eaas.client")
    assert "connect.client" in loaded
    assert "inflect" not in loaded


def test_import_costs_at_most_twice_as_much_as_pydantic() -> None:
    def cost(module: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        return time.perf_counter() - started

    # The best of three of each: what else runs on the machine only ever adds.
    assert min(cost("connect_eaas") for _ in range(3)) <= 2 * min(cost("pydantic.main") for _ in range(3))


@pytest.mark.parametrize(
    "statement",
    ["from connect_eaas import router", "from connect.eaas.core.decorators import web_app", "Web.get_routers()"],
)
def test_a_missing_extra_is_named(statement: str) -> None:
    code = (
        "import sys\nsys.modules['fastapi'] = None\n"
        "from connect_eaas import WebApplicationBase, MissingExtraError\n"
        "class Web(WebApplicationBase): ...\n"
        f"try:\n    {statement}\nexcept MissingExtraError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'connect-extension-sdk[web]'" in done.stdout
