"""Rules on the transformations application."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Final

from connect_eaas import constants
from connect_eaas.applications import TransformationsApplicationBase
from connect_eaas.markers import marked
from connect_eaas.validation.methods import call_problem
from connect_eaas.validation.pages import NOT_BUILT
from connect_eaas.validation.project import Project
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Rule
from connect_eaas.validation.static_files import PREFIX, static_file

__all__ = ["RULES", "check"]

WRONG_BASE: Final = Rule(
    "TFN001", ERROR, "the class is no transformations application",
    "The runner makes an instance of it for each request, in the way of TransformationsApplicationBase.",
    "Derive the class from TransformationsApplicationBase.",
)  # fmt: skip
NO_NAME: Final = Rule(
    "TFN002", ERROR, "a transformation has no name",
    "People choose transformations by their names.",
    "Give @transformation a name: a text that is not empty.",
)  # fmt: skip
NO_DESCRIPTION: Final = Rule(
    "TFN003", ERROR, "a transformation has no description",
    "People read it when they choose a transformation.",
    "Give @transformation a description: a text that is not empty.",
)  # fmt: skip
WRONG_DIALOG: Final = Rule(
    "TFN004", ERROR, "the dialog of a transformation is no path under /static/",
    "The dialog is an HTML page of the extension's static files.",
    "Give edit_dialog_ui the path of an HTML file under /static/.",
)  # fmt: skip
NO_DIALOG: Final = Rule(
    "TFN005", ERROR, "the dialog of a transformation does not exist",
    "People could not configure the transformation.",
    "Add the file to the static/ folder of the package, or correct the path.",
    blocks=False,
)  # fmt: skip
MANUAL_ONLY: Final = Rule(
    "TFN006", ERROR, "a method is only marked as manual",
    "@manual_transformation() adds to @transformation(...); alone it declares nothing.",
    "Add @transformation(name, description, edit_dialog_ui) to the method.",
)  # fmt: skip
WRONG_SIGNATURE: Final = Rule(
    "TFN007", ERROR, "a transformation cannot be called",
    "The runner calls it with a row, and with row_styles by name if it takes that.",
    "Write it as: def method(self, row), or: def method(self, row, row_styles)",
)  # fmt: skip
NO_WEB: Final = Rule(
    "TFN008", WARNING, "a transformations application without a web application",
    "The dialogs of transformations are pages that a web application serves.",
    "Declare a webapp too.",
)  # fmt: skip
NOTHING: Final = Rule(
    "TFN009", WARNING, "the application transforms nothing",
    "No method is marked, so nobody can choose a transformation.",
    "Mark a method with @transformation(...).",
)  # fmt: skip

RULES: Final = (
    WRONG_BASE, NO_NAME, NO_DESCRIPTION, WRONG_DIALOG, NO_DIALOG, MANUAL_ONLY, WRONG_SIGNATURE, NO_WEB, NOTHING,
)  # fmt: skip


def check(project: Project) -> Iterator[Finding]:
    """Check the transformations application, if the project has one."""
    application = project.of_kind("tfnapp")
    if application is None:
        return
    cls = application.cls
    if not issubclass(cls, TransformationsApplicationBase):
        yield WRONG_BASE.broken(f"{cls.__qualname__} does not derive from it", project.place_of_class(cls))
        return
    if not any(entry.kind == "webapp" for entry in project.entry_points):
        yield NO_WEB.broken("no webapp is declared", application.entry.place)
    found = list(marked(cls, constants.TRANSFORMATION_ATTR_NAME))
    if not found:
        yield NOTHING.broken(f"{cls.__qualname__} has no method with @transformation", project.place_of_class(cls))
    for name, attribute, mark in found:
        subject, place = f"{cls.__qualname__}.{name}", project.place_of_method(cls, name)
        if "name" not in mark:
            yield MANUAL_ONLY.broken(f"{subject} has no @transformation", place)
            continue
        for key, rule in (("name", NO_NAME), ("description", NO_DESCRIPTION)):
            if not isinstance(mark[key], str) or not mark[key].strip():
                yield rule.broken(f"{subject}: the {key} is {mark[key]!r}", place)
        url = mark["edit_dialog_ui"]
        if not isinstance(url, str) or not url.startswith(PREFIX):
            yield WRONG_DIALOG.broken(f"{subject}: edit_dialog_ui is {url!r}", place)
        elif static_file(cls, url) is None:
            rule = NOT_BUILT if project.builds_pages else NO_DIALOG
            yield rule.broken(f"{subject}: {url!r} leads to no file", place)
        parameters = inspect.signature(attribute).parameters if inspect.isfunction(attribute) else {}
        problem = call_problem(cls, name, also="row_styles" if "row_styles" in parameters else None)
        if problem is not None:
            yield WRONG_SIGNATURE.broken(f"{subject} {problem}", place)
