"""Import path of existing extensions: the fixtures of ``connect_eaas.testing.plugin``."""

from connect_eaas.testing.plugin import (
    application_factory,
    async_connect_client,
    connect_client,
    extension_factory,
    logger,
    task_runner,
    test_client_factory,
)

__all__ = [
    "application_factory",
    "async_connect_client",
    "connect_client",
    "extension_factory",
    "logger",
    "task_runner",
    "test_client_factory",
]
