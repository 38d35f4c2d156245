"""RQL, the platform's query language: parsed once into typed values, applied to SQLAlchemy selects.

A list endpoint reads its raw query string with ``read_list_request``, filters its select with ``apply`` (which takes
the ``Fields`` that the list may be filtered by) and counts with ``count``. Every mistake of the client is an
``RqlError`` that names the property or the position.
"""

from __future__ import annotations

from connect_devops.rql.documents import DOCUMENT
from connect_devops.rql.errors import RqlError
from connect_devops.rql.fields import Field, Fields, column_field, document_fields
from connect_devops.rql.filtering import apply, condition, count, search_condition
from connect_devops.rql.parser import parse
from connect_devops.rql.request import DEFAULT_LIMIT, MAX_LIMIT, ListRequest, read_list_request
from connect_devops.rql.syntax import Query, SignedProperty

__all__ = [
    "DEFAULT_LIMIT",
    "DOCUMENT",
    "MAX_LIMIT",
    "Field",
    "Fields",
    "ListRequest",
    "Query",
    "RqlError",
    "SignedProperty",
    "apply",
    "column_field",
    "condition",
    "count",
    "document_fields",
    "parse",
    "read_list_request",
    "search_condition",
]
