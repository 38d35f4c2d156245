"""Rules over an extension project; returns a report, prints nothing.

The rules are data (``RULES``), grouped by subject, one module each. ``validate_project`` imports the project into this
process; ``connect_eaas.validation.apart.validate_apart`` does so in a process of its own.
"""

from connect_eaas.validation.definitions import read_definitions
from connect_eaas.validation.engine import FILES, RULES, RUNNER, SUBJECTS, validate_files, validate_project
from connect_eaas.validation.rendering import as_github, as_json, as_text, item_as_line, item_as_text
from connect_eaas.validation.report import REPORT_SCHEMA, Frame, Item, Report
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Place, Rule

__all__ = [
    "ERROR",
    "FILES",
    "REPORT_SCHEMA",
    "RULES",
    "RUNNER",
    "SUBJECTS",
    "WARNING",
    "Finding",
    "Frame",
    "Item",
    "Place",
    "Report",
    "Rule",
    "as_github",
    "as_json",
    "as_text",
    "item_as_line",
    "item_as_text",
    "read_definitions",
    "validate_files",
    "validate_project",
]
