"""Names that other tools look for on application classes and handlers (reference/sdk-api.md section 2)."""

from __future__ import annotations

from typing import Final

VARIABLES_INFO_ATTR_NAME: Final = "_eaas_variable_info"
EVENT_INFO_ATTR_NAME: Final = "_eaas_event_info"
SCHEDULABLE_INFO_ATTR_NAME: Final = "_eaas_schedulable_info"
ANVIL_KEY_VAR_ATTR_NAME: Final = "_eaas_anvil_key_var"
ANVIL_CALLABLE_ATTR_NAME: Final = "_eaas_anvil_callable"
UNAUTHORIZED_ENDPOINT_ATTR_NAME: Final = "_eaas_unauthorized_endpoint"
ACCOUNT_SETTINGS_PAGE_ATTR_NAME: Final = "_eaas_account_settings_page"
MODULE_PAGES_ATTR_NAME: Final = "_eaas_module_pages"
ADMIN_PAGES_ATTR_NAME: Final = "_eaas_admin_pages"
TRANSFORMATION_ATTR_NAME: Final = "_eaas_transformation_info"
DEVOPS_PAGES_ATTR_NAME: Final = "_eaas_devops_pages"
PROXIED_CONNECT_API_ATTR_NAME: Final = "_eaas_proxied_connect_api"
CUSTOMER_PAGES_ATTR_NAME: Final = "_eaas_customer_pages"
DJANGO_SECRET_KEY_VAR_ATTR_NAME: Final = "_eaas_django_secret_key_var"  # noqa: S105  # a name, no secret

PROXIED_CONNECT_API_ENDPOINTS_MAX_ALLOWED_NUMBER: Final = 100
PROXIED_CONNECT_API_ENDPOINTS_PUBLIC_PREFIX: Final = "/public/"
PROXIED_CONNECT_API_ENDPOINTS_FILES_PREFIX: Final = "/files"
PROXIED_CONNECT_API_ALLOWED_PREFIXES: Final = (
    PROXIED_CONNECT_API_ENDPOINTS_PUBLIC_PREFIX,
    PROXIED_CONNECT_API_ENDPOINTS_FILES_PREFIX,
)

EGRESS_PROXY_DEFAULT_MAX_RETRIES: Final = 3
EGRESS_PROXY_DEFAULT_PATH: Final = "proxy"
EGRESS_PROXY_X_CONNECT_TARGET_URL_HEADER: Final = "X-Connect-Target-URL"
EGRESS_PROXY_USER_AGENT_HEADER: Final = "User-Agent"
EGRESS_PROXY_TLS_CLIENT_CERT_ENV_VAR: Final = "TLS_CLIENT_CERT"
EGRESS_PROXY_TLS_CLIENT_KEY_ENV_VAR: Final = "TLS_CLIENT_KEY"
EGRESS_PROXY_TLS_CA_CERT_ENV_VAR: Final = "TLS_CA_CERT"
