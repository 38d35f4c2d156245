"""Records for the log service."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from connect_eaas.protocol.messages import Logging, LogMeta, SetupResponse, Variable
from connect_eaas.runner.configuration import Configuration


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("eaas")
    before = list(logger.handlers)
    yield logger
    for handler in set(logger.handlers) - set(before):
        logger.removeHandler(handler)


def test_records_carry_the_identity_and_no_secrets() -> None:
    pytest.importorskip("logzio")
    from connect.eaas.core.logging import ExtensionLogHandler

    handler = ExtensionLogHandler("k", default_extra_fields={"service_id": "SRVC-1", "task_id": "-"})
    record = logging.makeLogRecord({"msg": "hi", "task_id": "TQ-1", "api_key": "s3cret"})
    fields = handler.extra_fields(record)
    assert (fields["service_id"], fields["task_id"]) == ("SRVC-1", "TQ-1")
    assert "s3cret" not in str(fields)
    with pytest.raises(TypeError, match="default_extra_fields"):
        ExtensionLogHandler("k")
    handler.close()


def test_the_platforms_key_attaches_one_handler(logger: logging.Logger) -> None:
    pytest.importorskip("logzio")
    configuration = Configuration("ENV-0000-0000-01", origin={"instance_id": "I"})

    def told(**meta: Any) -> list[dict[str, Any]]:
        answer = SetupResponse(logging=Logging(logging_api_key="k", meta=LogMeta(**meta)))
        configuration.apply(answer)
        return [item.default_extra_fields for item in logger.handlers if hasattr(item, "default_extra_fields")]

    first = told(service_id="SRVC-1", account_id="VA-1")
    assert told(service_id="SRVC-1", account_id="VA-1") == first
    assert first == [
        {
            "instance_id": "I",
            "service_id": "SRVC-1",
            "environment_id": "ENV-0000-0000-01",
            "environment_type": None,
            "account_id": "VA-1",
            "account_name": None,
            "repository_tag": None,
        }
    ]
    configuration.apply(SetupResponse(variables=[Variable(name="A", value="pass-word-1", secure=True)]))
    record = logging.makeLogRecord({"msg": "it is pass-word-1", "name": "eaas.eventsapp"})
    sent = [item.format_message(record) for item in logger.handlers if hasattr(item, "default_extra_fields")]
    assert "pass-word-1" not in str(sent)
    assert sent[0]["message"].startswith("it is ")
    configuration.apply(SetupResponse(variables=[]))
    second = told(service_id="SRVC-1", account_id="VA-2")
    assert [fields["account_id"] for fields in second] == ["VA-2"]


def test_without_the_extra_it_is_said_and_the_runner_goes_on() -> None:
    code = (
        "import sys, logging\nsys.modules['logzio'] = None\nlogging.basicConfig(stream=sys.stdout)\n"
        "from connect_eaas.runner.log_shipping import LogShipping\n"
        "shipping = LogShipping()\nshipping.use('k', {})\nshipping.use('k', {})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("pip install 'connect-extension-sdk[logzio]'") == 1
