"""Applications: constructors as old and new extensions write them, and how the runner makes instances."""

import importlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from connect_eaas import Context, EventsApplicationBase, Extension, TransformationsApplicationBase, WebApplicationBase
from connect_eaas.applications import make_application

LOGGER = logging.getLogger("test")
CONTEXT = Context("SRVC-1", "ENV-1", "test")


def make(cls: Any) -> Any:
    return make_application(
        cls,
        client="client",
        logger=LOGGER,
        config={"A": "1"},
        installation_client="other",
        installation={"id": "EIN-1"},
        context=CONTEXT,
        transformation_request={"id": "TFR-1"},
    )


def test_positional_construction_of_old_style_tests() -> None:
    extension = Extension("client", LOGGER, {"A": "1"})
    assert (extension.client, extension.logger, extension.config) == ("client", LOGGER, {"A": "1"})
    assert (extension.installation_client, extension.installation, extension.context) == (None, None, None)


def test_the_base_class_gets_everything() -> None:
    application = make(EventsApplicationBase)
    assert application.installation_client == "other"
    assert application.installation == {"id": "EIN-1"}
    assert application.context is CONTEXT
    assert not hasattr(application, "transformation_request")
    assert make(TransformationsApplicationBase).transformation_request == {"id": "TFR-1"}


def test_an_old_constructor_gets_what_it_takes() -> None:
    class Ext(Extension):
        def __init__(self, my_client: Any, my_logger: Any, settings: Any) -> None:
            super().__init__(my_client, my_logger, settings)

    assert make(Ext).context is None


def test_a_constructor_without_context_gets_none() -> None:
    class Ext(EventsApplicationBase):
        def __init__(
            self, client: Any, logger: Any, config: Any, installation_client: Any = None, installation: Any = None
        ) -> None:
            super().__init__(client, logger, config, installation_client, installation)

    assert make(Ext).installation == {"id": "EIN-1"}


@pytest.mark.parametrize("depth", [1, 2])
def test_a_constructor_that_hands_on_gets_what_its_base_takes(depth: int) -> None:
    cls: Any = EventsApplicationBase
    for _ in range(depth):
        base = cls

        class Ext(base):  # type: ignore[misc, valid-type]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)

        cls = Ext
    assert make(cls).context is CONTEXT


def test_a_handler_cannot_change_the_runners_config() -> None:
    config = {"A": "1"}
    application = make_application(Extension, client=None, logger=LOGGER, config=config)
    application.config["A"] = "2"
    assert config == {"A": "1"}


def test_an_impersonating_client_needs_a_context() -> None:
    from connect_eaas.testing.clients import make_client

    with pytest.raises(RuntimeError, match=r"Extension was made without a context.*accept 'context'"):
        Extension(make_client(), LOGGER, {}).get_installation_admin_client("EIN-1")


def test_static_root_is_the_directory_beside_the_class() -> None:
    class Web(WebApplicationBase): ...

    assert Web.get_static_root() is None


def test_a_decorated_class_finds_its_descriptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "extension.json").write_text(json.dumps({"name": "Mine"}))
    # The decorator replaces the class by one whose source lies in the decorator's own file.
    (tmp_path / "audited_marks.py").write_text(
        "def mark(cls):\n    return type(cls.__name__, (cls,), {'__module__': cls.__module__, 'marked': True})\n"
    )
    (tmp_path / "audited_pkg").mkdir()
    (tmp_path / "audited_pkg" / "extension.json").write_text(json.dumps({"name": "Inner"}))
    (tmp_path / "audited_pkg" / "__init__.py").write_text("")
    (tmp_path / "audited_pkg" / "events.py").write_text(
        "from audited_marks import mark\nfrom connect_eaas import EventsApplicationBase\n\n\n"
        "@mark\nclass Marked(EventsApplicationBase):\n    ...\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    cls = importlib.import_module("audited_pkg.events").Marked
    assert cls.marked
    assert cls.get_descriptor() == {"name": "Inner"}
