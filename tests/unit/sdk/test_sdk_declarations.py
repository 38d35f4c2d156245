"""Declarations: from decorators and from extension.json, and every way in which they can be wrong."""

import importlib.util
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas import (
    AnvilApplicationBase,
    BackgroundResponse,
    EventsApplicationBase,
    Extension,
    TransformationsApplicationBase,
    WebApplicationBase,
    account_settings_page,
    anvil_callable,
    anvil_key_variable,
    event,
    manual_transformation,
    module_pages,
    schedulable,
    transformation,
    variables,
)
from connect_eaas.collection import Collector
from connect_eaas.declarations import DeclarationError, Declarations
from connect_eaas.descriptor import Descriptor
from connect_eaas.errors import Problem
from connect_eaas.events import CATALOGUE

Load = Callable[..., Any]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Write a module (and its extension.json) and return the class ``Ext`` in it."""
    names: list[str] = []

    def write(source: str, descriptor: object = None) -> Any:
        name = f"extension_under_test_{tmp_path.name}_{len(names)}".replace("-", "_")
        folder = tmp_path / name
        folder.mkdir()
        file = folder / "extension.py"
        file.write_text("from connect_eaas import *\n" + source, encoding="utf-8")
        if descriptor is not None:
            text = descriptor if isinstance(descriptor, str) else json.dumps(descriptor, indent=2)
            (folder / "extension.json").write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        names.append(name)
        spec.loader.exec_module(module)
        return module.Ext

    yield write
    for name in names:
        del sys.modules[name]


def problems_of(cls: type) -> list[Problem]:
    with pytest.raises(DeclarationError) as caught:
        Declarations.of(cls)
    assert isinstance(caught.value, ValueError)
    return list(caught.value.problems)


def test_decorated_class() -> None:
    @variables([{"name": "KEY", "initial_value": "hush", "secure": True}, {"name": "PLAIN"}])
    class Ext(EventsApplicationBase):
        @event("asset_purchase_request_processing", statuses=["pending", "pending", "approved"])
        async def buy(self, request: Any) -> Any: ...

        @event("product_action_execution")
        def act(self, request: Any) -> Any: ...

        @event("something_only_the_platform_knows", statuses=["x"])
        def other(self, request: Any) -> Any: ...

        @schedulable("Nightly", "Cleans up")
        def nightly(self, schedule: Any) -> Any: ...

    declared = Declarations.of(Ext)
    assert declared.kind == "eventsapp"
    assert declared.subscriptions == {
        "asset_purchase_request_processing": ["pending", "approved"],
        "product_action_execution": [],
        "something_only_the_platform_knows": ["x"],
    }
    buy = declared.handler_of("asset_purchase_request_processing")
    assert buy is not None
    assert (buy.method, buy.is_async, buy.category) == ("buy", True, "background")
    unknown = declared.handler_of("something_only_the_platform_knows")
    assert unknown is not None
    assert unknown.category is None
    assert declared.handler_of("asset_change_request_processing") is None
    nightly = declared.schedulable_of("nightly")
    assert nightly is not None
    assert (nightly.name, nightly.description, nightly.is_async) == ("Nightly", "Cleans up", False)
    assert [variable.as_dict() for variable in declared.variables] == [
        {"name": "KEY", "initial_value": "hush", "secure": True},
        {"name": "PLAIN"},
    ]
    assert "hush" not in repr(declared)
    assert Declarations.of(Ext) is declared
    assert Ext.get_events()[0] == {"method": "act", "event_type": "product_action_execution", "statuses": None}
    assert Ext.get_schedulables() == [{"method": "nightly", "name": "Nightly", "description": "Cleans up"}]


def test_inherited_handlers_count_and_overridden_ones_do_not() -> None:
    class Base(EventsApplicationBase):
        @event("product_action_execution")
        def act(self, request: Any) -> Any: ...

        @event("product_custom_event_processing")
        def custom(self, request: Any) -> Any: ...

    class Ext(Base):
        def act(self, request: Any) -> Any: ...

    assert list(Declarations.of(Ext).subscriptions) == ["product_custom_event_processing"]


def test_variables_change_neither_the_list_nor_the_parent() -> None:
    given_list = [{"name": "A"}]

    @variables(given_list)
    class Parent(EventsApplicationBase): ...

    @variables([{"name": "A", "initial_value": "child"}, {"name": "B"}])
    class Child(Parent): ...

    assert given_list == [{"name": "A"}]
    assert Parent.get_variables() == [{"name": "A"}]
    assert Child.get_variables() == [{"name": "A"}, {"name": "B"}]
    assert Parent.get_variables() is Parent.get_variables()


def test_the_lower_variables_decorator_wins() -> None:
    @variables([{"name": "A", "initial_value": "upper"}, {"name": "B"}])
    @variables([{"name": "A", "initial_value": "lower"}])
    class Ext(EventsApplicationBase): ...

    assert Ext.get_variables() == [{"name": "A", "initial_value": "lower"}, {"name": "B"}]


def test_two_handlers_for_one_event_are_named() -> None:
    class Ext(EventsApplicationBase):
        @event("product_action_execution")
        def first(self, request: Any) -> Any: ...

        @event("product_action_execution")
        def second(self, request: Any) -> Any: ...

    (problem,) = problems_of(Ext)
    assert "first and second both handle 'product_action_execution'" in str(problem)
    assert str(problem).startswith(f"{__file__}:{problem.line}: ")


def test_a_method_handles_one_event_only() -> None:
    with pytest.raises(DeclarationError, match=r"handle.*'product_action_execution' already"):

        class Ext(EventsApplicationBase):
            @event("product_custom_event_processing")
            @event("product_action_execution")
            def handle(self, request: Any) -> Any: ...


def _no_argument(self: Any) -> None: ...
def _two_arguments(self: Any, request: Any, more: Any) -> None: ...
def _keyword_needed(self: Any, request: Any, *, more: Any) -> None: ...
def _generator(self: Any, request: Any) -> Any:
    yield


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (_no_argument, "one argument besides self"),
        (_two_arguments, "one argument besides self"),
        (_keyword_needed, "one argument besides self"),
        (_generator, "generator"),
        (staticmethod(lambda request: None), "static method"),
        (classmethod(lambda cls, request: None), "class method"),
    ],
)
@pytest.mark.parametrize("mark", [event("product_action_execution"), schedulable("n", "d")])
def test_handlers_that_cannot_be_called_are_refused(function: Any, words: str, mark: Any) -> None:
    # A fresh function each time: marks stay on the function.
    plain = function.__func__ if isinstance(function, (staticmethod, classmethod)) else function
    fresh = type(plain)(plain.__code__, plain.__globals__, plain.__name__, plain.__defaults__)
    fresh.__kwdefaults__ = plain.__kwdefaults__
    marked = mark(fresh)
    attribute = type(function)(marked) if isinstance(function, (staticmethod, classmethod)) else marked
    (problem,) = problems_of(type("Ext", (EventsApplicationBase,), {"handle": attribute}))
    assert words in problem.message
    assert (problem.class_name, problem.method) == ("Ext", "handle")


def test_optional_further_arguments_are_fine() -> None:
    class Ext(EventsApplicationBase):
        @event("product_action_execution")
        def handle(self, request: Any, again: bool = False, **more: Any) -> Any: ...

    assert Declarations.of(Ext).events


@pytest.mark.parametrize(
    ("event_type", "statuses", "words"),
    [
        ("asset_purchase_request_processing", None, "needs at least one status of: draft"),
        ("asset_purchase_request_processing", [], "needs at least one status"),
        ("asset_purchase_request_processing", ["pendin"], "no status 'pendin'"),
        ("asset_purchase_request_processing", "pending", "list of texts"),
        ("asset_purchase_request_processing", [1], "list of texts"),
        ("product_action_execution", ["pending"], "has no statuses"),
        ("scheduled_execution", None, "@schedulable"),
        ("billing_transformation_request", ["pending"], "transformations application"),
        ("", None, "event type"),
    ],
)
def test_wrong_subscriptions_are_explained(event_type: str, statuses: Any, words: str) -> None:
    class Ext(EventsApplicationBase):
        @event(event_type, statuses=statuses)
        def handle(self, request: Any) -> Any: ...

    (problem,) = problems_of(Ext)
    assert words in problem.message
    assert problem.file == Path(__file__)


_SUBSCRIBABLE = [e for e in CATALOGUE.values() if e.category in ("background", "interactive")]


@given(st.data())
def test_every_choice_of_known_statuses_is_accepted_and_kept(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(_SUBSCRIBABLE), unique_by=lambda e: e.type, min_size=1))
    wanted: dict[str, list[str]] = {}
    members: dict[str, Any] = {}
    for number, definition in enumerate(chosen):
        needed = 1 if definition.category == "background" and definition.statuses else 0
        statuses = (
            data.draw(st.lists(st.sampled_from(definition.statuses), unique=True, min_size=needed))
            if definition.statuses
            else []
        )
        wanted[definition.type] = statuses

        def handle(self: Any, request: Any) -> Any: ...

        members[f"handle_{number}"] = event(definition.type, statuses=statuses)(handle)
    declared = Declarations.of(type("Ext", (EventsApplicationBase,), members))
    assert declared.subscriptions == wanted


@given(st.sampled_from(_SUBSCRIBABLE), st.text(min_size=1))
def test_no_unknown_status_is_accepted(definition: Any, status: str) -> None:
    if status in definition.statuses:
        return

    def handle(self: Any, request: Any) -> Any: ...

    members = {"handle": event(definition.type, statuses=[*definition.statuses, status])(handle)}
    (problem,) = problems_of(type("Ext", (EventsApplicationBase,), members))
    assert repr(status) in problem.message


OLD_STYLE = """
class Ext(Extension):
    def process_asset_purchase_request(self, request): return ProcessingResponse.done()
    async def validate_asset_purchase_request(self, request): return ValidationResponse.done(request)
    def execute_product_action(self, request): return ProductActionResponse.done()
    def execute_scheduled_processing(self, schedule): return ScheduledExecutionResponse.done()
    @event('product_custom_event_processing')
    def custom(self, request): return CustomEventResponse.done()
"""


def test_old_style_descriptor_wins_over_decorators(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    cls = load(
        OLD_STYLE,
        {
            "name": "Old",
            "capabilities": {
                "asset_purchase_request_processing": ["pending"],
                "asset_purchase_request_validation": ["draft"],
                "product_action_execution": [],
            },
            "schedulables": [{"method": "execute_scheduled_processing", "name": "Nightly", "description": "d"}],
            "variables": [{"name": "TEMPLATE", "initial_value": "TL-1"}],
        },
    )
    with caplog.at_level(logging.WARNING):
        declared = Declarations.of(cls)
        Declarations.of(cls)
    assert declared.subscriptions == {
        "asset_purchase_request_processing": ["pending"],
        "asset_purchase_request_validation": ["draft"],
        "product_action_execution": [],
    }
    validation = declared.handler_of("asset_purchase_request_validation")
    assert validation is not None
    assert (validation.method, validation.is_async) == ("validate_asset_purchase_request", True)
    assert [item.name for item in declared.schedulables] == ["Nightly"]
    assert [item.name for item in declared.variables] == ["TEMPLATE"]
    assert len(declared.deprecations) == len(caplog.records) == 3
    assert "extension.json:3: 'capabilities' is deprecated" in declared.deprecations[0]
    assert "@event" in declared.deprecations[0]


def test_decorators_count_where_the_descriptor_says_nothing(load: Load) -> None:
    declared = Declarations.of(load(OLD_STYLE, {"name": "New"}))
    assert list(declared.subscriptions) == ["product_custom_event_processing"]
    assert declared.deprecations == ()
    assert declared.descriptor.name == "New"
    assert declared.descriptor.readme_url is None


@pytest.mark.parametrize(
    ("descriptor", "line", "words"),
    [
        ('{\n "capabilities": {\n  "asset_bye_request": []\n }\n}', 3, "unknown event type 'asset_bye_request'"),
        (
            '{\n "capabilities": {\n  "asset_change_request_processing": ["pending"]\n }\n}',
            3,
            "no method process_asset_change_request(self, request)",
        ),
        ('{"capabilities": {"asset_purchase_request_processing": ["gone"]}}', 1, "no status 'gone'"),
        ('{"capabilities": {"asset_purchase_request_processing": null}}', 1, "at least one status"),
        ('{"capabilities": {"scheduled_execution": []}}', 1, "@schedulable"),
        ('{"capabilities": {"product_changed": ["draft"]}}', 1, "no fixed method name"),
        ('{"capabilities": []}', 1, "expected an object"),
        ('{\n"schedulables": {}}', 2, "expected a list"),
        ('{"schedulables": [{"name": "x"}]}', 1, "needs a 'method'"),
        ('{"schedulables": [\n{"method": "gone"}]}', 2, "no such method"),
        ('{"variables": {}}', 1, "expected a list"),
        ('{"variables": [{"initial_value": "x"}]}', 1, "no 'name'"),
        ('{"variables": [{"name": "A"}, {"name": "A"}]}', 1, "stands twice"),
        ('{"variables": [{"name": "A", "initial_value": 3}]}', 1, "must be a text"),
        ('{"variables": [{"name": "A", "secure": "yes"}]}', 1, "true or false"),
    ],
)
def test_wrong_descriptors_name_the_line(load: Load, descriptor: str, line: int, words: str) -> None:
    (problem,) = problems_of(load(OLD_STYLE, descriptor))
    assert words in problem.message
    assert problem.line == line
    assert problem.file is not None
    assert problem.file.name == "extension.json"
    assert problem.class_name == "Ext"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{\n "name" "x"\n}', 2, "not JSON"),
        ('{\n "name": "x" // the name\n}', 2, "no comments"),
        ("", 1, "not JSON"),
        ("[]", 1, "got a list"),
        ("3", 1, "got a number"),
        ('{\n "name": "a",\n "name": "b"}', 3, "'name' stands twice"),
        ("[" * 100_000, None, "nested too deeply"),
        ('{"number": ' + "9" * 5000 + "}", None, "not JSON that can be read"),
    ],
)
def test_broken_descriptors_name_the_line(load: Load, text: str, line: int | None, words: str) -> None:
    (problem,) = problems_of(load(OLD_STYLE, text))
    assert words in problem.message
    assert problem.line == line or (line is None and problem.line is None)


def test_get_descriptor_reads_anew(load: Load, tmp_path: Path) -> None:
    cls = load("class Ext(EventsApplicationBase): ...", '{"name": "one"}')
    assert cls.get_descriptor() == {"name": "one"}
    file = Path(sys.modules[cls.__module__].__file__ or "").parent / "extension.json"
    file.write_text('\ufeff{"name": "zwei ä"}', encoding="utf-8")
    assert cls.get_descriptor() == {"name": "zwei ä"}
    file.write_text("{", encoding="utf-8")
    with pytest.raises(json.JSONDecodeError, match=r"extension\.json"):
        cls.get_descriptor()
    file.unlink()
    with pytest.raises(FileNotFoundError):
        cls.get_descriptor()


def test_all_problems_are_told_at_once_and_the_rest_is_collected() -> None:
    @variables([{"name": ""}, {"name": "OK"}])
    class Ext(EventsApplicationBase):
        @event("asset_purchase_request_processing")
        def one(self, request: Any) -> Any: ...

        @event("product_action_execution")
        def two(self) -> Any: ...

        @event("product_custom_event_processing")
        def three(self, request: Any) -> Any: ...

    declared, problems = Declarations.inspect(Ext)
    assert len(problems) == 3
    assert list(declared.subscriptions) == ["product_custom_event_processing"]
    assert [item.name for item in declared.variables] == ["OK"]
    assert len(problems_of(Ext)) == 3


@pytest.mark.parametrize("thing", [object, "Ext", None])
def test_what_is_no_application_is_refused(thing: Any) -> None:
    with pytest.raises(DeclarationError, match="derive the class from one of EventsApplicationBase"):
        Declarations.of(thing)


@pytest.mark.parametrize("wrong", [{"name": "A"}, "A", ["A"], EventsApplicationBase])
def test_variables_need_a_list_of_dicts(wrong: Any) -> None:
    with pytest.raises(DeclarationError, match="list of dicts"):
        variables(wrong)


def test_other_kinds_of_applications() -> None:
    @anvil_key_variable("UPLINK")
    class Anvil(AnvilApplicationBase):
        @anvil_callable()
        def list_things(self) -> Any:
            """Lists things."""

    declared = Declarations.of(Anvil)
    assert (declared.kind, declared.anvil_key_variable) == ("anvilapp", "UPLINK")
    assert [item.as_dict() for item in declared.variables] == [
        {"name": "UPLINK", "initial_value": "changeme!", "secure": True}
    ]
    assert Anvil.get_anvil_callables() == [
        {"method": "list_things", "summary": "List Things", "description": "Lists things."}
    ]

    class Transformations(TransformationsApplicationBase):
        @manual_transformation()
        @transformation("Copy", "Copies", "/static/copy.html")
        async def copy(self, row: Any, row_styles: Any) -> Any: ...

    (method,) = Declarations.of(Transformations).transformations
    assert (method.manual, method.is_async, method.takes_styles, method.name) == (True, True, True, "Copy")

    @account_settings_page("Settings", "/static/settings.html")
    @module_pages("Main", "/static/index.html", children=[{"label": "Tab", "url": "/static/tab.html"}])
    class Web(WebApplicationBase): ...

    declared = Declarations.of(Web)
    assert declared.kind == "webapp"
    assert declared.ui_modules == {
        "settings": {"label": "Settings", "url": "/static/settings.html"},
        "modules": {
            "label": "Main",
            "url": "/static/index.html",
            "children": [{"label": "Tab", "url": "/static/tab.html"}],
        },
    }
    assert Web.get_proxied_connect_api() == []


def test_a_manual_transformation_without_its_declaration_is_refused() -> None:
    class Ext(TransformationsApplicationBase):
        @manual_transformation()
        def copy(self, row: Any) -> Any: ...

    (problem,) = problems_of(Ext)
    assert "@transformation" in problem.message


def test_extension_is_an_events_application() -> None:
    class Ext(Extension):
        @event("product_action_execution")
        def act(self, request: Any) -> Any:
            return BackgroundResponse.done()

    assert Declarations.of(Ext).kind == "eventsapp"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_METHODS = st.sampled_from(["execute_product_action", "get_variables", "__init__", "client", "nothing", ""])
_OLD_DESCRIPTORS = st.fixed_dictionaries(
    {},
    optional={
        "capabilities": st.dictionaries(st.sampled_from(sorted(CATALOGUE)) | st.text(), _JSON, max_size=4) | _JSON,
        "schedulables": st.lists(st.fixed_dictionaries({"method": _METHODS | _JSON}) | _JSON, max_size=4) | _JSON,
        "variables": st.lists(
            st.fixed_dictionaries({"name": st.text(max_size=2) | _JSON}, optional={"initial_value": _JSON})
            | st.fixed_dictionaries({"name": st.sampled_from("AB")}, optional={"secure": _JSON}),
            max_size=4,
        )
        | _JSON,
    },
)


class OldStyle(Extension):
    def execute_product_action(self, request: Any) -> Any: ...

    def process_asset_purchase_request(self, request: Any) -> Any: ...


@given(_OLD_DESCRIPTORS)
def test_whatever_a_descriptor_says_problems_are_told_and_the_rest_is_sound(content: dict[str, Any]) -> None:
    descriptor = Descriptor(Path("extension.json"), content, json.dumps(content, indent=1))
    collector = Collector(OldStyle, descriptor)
    events, schedulables = collector.events(), collector.schedulables()
    declared = collector.variables(old_style=True)
    assert {handler.method for handler in events} <= {"execute_product_action", "process_asset_purchase_request"}
    assert all(isinstance(status, str) for handler in events for status in handler.statuses)
    assert all(hasattr(OldStyle, item.method) for item in schedulables)
    assert len({item.name for item in declared}) == len(declared)
    assert all(isinstance(item.initial_value, (str, type(None))) for item in declared)
    lines = descriptor.text.count("\n") + 1
    in_file = [problem for problem in collector.problems if problem.file == descriptor.path]
    assert all(problem.line is None or 1 <= problem.line <= lines for problem in in_file)
    assert all(str(problem) for problem in collector.problems)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_a_descriptor_is_only_declaration_errors_come_of_it(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzzed-extension.json"
    file.write_bytes(content)
    try:
        expected = json.loads(content.decode("utf-8-sig"))
    except ValueError:
        expected = None
    if isinstance(expected, dict):
        assert Descriptor.load(file).content == expected
    else:
        with pytest.raises(DeclarationError, match="fuzzed-extension"):
            Descriptor.load(file)
