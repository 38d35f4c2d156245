{% from "answers.jinja" import def, imports, package, tfn_class, wait, with_tfn with context %}
{% from "events/catalogue.jinja" import examples, variables_decorator with context %}
{% if with_tfn %}
"""The transformations of this extension.

A transformation is a method that gets one row of a spreadsheet, a dict of column names and values, and answers with the
row to write: only the columns that it makes. Connect lists it under its name; ``edit_dialog_ui`` is the page on which
people choose its settings.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from connect.client import ClientError
from connect_eaas import (
    RowTransformationResponse,
    TransformationsApplicationBase,
    manual_transformation,
    transformation,
{% if examples %}
    variables,
{% endif %}
)
from pydantic import ValidationError

{{ imports(package ~ '.schemas', ['CopySettings', 'LookupSettings', 'chosen', 'wrong_settings']) | trim }}

Row = dict[str, Any]


{{ variables_decorator(examples) -}}
class {{ tfn_class }}(TransformationsApplicationBase):
    """The transformations.

    An instance serves all rows of a request, several of them at a time.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._subscriptions: dict[str, Row] = {}

    @transformation(
        name="Copy columns",
        description="Copies columns under other names and, if you like, how their cells look.",
        edit_dialog_ui="/static/transformations/copy_columns.html",
    )
    {{ def }} copy_columns(self, row: Row, row_styles: dict[str, Any]) -> RowTransformationResponse:
        """Copy the chosen columns of one row. Styles are read at all because the method asks for ``row_styles``."""
        try:
            settings = self._copying
        except ValidationError as error:
            return RowTransformationResponse.fail(wrong_settings(error))
        copies = settings.copies
        missing = [copy.source for copy in copies if copy.source not in row]
        if missing:
            return RowTransformationResponse.fail(f"The file has no column {', '.join(missing)}.")
        styles = {}
        if settings.keep_styles:
            styles = {copy.target: row_styles[copy.source] for copy in copies if copy.source in row_styles}
        return RowTransformationResponse.done({copy.target: row[copy.source] for copy in copies}, styles)

    @transformation(
        name="Look subscriptions up",
        description="Writes what Connect knows of a subscription into a new column.",
        edit_dialog_ui="/static/transformations/lookup_subscription.html",
    )
    {{ def }} lookup_subscription(self, row: Row) -> RowTransformationResponse:
        """Look the subscription of one row up. A row without an id gets an empty cell."""
        try:
            settings = self._looking_up
        except ValidationError as error:
            return RowTransformationResponse.fail(wrong_settings(error))
        subscription_id = str(row.get(settings.column) or "")
        subscription = {{ wait }}self._subscription(subscription_id) if subscription_id else {}
        if subscription_id and not subscription and settings.must_exist:
            return RowTransformationResponse.fail(f"There is no subscription {subscription_id}.")
        return RowTransformationResponse.done({settings.output: value_at(subscription, settings.field)})

    @manual_transformation()
    @transformation(
        name="Do by hand",
        description="People do it: they download the file, fill a column in, and upload the file again.",
        edit_dialog_ui="/static/transformations/manual.html",
    )
    {{ def }} by_hand(self, row: Row) -> RowTransformationResponse:
        """Leave the row alone: Connect asks people, so nothing is ever sent here."""
        return RowTransformationResponse.skip()

    @cached_property
    def _copying(self) -> CopySettings:
        """What was chosen for "Copy columns", read once and not for each row; wrong settings raise ValidationError."""
        return CopySettings.model_validate(chosen(self.transformation_request))

    @cached_property
    def _looking_up(self) -> LookupSettings:
        """What was chosen for "Look subscriptions up"; wrong settings raise ValidationError."""
        return LookupSettings.model_validate(chosen(self.transformation_request))

    {{ def }} _subscription(self, subscription_id: str) -> Row:
        """Return a subscription, empty if there is none; it is kept, for many rows may be of the same one."""
        if subscription_id not in self._subscriptions:
            # The client of the account that owns the file; in tests and for own files that of the extension.
            client = self.installation_client or self.client
            try:
                found = {{ wait }}client("subscriptions").assets[subscription_id].get()
            except ClientError as error:
                if error.status_code != 404:
                    raise
                found = {}
            self._subscriptions[subscription_id] = found
        return self._subscriptions[subscription_id]


def value_at(content: Any, path: str) -> Any:
    """Return the value at a path such as ``tiers.customer.name``; None where the path ends before."""
    for name in path.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return content
{% endif %}
