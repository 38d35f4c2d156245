from __future__ import annotations

import dataclasses
import json
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_cli_ext.wizard.answers import STEP_OF, AnswerError, Answers, Draft, masked, parse_pairs, schema
from connect_cli_ext.wizard.step import Kind, Value
from connect_cli_ext.wizard.steps import STEPS
from connect_cli_ext.wizard.surroundings import AccountKind, KnownEvents, Served, Surroundings

NOWHERE = Path("/nonexistent/folder")
EVERYTHING = Served(
    types=frozenset({"products", "hub", "multiaccount", "transformations"}),
    features=frozenset({"events", "anvil", "webapp", "tfnapp"}),
)


def around(served: Served = EVERYTHING) -> Surroundings:
    return Surroundings(NOWHERE, KnownEvents(), server_address="api.example.com", served=served)


def drafts() -> st.SearchStrategy[dict[str, Value]]:
    """Good answers of all kinds, for every type of extension."""
    lines = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30)

    @st.composite
    def build(draw: st.DrawFn) -> dict[str, Value]:
        draft = Draft(around())
        for step in STEP_OF.values():
            if not step.applies(draft):
                continue
            if step.kind in {Kind.ONE, Kind.MANY}:
                offered = [choice.value for choice in step.choices(draft)]
                value: Value = draw(st.sampled_from(offered))
                if step.kind is Kind.MANY:
                    value = tuple(draw(st.lists(st.sampled_from(offered), min_size=1, unique=True)))
            elif step.name in {"project_name", "description", "author"}:
                value = draw(lines)
            elif step.name == "api_key":
                value = draw(st.sampled_from(["", "ApiKey SU-1:abc"]))
            else:
                continue
            if step.problem(value, draft) is None:
                draft.put(step, value)
        return dict(draft.given)

    return build()


@given(drafts())
def test_answers_printed_and_read_again_are_the_same(given_answers: dict[str, Value]) -> None:
    answers = Draft(around(), given_answers).finish()
    document = json.loads(json.dumps(answers.document(with_key=True)))
    jsonschema.validate(document, schema())
    pairs = [f"{name}={','.join(value) if isinstance(value, list) else value}" for name, value in document.items()]
    assert Draft(around(), parse_pairs(pairs).values).finish() == answers


@given(drafts())
def test_the_key_is_in_no_document_unless_wanted_and_in_no_repr(given_answers: dict[str, Value]) -> None:
    answers = Draft(around(), {**given_answers, "api_key": "ApiKey SU-1:very-secret"}).finish()
    assert "very-secret" not in json.dumps(answers.document())
    assert "very-secret" not in repr(answers)
    assert answers.document(with_key=True)["api_key"] == "ApiKey SU-1:very-secret"


def test_steps_and_answers_have_the_same_names() -> None:
    assert list(STEP_OF) == [item.name for item in fields(Answers)]


def test_there_are_22_steps_in_the_documented_order() -> None:
    assert [step.label for step in STEPS] == [
        "Introduction",
        "Project: name",
        "Project: root",
        "Project: description",
        "Project: version",
        "Project: author",
        "Project: license",
        "Project: package",
        "Project: asyncio",
        "Project: CI",
        "Config: API hostname",
        "Config: API key",
        "Config: environment ID",
        "Extension: Extension type",
        "Extension: Audience",
        "Extension: Features",
        "Extension: Events type",
        "Extension: WebApp",
        "Extension: Background events",
        "Extension: Interactive events",
        "Examples: variables",
        "Summary",
    ]


@pytest.mark.parametrize(
    ("given_answers", "asked", "not_asked"),
    [
        ({}, {"event_types", "background", "interactive"}, {"extension_audience", "webapp_supports_ui"}),
        ({"application_types": ("anvil",)}, set(), {"event_types", "background", "interactive"}),
        ({"event_types": ("scheduled",)}, {"event_types"}, {"background", "interactive"}),
        ({"extension_type": "multiaccount"}, {"extension_audience"}, {"webapp_supports_ui", "interactive"}),
        ({"extension_type": "transformations"}, {"extension_audience", "webapp_supports_ui"}, {"event_types"}),
        ({"extension_type": "hub", "application_types": ("webapp",)}, set(), {"webapp_supports_ui"}),
    ],
)
def test_steps_are_asked_under_their_conditions(
    given_answers: dict[str, Value], asked: set[str], not_asked: set[str]
) -> None:
    draft = Draft(around(), given_answers)
    applying = {name for name, step in STEP_OF.items() if step.applies(draft)}
    assert asked <= applying
    assert not not_asked & applying


def test_the_account_decides_which_types_are_offered() -> None:
    def offered(kind: str | None) -> list[str]:
        surroundings = Surroundings(NOWHERE, KnownEvents(), account_kind=kind)  # type: ignore[arg-type]
        return [choice.value for choice in STEP_OF["extension_type"].choices(Draft(surroundings))]

    assert offered("vendor") == ["products", "multiaccount", "transformations"]
    assert offered("provider") == ["hub", "multiaccount", "transformations"]
    assert offered(None) == ["products", "hub", "multiaccount", "transformations"]


def test_defaults_follow_the_answers_that_they_depend_on_but_edits_stay() -> None:
    draft = Draft(around())
    draft.put(STEP_OF["project_name"], "First")
    draft.put(STEP_OF["project_slug"], "first")
    draft.put(STEP_OF["project_name"], "Second")
    assert draft.text("project_slug") == "second"
    draft.put(STEP_OF["project_slug"], "my_own")
    draft.put(STEP_OF["project_name"], "Third")
    assert draft.text("project_slug") == "my_own"


def test_answers_that_no_longer_apply_are_dropped() -> None:
    draft = Draft(around())
    draft.put(STEP_OF["interactive"], ("product_action_execution",))
    draft.put(STEP_OF["application_types"], ("events", "anvil"))
    draft.put(STEP_OF["extension_type"], "hub")
    draft.prune()
    assert "interactive" not in draft.given
    answers = draft.finish()
    assert answers.interactive == ()
    assert answers.application_types == ("events", "anvil")


def test_a_project_of_one_kind_only_is_what_the_template_makes() -> None:
    with pytest.raises(AnswerError, match="cannot make such a project yet"):
        Draft(around(Served()), {"extension_type": "hub"}).finish()
    with pytest.raises(AnswerError, match="does not make anvil yet"):
        Draft(around(Served()), {"application_types": ("events", "anvil")}).finish()


def test_all_wrong_answers_are_named_with_what_is_expected() -> None:
    with pytest.raises(AnswerError) as caught:
        Draft(around(), {"version": "one", "license": "GPL", "package_name": "class", "background": ("x",)}).finish()
    assert len(caught.value.problems) == 4
    assert "license: 'GPL' is not offered here; expected: Apache Software License 2.0, MIT, BSD" in caught.value.message
    assert "asset_purchase_request_processing" in caught.value.message


@pytest.mark.parametrize(
    ("kind", "wanted", "told"),
    [
        ("vendor", "hub", "account is a vendor's (VA-…), and hub is for a distributor's or reseller's (PA-…)"),
        ("provider", "products", "account is a distributor's or reseller's (PA-…), and products is for a vendor's"),
    ],
)
def test_a_type_of_other_accounts_is_refused_with_the_reason(kind: AccountKind, wanted: str, told: str) -> None:
    with pytest.raises(AnswerError) as caught:
        Draft(dataclasses.replace(around(), account_kind=kind), {"extension_type": wanted}).finish()
    assert told in caught.value.message
    assert "'ccli account activate'" in caught.value.message


def test_transformations_need_both_applications_and_their_pages() -> None:
    with pytest.raises(AnswerError, match="both webapp and tfnapp"):
        Draft(around(), {"extension_type": "transformations", "application_types": ("tfnapp",)}).finish()
    with pytest.raises(AnswerError, match="needs its pages"):
        Draft(around(), {"extension_type": "transformations", "webapp_supports_ui": "n"}).finish()


def test_missing_answers_are_those_asked_and_not_given_except_the_machine_s_own() -> None:
    names = [step.name for step in Draft(around(), {"project_name": "X"}).missing()]
    assert "project_name" not in names
    assert not {"server_address", "api_key", "environment_id", "extension_audience"} & set(names)
    assert "background" in names


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["projet_name=x"], "projet_name: there is no such answer; did you mean 'project_name'?"),
        (["qqq=x"], "known are: project_name"),
        (["nothing"], "'nothing' must be written as key=value"),
    ],
)
def test_pairs_that_will_not_do(pairs: list[str], message: str) -> None:
    given = parse_pairs(pairs)
    assert given.values == {}
    assert [problem for problem in given.problems if message in problem] == list(given.problems)


def test_pairs_may_hold_equal_signs_lists_and_words_for_yes() -> None:
    given = parse_pairs(["description=a=b", "event_types=scheduled, background,,scheduled", "use_asyncio=Yes"])
    assert given.problems == ()
    assert given.values == {
        "description": "a=b",
        "event_types": ("scheduled", "background"),
        "use_asyncio": "y",
    }


@pytest.mark.parametrize(
    ("key", "expected"), [("", ""), ("ApiKey SU-1:abc", "ApiKey SU-1:********"), ("ApiKey abc", "********")]
)
def test_keys_are_masked(key: str, expected: str) -> None:
    assert masked(key) == expected
