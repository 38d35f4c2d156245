from __future__ import annotations

from xml.etree import ElementTree

from record_wizard import PICTURE, drawn, record


def test_the_picture_in_the_documentation_shows_the_wizard_as_it_is() -> None:
    picture = drawn(record())
    assert PICTURE.read_text(encoding="utf-8") == picture, "make wizard-picture draws it anew"
    texts = [element.text or "" for element in ElementTree.fromstring(picture).iter() if element.tag.endswith("text")]
    assert any("Extension project bootstrap - 19 of 22" in text for text in texts)
