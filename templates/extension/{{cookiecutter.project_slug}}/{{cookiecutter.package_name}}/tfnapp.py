{% from "answers.jinja" import def, tfn_class, with_tfn with context %}
{% from "events/catalogue.jinja" import examples, variables_decorator with context %}
{% if with_tfn %}
"""The transformations of this extension: each gets the rows of a spreadsheet, one by one, and answers with new ones."""

from __future__ import annotations

from typing import Any

from connect_eaas import (
    RowTransformationResponse,
    TransformationsApplicationBase,
    transformation,
{% if examples %}
    variables,
{% endif %}
)


{{ variables_decorator(examples) -}}
class {{ tfn_class }}(TransformationsApplicationBase):
    """The transformations; one instance serves all rows of a request."""

    @transformation(
        name="Copy columns",
        description="Copies the values of columns into other columns.",
        edit_dialog_ui="/static/transformations/copy.html",
    )
    {{ def }} copy_columns(self, row: dict[str, Any]) -> RowTransformationResponse:
        """Answer with the row as it is."""
        return RowTransformationResponse.done(row)
{% endif %}
