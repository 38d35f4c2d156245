"""Rules on the project's licence: the user documents name three with which the platform works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from connect_eaas.validation.project import Project
from connect_eaas.validation.pyproject import table
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Place, Rule
from connect_eaas.validation.text_file import line_of

__all__ = ["RULES", "check"]

WRONG: Final = Rule(
    "LIC001", ERROR, "the licence is not one that the platform accepts",
    "The platform works with extensions under the Apache 2.0, MIT or BSD licence only.",
    'Choose "Apache-2.0", "MIT" or "BSD-3-Clause".',
    blocks=False,
)  # fmt: skip
MISSING: Final = Rule(
    "LIC002", WARNING, "no licence is declared",
    "The platform works with extensions under the Apache 2.0, MIT or BSD licence only.",
    'Declare the licence in [project]: license = "Apache-2.0", "MIT" or "BSD-3-Clause".',
    blocks=False,
)  # fmt: skip

RULES: Final = (WRONG, MISSING)

_ACCEPTED: Final = re.compile(
    r"""\W*(the\W+)?(
        apache(\W+software)?(\W+licen[cs]e)?(\W+v(ersion)?)?\W*2(\.0)?
      | mit(\W+licen[cs]e)?
      | ((0|2|3|4)\W?clause\W+)?(new\W+|modified\W+|simplified\W+)?bsd(\W*(0|2|3|4)\W*clause(\W+\w+)?)?
    )(\W+licen[cs]e)?\W*""",
    re.IGNORECASE | re.VERBOSE,
)
_CLASSIFIER: Final = "License ::"


def check(project: Project) -> Iterator[Finding]:
    """Check what ``[project]``, ``[tool.poetry]`` and the classifiers say."""
    if not project.content:
        return
    standard, poetry = table(project.content, "project"), table(project.content, "tool", "poetry")
    text = "\n".join(project.files.lines(project.pyproject))
    place = Place(project.pyproject, line_of(text, r"^[ \t]*(license|license\.text)\s*="))
    declared = standard.get("license", poetry.get("license"))
    if isinstance(declared, dict):
        file = declared.get("file")
        declared = _title(project, file) if isinstance(file, str) else declared.get("text")
    if isinstance(declared, str) and declared.strip():
        if not _ACCEPTED.fullmatch(declared):
            yield WRONG.broken(f"the licence is {declared!r}", place)
        return
    for table_ in (standard, poetry):
        classifiers = table_.get("classifiers")
        for classifier in classifiers if isinstance(classifiers, list) else []:
            if isinstance(classifier, str) and classifier.startswith(_CLASSIFIER):
                if not re.search(r"Apache Software License|MIT License|BSD License", classifier):
                    place = Place(project.pyproject, line_of(text, re.escape(classifier)))
                    yield WRONG.broken(f"the classifier says {classifier!r}", place)
                return
    yield MISSING.broken("pyproject.toml declares no licence", Place(project.pyproject))


def _title(project: Project, name: str) -> str | None:
    """Return what a licence's file calls itself; None if it is none of those that are known by their words."""
    text = " ".join("\n".join(project.files.lines(project.root / name)).split())
    for words, title in (
        ("Apache License Version 2.0", "Apache-2.0"),
        ("Permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
        ("Redistribution and use in source and binary forms", "BSD"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE", "AGPL"),
        ("GNU GENERAL PUBLIC LICENSE", "GPL"),
        ("GNU LESSER GENERAL PUBLIC LICENSE", "LGPL"),
        ("Mozilla Public License", "MPL"),
    ):
        if words in text:
            return title
    return None
