"""Which pages of an extension the user interface lists, whatever its runner says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_devops.domain.errors import NotFoundError
from connect_devops.door.hosts import Host
from connect_devops.door.pages import find_page, pages_of
from connect_devops.services.environment import Declared, environment_id_of_host

KEYS = st.sampled_from(["label", "url", "icon", "children", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("/static/x.html"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
POINTS = st.sampled_from(["settings", "modules", "admins", "devops", "customer", "x"])


def environment(modules: dict[str, Any]) -> Any:
    return SimpleNamespace(id="ENV-1-01", declared=Declared(ui_modules=modules))


@given(st.dictionaries(POINTS, JSON))
def test_any_declaration_is_read(modules: dict[str, Any]) -> None:
    pages = pages_of(environment(modules))
    assert len({page.key for page in pages}) == len(pages)
    assert all(page.url.startswith("/") for page in pages)
    for page in pages:
        assert find_page(environment(modules), page.key) == page


def test_page_that_does_not_exist_names_those_that_do() -> None:
    known = environment({"settings": {"label": "Mine", "url": "/static/a.html"}})
    assert find_page(known, " mINE ").key == "settings"
    with pytest.raises(NotFoundError, match="it has Mine"):
        find_page(known, "yours")
    with pytest.raises(NotFoundError, match="has its web application been run"):
        find_page(environment({}), "yours")


@pytest.mark.parametrize(
    ("name", "environment_id"),
    [
        ("srvc-1234-5678-dev.localhost", "ENV-1234-5678-01"),
        ("SRVC-1234-5678-test.localhost", "ENV-1234-5678-02"),
        ("srvc-1234-5678.localhost", "ENV-1234-5678-03"),
        ("env-1234-5678-02.localhost", "ENV-1234-5678-02"),
        ("localhost", None),
        ("srvc-1234-5678-dev", None),
        ("srvc-1234-5678-prod.localhost", None),
        ("srvc-1234-5678-dev.localhost.example.com", None),
        ("x.srvc-1234-5678-dev.localhost", None),
        ("127.0.0.1", None),
    ],
)
def test_hosts_name_their_environments(name: str, environment_id: str | None) -> None:
    assert environment_id_of_host(name) == environment_id
    for prefix, is_portal in (("", False), ("portal.", True)):
        expected = None if environment_id is None else Host(environment_id, is_portal)
        assert Host.of(prefix + name) == expected
