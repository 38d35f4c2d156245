"""The parts of a workbook file: which sheets there are, and where their XML is."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from connect_eaas.runner.sheets import xml
from connect_eaas.runner.sheets.errors import SheetError

__all__ = ["Package"]

_CHUNK: Final = 256 * 1024
_SMALL_PART: Final = 64 * 1024 * 1024
_REL: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_REL: Final = "http://purl.oclc.org/ooxml/officeDocument/relationships"


class Package:
    """An ``.xlsx`` file, opened for reading.

    Raises:
        SheetError: it is no workbook.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise SheetError(f"the file is no .xlsx workbook: {error}") from error
        try:
            self._names = {name.lower(): name for name in self._zip.namelist()}
            self.workbook = self._workbook_part()
            root = self.tree(self.workbook)
            self._targets = self._relationships(self.workbook)
            self.sheets = self._sheets(root)
            properties = next((item for item in root if xml.local_tag(item) == "workbookPr"), None)
            self.is_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Package:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    @property
    def styles(self) -> str | None:
        """The part that holds the styles."""
        return self._related("styles")

    @property
    def strings(self) -> str | None:
        """The part that holds the shared strings."""
        return self._related("sharedStrings")

    def has(self, part: str | None) -> bool:
        """Whether the file contains this part."""
        return part is not None and part.lower() in self._names

    def chunks(self, part: str) -> Iterator[bytes]:
        """A part's content, piece by piece.

        Raises:
            SheetError: it is missing or damaged.
        """
        name = self._names.get(part.lower())
        if name is None:
            raise SheetError(f"the workbook has no part {part}")
        try:
            with self._zip.open(name) as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
            raise SheetError(f"{part} is damaged: {error}") from error

    def read(self, part: str) -> bytes:
        """A small part's whole content.

        Raises:
            SheetError: it is missing, damaged, or larger than such parts are.
        """
        pieces, size = [], 0
        for chunk in self.chunks(part):
            size += len(chunk)
            if size > _SMALL_PART:
                raise SheetError(f"{part} is larger than {_SMALL_PART} bytes")
            pieces.append(chunk)
        return b"".join(pieces)

    def tree(self, part: str) -> Element:
        """A small part as a tree.

        Raises:
            SheetError: it is missing or no XML.
        """
        try:
            return xml.parse(self.read(part))
        except ParseError as error:
            raise SheetError(f"{part} is no XML: {error}") from error

    def _workbook_part(self) -> str:
        if "_rels/.rels" in self._names:
            for relation in self.tree("_rels/.rels"):
                if relation.get("Type", "").endswith("/officeDocument"):
                    return relation.get("Target", "").lstrip("/")
        if "xl/workbook.xml" in self._names:
            return "xl/workbook.xml"
        raise SheetError("the file is no .xlsx workbook: it has no workbook part")

    def _relationships(self, part: str) -> dict[str, tuple[str, str]]:
        """Id → type and target of what a part refers to."""
        folder, name = posixpath.split(part)
        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        if not self.has(relations):
            return {}
        found = {}
        for item in self.tree(relations):
            target = item.get("Target", "")
            full = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[item.get("Id", "")] = (item.get("Type", ""), full)
        return found

    def _related(self, kind: str) -> str | None:
        for relation_type, target in self._targets.values():
            if relation_type.rpartition("/")[2] == kind and self.has(target):
                return target
        return None

    def _sheets(self, root: Element) -> dict[str, str]:
        """Name → part of each worksheet."""
        found = {}
        for sheet in root.iter():
            if xml.local_tag(sheet) != "sheet":
                continue
            reference = sheet.get(f"{{{_REL}}}id") or sheet.get(f"{{{_STRICT_REL}}}id") or ""
            kind, target = self._targets.get(reference, ("", ""))
            if kind.rpartition("/")[2] == "worksheet":
                found[sheet.get("name", "")] = target
        return found
