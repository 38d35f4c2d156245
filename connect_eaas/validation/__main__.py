"""Validates one project in this process: ``python -m connect_eaas.validation ORDER``.

``ORDER`` is a JSON file with ``project`` (directory), ``report`` (where to write the report) and ``definitions`` (a
list of event definitions, or null). The report goes to a file: standard output belongs to the project's own code.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from connect_eaas.inflection import import_client
from connect_eaas.validation import read_definitions, validate_project


def main(order: str) -> None:
    """Carry out one order."""
    asked = json.loads(Path(order).read_text(encoding="utf-8"))
    root = Path(asked["project"])
    os.chdir(root)
    given = asked["definitions"]
    # Nearly every project imports it; here that is cheap.
    import_client()
    report = validate_project(root, definitions=read_definitions(given) if given is not None else None)
    target = Path(asked["report"])
    written = target.with_suffix(".part")
    written.write_text(json.dumps(report.as_dict()), encoding="utf-8")
    written.replace(target)


if __name__ == "__main__":
    main(sys.argv[1])
    # Threads that the project's modules started do not keep us.
    sys.stdout.flush()
    os._exit(0)
