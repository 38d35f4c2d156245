from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_cli_ext.accounts.remote import normalized_endpoint, normalized_key
from connect_cli_ext.errors import CommandError
from connect_cli_ext.wizard import checks


@given(st.text())
def test_the_derived_folder_name_is_always_a_good_one(name: str) -> None:
    assert checks.check_slug(checks.slug_of(name)) is None


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My Awesome Project", "my_awesome_project"),
        ("cloud-storage v2.0, EU", "cloud_storage_v2_0_eu"),
        ("Größe", "groe"),
        ("365 sync", "extension_365_sync"),
        ("日本", "extension"),
        ("", "extension"),
    ],
)
def test_folder_names_follow_the_display_name(name: str, slug: str) -> None:
    assert checks.slug_of(name) == slug


@pytest.mark.parametrize("slug", ["", "1st", "a b", "../up", "a/b", "-x", "x-", ".x", "é", "a" * 65, "a\n"])
def test_folder_names_that_will_not_do(slug: str) -> None:
    assert checks.check_slug(slug)


@pytest.mark.parametrize(
    "name", ["", "my-ext", "1x", "class", "json", "connect", "connect_eaas", "fastapi", "tests", "UI", "é", "a b"]
)
def test_package_names_that_will_not_do(name: str) -> None:
    assert checks.check_package(name)


@pytest.mark.parametrize("name", ["connect_ext", "Ext", "_private", "match"])
def test_package_names_that_do(name: str) -> None:
    assert checks.check_package(name) is None


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\x1b[31m", "x" * 257, "a\u2028b"])
def test_lines_that_will_not_do(text: str) -> None:
    assert checks.check_line(text)


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("0.1.0", True),
        ("1", True),
        ("1.2rc1", True),
        ("1.0.post1.dev2", True),
        ("", False),
        ("v1", False),
        ("1.x", False),
        ("1.0-beta", False),
        ("1.0\n", False),
    ],
)
def test_versions(version: str, good: bool) -> None:
    assert (checks.check_version(version) is None) is good


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("api.connect.cloudblue.com", True),
        ("localhost:8088", True),
        ("127.0.0.1:8443", True),
        ("[::1]:8088", True),
        ("", False),
        ("https://x.com", False),
        ("x.com/public/v1", False),
        ("x:70000", False),
        ("x:0", False),
        ("-x.com", False),
        ("x y", False),
        ("user@x.com", False),
    ],
)
def test_server_addresses(address: str, good: bool) -> None:
    assert (checks.check_server_address(address) is None) is good


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("", True),
        ("ApiKey SU-111-222:abc0", True),
        ("SU-111-222:abc0", False),
        ("ApiKey ", False),
        ('ApiKey a"b', False),
        ("ApiKey $(x)", False),
    ],
)
def test_api_keys(key: str, good: bool) -> None:
    problem = checks.check_api_key(key)
    assert (problem is None) is good
    assert problem is None or "abc0" not in problem


@pytest.mark.parametrize(
    ("identifier", "good"),
    [
        ("", True),
        ("ENV-1234-5678-01", True),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", True),
        ("ENV-", False),
        ("SRVC-1234-5678", False),
        ("ENV-1 ", False),
    ],
)
def test_environment_ids(identifier: str, good: bool) -> None:
    assert (checks.check_environment_id(identifier) is None) is good


def test_a_token_without_its_prefix_is_completed() -> None:
    assert normalized_key(" SU-111-222-333:abc0 ") == "ApiKey SU-111-222-333:abc0"
    assert normalized_key("ApiKey SU-111-222-333:abc0") == "ApiKey SU-111-222-333:abc0"


@pytest.mark.parametrize("key", ["", "secret-words", "ApiKey", "ApiKey a b", "ApiKey x\r\nHost: evil", "ApiKey ключ"])
def test_what_is_no_key_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(CommandError) as caught:
        normalized_key(key)
    assert key == "" or key.strip("ApiKey ") == "" or key not in caught.value.message


@pytest.mark.parametrize(
    ("given_text", "endpoint"),
    [
        ("https://api.example.com/public/v1/", "https://api.example.com/public/v1"),
        ("https://api.example.com", "https://api.example.com/public/v1"),
        ("http://localhost:8088", "http://localhost:8088/public/v1"),
        ("http://127.0.0.5:8088/public/v1", "http://127.0.0.5:8088/public/v1"),
        ("http://[::1]:8088", "http://[::1]:8088/public/v1"),
    ],
)
def test_endpoints_are_completed(given_text: str, endpoint: str) -> None:
    assert normalized_endpoint(given_text) == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "api.example.com",
        "ftp://x",
        "http://api.example.com",
        "https://u:p@x",
        "https://x:99999",
        "https://x?a=1",
        "http://localhost.evil.com",
        "http://127.0.0.1.evil.com",
    ],
)
def test_endpoints_that_will_not_do(endpoint: str) -> None:
    with pytest.raises(CommandError):
        normalized_endpoint(endpoint)
