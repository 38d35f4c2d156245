{% from "answers.jinja" import package, tfn_class, with_tfn with context %}
{% if with_tfn %}
"""The transformations with good and bad rows."""

from __future__ import annotations

from connect_eaas.testing import transform_rows

from {{ package }}.tfnapp import {{ tfn_class }}


def test_rows_are_copied() -> None:
    (row,) = transform_rows({{ tfn_class }}, "copy_columns", [{"id": 1}])
    assert (row.status, row.values) == ("success", {"id": 1})
{% endif %}
