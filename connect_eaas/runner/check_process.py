"""The main function of the process that validates the project while the workers load.

Rules look at all of the project and import all of its applications: what that leaves in memory ends with the process.
"""

from __future__ import annotations

import contextlib
import os
import sys
from multiprocessing.connection import Connection
from typing import Any

from connect_eaas import pydantic1
from connect_eaas.runner import console
from connect_eaas.runner.control import Checked, CheckSpec, Refused
from connect_eaas.runner.errors import RunnerError

__all__ = ["run_check"]


def run_check(spec: CheckSpec, connection: Connection[Any, Any]) -> int:
    """Validate, log or print what should be different, and tell whether the extension can run."""
    from connect_eaas.runner.project_check import check_project, show_findings

    console.configure_logging(spec.logs, worker="validation")
    os.environ.update(spec.variables)
    verdict: Checked | Refused = Checked()
    # What is wrong with this setting, the workers say.
    with contextlib.suppress(ValueError):
        pydantic1.activate_if_wanted(spec.project, os.environ)
    try:
        if spec.report:
            show_findings(spec.project, colours=spec.logs.rich and sys.stdout.isatty())
        else:
            verdict = Checked(check_project(spec.project))
    except RunnerError as error:
        verdict = Refused(str(error), error.exit_status)
    with contextlib.suppress(OSError):
        connection.send(verdict)
    return 0
