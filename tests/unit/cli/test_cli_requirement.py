from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_cli_ext.project import pins
from connect_cli_ext.project.requirement import bumped_poetry, bumped_requirement, is_version, same_version

VERSIONS = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)).map(
    lambda parts: ".".join(str(part) for part in parts)
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("connect-extension-sdk>=0.1", "connect-extension-sdk>=0.3.2"),
        ("connect-extension-sdk[test,web] >= 0.1", "connect-extension-sdk[test,web] >= 0.3.2"),
        ("Connect_Extension.SDK==0.1.0", "Connect_Extension.SDK==0.3.2"),
        ("connect-extension-sdk>=0.1,<0.2", "connect-extension-sdk>=0.3.2,<0.4"),
        ("connect-extension-sdk>=0.1,<1", "connect-extension-sdk>=0.3.2,<1"),
        ("connect-extension-sdk<0.3.2", "connect-extension-sdk<0.3.3"),
        ("connect-extension-sdk<=0.3", "connect-extension-sdk<=0.3.2"),
        ("connect-extension-sdk>0.1,!=0.2.1", "connect-extension-sdk>=0.3.2,!=0.2.1"),
        ("connect-extension-sdk~=0.1", "connect-extension-sdk~=0.3.2"),
        ("connect-extension-sdk==0.1.*", "connect-extension-sdk==0.3.*"),
        ("connect-extension-sdk==0.1; python_version<'3.12'", "connect-extension-sdk==0.3.2; python_version<'3.12'"),
        # Not ours to change: no version, another place, another package.
        ("connect-extension-sdk", "connect-extension-sdk"),
        ("connect-extension-sdk[test]", "connect-extension-sdk[test]"),
        ("connect-extension-sdk @ file:///sdk-0.1.0.whl", "connect-extension-sdk @ file:///sdk-0.1.0.whl"),
        ("connect-extension-sdk-extras==0.1.0", "connect-extension-sdk-extras==0.1.0"),
        ("my-connect-extension-sdk==0.1.0", "my-connect-extension-sdk==0.1.0"),
        ("connect-extension-sdk==0.3.2.0", "connect-extension-sdk==0.3.2.0"),
    ],
)
def test_a_requirement_is_put_on_a_version(before: str, after: str) -> None:
    assert bumped_requirement(before, "0.3.2") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [("^0.1", "^1.2.0"), ("~0.1.3", "~1.2.0"), ("0.1.0", "1.2.0"), (">=0.1,<1.0.0", ">=1.2.0,<2.0.0"), ("*", "*")],
)
def test_poetry_s_own_operators_are_kept(before: str, after: str) -> None:
    assert bumped_poetry(before, "1.2.0") == after


@given(old=VERSIONS, limit=VERSIONS, new=VERSIONS, operator=st.sampled_from(["==", ">=", "~=", ">", "<", "<="]))
def test_what_was_put_on_a_version_admits_it_and_stays_so(old: str, limit: str, new: str, operator: str) -> None:
    from poetry.core.constraints.version import Version, parse_constraint

    once = bumped_requirement(f"connect-extension-sdk{operator}{old},<{limit}", new)
    assert parse_constraint(once.removeprefix("connect-extension-sdk")).allows(Version.parse(new))
    assert bumped_requirement(once, new) == once


def test_versions_are_told_from_other_text() -> None:
    assert all(map(is_version, ["1", "0.1.0", "2.0rc1", "1.0.post2", "1.2.3.dev4"]))
    assert not any(map(is_version, ["", "v1", "newest", "1.", "1..2", "1.0 ", ">=1"]))
    assert same_version("1.0", "1.0.0")
    assert not same_version("1.0rc1", "1.0")


PYPROJECT = """\
# connect-extension-sdk>=0.1 is what we need
[project]
name = "seats"   # of an aeroplane
description = "Runs on connect-extension-sdk>=0.1, as they say"
dependencies = [
    'connect-extension-sdk>=0.1',  # the SDK
    "requests>=2",
]

[dependency-groups]
dev = ["connect-extension-sdk[test]>=0.1", {include-group = "lint"}]
lint = []

[tool.poetry.dependencies]
connect-extension-sdk = { version = "^0.1", extras = ["web"] }   # kept
"""


def test_pyproject_keeps_everything_but_the_versions() -> None:
    expected = (
        PYPROJECT.replace("    'connect-extension-sdk>=0.1'", "    'connect-extension-sdk>=0.2.0'")
        .replace("[test]>=0.1", "[test]>=0.2.0")
        .replace("^0.1", "^0.2.0")
    )
    assert pins.in_pyproject(PYPROJECT, "0.2.0") == expected


def test_a_requirement_that_cannot_be_edited_as_text_is_refused() -> None:
    odd = '[project]\ndependencies = ["connect-extension-\\u0073dk>=0.1"]\n'
    with pytest.raises(ValueError, match="change it by hand"):
        pins.in_pyproject(odd, "0.2.0")


DOCKERFILE = """\
# FROM registry.example/connect-extension-sdk:0.1.0
ARG SDK=0.1.0
ARG OTHER=0.1.0
FROM --platform=linux/amd64 registry.example:5000/acme/connect-extension-sdk:0.1.0-slim AS base
FROM acme/connect-extension-sdk:0.1.0@sha256:abc AS pinned
FROM acme/connect-extension-sdk:latest
FROM cloudblueconnect/connect-extension-runner:43.1
COPY --from=acme/connect-extension-sdk:0.1.0 /a /b
RUN pip install "connect-extension-sdk[web]==0.1.0" other==0.1.0 && \\
    pip install connect-extension-sdk==${SDK}
"""


def test_a_dockerfile_s_images_pip_lines_and_arguments() -> None:
    edited = pins.in_dockerfile(DOCKERFILE, "0.2.0")
    assert edited.splitlines() == [
        "# FROM registry.example/connect-extension-sdk:0.1.0",
        "ARG SDK=0.2.0",
        "ARG OTHER=0.1.0",
        "FROM --platform=linux/amd64 registry.example:5000/acme/connect-extension-sdk:0.2.0-slim AS base",
        "FROM acme/connect-extension-sdk:0.1.0@sha256:abc AS pinned",
        "FROM acme/connect-extension-sdk:latest",
        "FROM cloudblueconnect/connect-extension-runner:43.1",
        "COPY --from=acme/connect-extension-sdk:0.2.0 /a /b",
        'RUN pip install "connect-extension-sdk[web]==0.2.0" other==0.1.0 && \\',
        "    pip install connect-extension-sdk==${SDK}",
    ]
    runner = pins.in_dockerfile(DOCKERFILE, "0.1.0", "44.0")
    assert runner == DOCKERFILE.replace("runner:43.1", "runner:44.0")


def test_a_compose_file_s_tags_defaults_and_arguments() -> None:
    before = (
        "services:\n"
        '  a: {image: "acme/connect-extension-sdk:0.1.0"}  # 0.1.0\n'
        "  b:\n"
        "    image: acme/connect-extension-sdk:${TAG:-0.1.0}\n"
        "    build:\n"
        "      args:\n"
        '        SDK: "0.1.0"\n'
        '        OTHER: "0.1.0"\n'
        "    # image: acme/connect-extension-sdk:0.1.0\n"
    )
    after = (
        before.replace('sdk:0.1.0"}', 'sdk:0.2.0"}')
        .replace(":-0.1.0", ":-0.2.0")
        .replace(' SDK: "0.1.0"', ' SDK: "0.2.0"')
    )
    assert pins.in_compose(before, "0.2.0", None, frozenset({"SDK"})) == after


def test_constraints_keep_comments_line_ends_and_others() -> None:
    before = "# connect-extension-sdk==0.1.0\r\nanyio==4.5\r\nconnect-extension-sdk==0.1.0  # ours\r\n"
    assert pins.in_constraints(before, "0.2.0") == before.replace("0.1.0  #", "0.2.0  #")
