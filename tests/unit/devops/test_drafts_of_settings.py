"""Settings that are made up for a transformation, against the models that endpoints really have."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from connect_devops.sandbox.samples.drafts import NoDraftError, drafts_for, endpoint_of

COLUMNS = [{"name": "id", "type": "string"}, {"name": "price", "type": "decimal"}, {"name": "note", "type": "string"}]


class Column(BaseModel):
    name: str


class Columns(BaseModel):
    input: list[Column]
    output: list[Column]


class Copy(BaseModel):
    source: str
    target: str


class CopySettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    copies: list[Copy] = Field(min_length=2)
    keep_styles: bool = False


class Price(BaseModel):
    model_config = ConfigDict(extra="forbid")

    price_column: str
    rate: Annotated[float, Field(gt=0, le=2)]
    digits: int = Field(ge=0, le=4)
    currency: Literal["EUR", "USD"]
    label: str | None
    started: Annotated[str, Field(json_schema_extra={"format": "date"})]
    deep: list[Copy] = Field(default_factory=list)


class Exampled(BaseModel):
    code: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["ABC"])]


def spec_of(model: Any, path: str = "/api/validate/method") -> dict[str, Any]:
    app = FastAPI()

    def check(body: Any) -> None: ...

    check.__annotations__ = {"body": model, "return": None}
    app.post(path)(check)
    return app.openapi()


def bodies(model: Any, path: str = "/api/validate/method") -> list[Any]:
    spec = spec_of(model, path)
    found = endpoint_of(spec, "method")
    assert found is not None
    assert found[0] == path
    return drafts_for(spec, found[1], COLUMNS)


def drafted(settings: type[BaseModel]) -> type[BaseModel]:
    return type("Draft", (BaseModel,), {"__annotations__": {"settings": settings, "columns": Columns}})


def test_copies_name_columns_and_new_ones() -> None:
    draft = bodies(drafted(CopySettings))[0]
    assert draft.settings == {
        "copies": [{"source": "id", "target": "new_id"}, {"source": "price", "target": "new_price"}]
    }
    assert CopySettings.model_validate(draft.settings)
    assert [column["name"] for column in draft.columns["input"]] == ["id", "price"]
    assert [(column["name"], column["type"]) for column in draft.columns["output"]] == [
        ("new_id", "string"),
        ("new_price", "decimal"),
    ]


def test_numbers_choices_formats_and_columns_by_their_names() -> None:
    draft = bodies(drafted(Price))[0]
    assert draft.settings == {
        "price_column": "price",
        "rate": 1,
        "digits": 1,
        "currency": "EUR",
        "label": "sample",
        "started": "2026-01-31",
    }
    assert Price.model_validate(draft.settings)
    assert draft.columns == {"input": [COLUMNS[1]], "output": [COLUMNS[1]]}


def test_the_second_try_takes_every_text_for_a_column() -> None:
    settings = [draft.settings for draft in bodies(drafted(Price))]
    assert [one["label"] for one in settings] == ["sample", "id"]


def test_settings_may_be_the_body_itself_and_examples_win() -> None:
    (draft,) = bodies(Exampled)
    assert draft.body == draft.settings == {"code": "ABC"}


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        (dict[str, Any], "not described"),
        (type("Loose", (BaseModel,), {"__annotations__": {"settings": dict[str, Any]}}), "not described"),
        (type("Any", (BaseModel,), {"__annotations__": {"thing": Any}}), "nothing says what 'thing' is"),
        (type("Strict", (BaseModel,), {"__annotations__": {"code": Annotated[str, Field(pattern="^x$")]}}), "match"),
    ],
)
def test_what_says_too_little_is_left_alone(model: Any, problem: str) -> None:
    with pytest.raises(NoDraftError, match=problem):
        bodies(model)


def test_descriptions_that_lead_in_a_circle_or_nowhere_are_left_alone() -> None:
    circle = {"properties": {"next": {"$ref": "#/components/schemas/A"}}, "required": ["next"], "type": "object"}
    spec = {"components": {"schemas": {"A": circle, "B": {"$ref": "#/components/schemas/B"}}}}
    for name in ("A", "B", "C"):
        with pytest.raises(NoDraftError):
            drafts_for(spec, {"$ref": f"#/components/schemas/{name}"}, COLUMNS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(["object", "#/a", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "required", "items", "minItems", "$ref", "anyOf", "enum", "minimum", "format"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON)
def test_no_document_breaks_it(settings: Any, anything: Any) -> None:
    spec = {"a": anything}
    for schema in (settings, {"properties": {"settings": settings}}, {"properties": {"settings": anything}}):
        try:
            drafts = drafts_for(spec, schema, COLUMNS)
        except NoDraftError:
            continue
        assert drafts


def test_the_endpoint_is_found_by_the_name_of_the_method() -> None:
    assert endpoint_of(spec_of(Exampled, "/api/convert/overview"), "method") is None
    assert endpoint_of({}, "method") is None
    spec = spec_of(Exampled, "/api/other/method")
    assert endpoint_of(spec, "method") is not None
    spec["paths"].update(spec_of(Exampled)["paths"])
    found = endpoint_of(spec, "method")
    assert found is not None
    assert found[0] == "/api/validate/method"
