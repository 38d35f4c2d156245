"""The shared strings of a workbook; a large table lies in a temporary file, with a cache of what was read last."""

from __future__ import annotations

import re
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import IO, Final
from xml.parsers import expat

from connect_eaas.runner.sheets import text, xml
from connect_eaas.runner.sheets.errors import SheetError

__all__ = ["SharedStrings", "read_strings"]

_IN_MEMORY: Final = 32 * 1024 * 1024
"""Characters kept in memory; a table beyond it moves to a file."""
_CACHED: Final = 4096
_BEGIN: Final = re.compile(rb"^\s*(?:<\?xml([^>]*)\?>\s*)?<sst(?:\s[^<>]*[^<>/])?>")
_ENCODING: Final = re.compile(rb"encoding=[\"'](?!utf-8[\"'])", re.IGNORECASE)
_TEXT: Final = re.compile(r"<si><t(?:\s[^<>]*)?>([^<]*)</t></si>|(<si\b[\s\S]*?</si>|<)")
"""A plain text, or else an entry of another kind, or whatever else begins there."""


class SharedStrings:
    """A sequence of texts that grows, and stays small in memory."""

    def __init__(self, *, in_memory: int = _IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._texts: list[str] = []
        self._size = 0
        self._file: IO[bytes] | None = None
        # Where each text begins in the file, and where the last one ends.
        self._offsets = array("Q", [0])
        self._cache: dict[int, str] = {}

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self._texts) if self._file is None else len(self._offsets) - 1

    @property
    def all_in_memory(self) -> list[str] | None:
        """The whole table as a list, None if it lies in a file."""
        return self._texts if self._file is None else None

    def append(self, value: str) -> None:
        """Add a text at the end."""
        if self._file is None:
            self._texts.append(value)
            # A short text costs more than its characters.
            self._size += len(value) + 64
            if self._size > self._in_memory:
                self._spill()
            return
        self._write(value)

    def extend(self, values: Sequence[str]) -> None:
        """Add texts at the end."""
        size = self._size + sum(map(len, values)) + 64 * len(values)
        if self._file is None and size <= self._in_memory:
            self._texts += values
            self._size = size
            return
        for value in values:
            self.append(value)

    def __getitem__(self, index: int) -> str:
        """The text of this number.

        Raises:
            IndexError: there is none.
        """
        if self._file is None:
            if index < 0:
                raise IndexError(index)
            return self._texts[index]
        known = self._cache.get(index)
        if known is None:
            if not 0 <= index < len(self._offsets) - 1:
                raise IndexError(index)
            begin, end = self._offsets[index], self._offsets[index + 1]
            self._file.seek(begin)
            known = self._file.read(end - begin).decode("utf-8", "surrogatepass")
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            self._cache[index] = known
        return known

    def close(self) -> None:
        """Remove the temporary file."""
        if self._file is not None:
            self._file.close()

    def _spill(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="connect-strings-")  # noqa: SIM115  # closed by `close`
        texts, self._texts = self._texts, []
        for value in texts:
            self._write(value)

    def _write(self, value: str) -> None:
        assert self._file is not None  # noqa: S101  # only called once it is open
        raw = value.encode("utf-8", "surrogatepass")
        self._file.seek(self._offsets[-1])
        self._file.write(raw)
        self._offsets.append(self._offsets[-1] + len(raw))


def read_strings(chunks: Iterable[bytes], into: SharedStrings) -> None:
    """Read the part ``sharedStrings.xml``; phonetic hints are left out, rich texts become plain.

    Tables that are written as all common programs do are read quickly, others by a real XML parser.

    Raises:
        SheetError: it is not well-formed.
    """
    pieces = iter(chunks)
    try:
        rest = _read_quickly(pieces, into)
        if rest is None:
            return
        reading = _Reading(into)
        for chunk in rest:
            reading.parser.Parse(chunk, False)
        reading.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise SheetError(f"the shared strings are no XML: {error}") from error
    except UnicodeDecodeError as error:
        raise SheetError(f"the shared strings are not in the encoding that they claim: {error.reason}") from error


def _read_quickly(chunks: Iterator[bytes], into: SharedStrings) -> Iterator[bytes] | None:
    """Read plain entries as long as there is nothing unusual; what is left for the parser, None if nothing is."""
    buffer = next(chunks, b"")
    begin = _BEGIN.match(buffer)
    if begin is None or _ENCODING.search(begin[1] or b""):
        return chain((buffer,), chunks)
    opening, buffer = begin[0], buffer[begin.end() :]
    while True:
        # Looking for one character is far quicker, and hardly any text has it.
        if b"!" in buffer and b"<!" in buffer:
            return chain((opening, buffer), chunks)
        cut = buffer.rfind(b"</si>") + 5
        if cut > 4:
            entries, buffer = buffer[:cut], buffer[cut:]
            found = _TEXT.findall(entries.decode("utf-8"))
            if ("", "<") in found:
                return chain((opening, entries, buffer), chunks)
            for other, alike in groupby(found, itemgetter(1)):
                if other:
                    for _ in alike:
                        _Reading(into).parser.Parse(opening + other.encode() + b"</sst>", True)
                else:
                    into.extend(_decoded([value for value, _ in alike], entries))
        chunk = next(chunks, None)
        if chunk is None:
            # The parser sees to it that the part ends as it should.
            return iter((opening, buffer))
        buffer += chunk


def _decoded(texts: list[str], entries: bytes) -> list[str]:
    if b"\r" in entries:
        texts = [value.replace("\r\n", "\n").replace("\r", "\n") for value in texts]
    if b"&" in entries or (b"_" in entries and b"_x" in entries):
        return list(map(text.decode, texts))
    return texts


class _Reading:
    def __init__(self, into: SharedStrings) -> None:
        self._into = into
        self._pieces: list[str] = []
        self._in_text = False
        self._phonetic = 0
        self.parser = xml.safe_parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _start(self, name: str, _: dict[str, str]) -> None:
        name = xml.local(name)
        if name == "si":
            self._pieces = []
        elif name == "rPh":
            self._phonetic += 1
        elif name == "t" and not self._phonetic:
            self._in_text = True

    def _end(self, name: str) -> None:
        name = xml.local(name)
        if name == "si":
            self._into.append(text.decode_escapes("".join(self._pieces)))
        elif name == "rPh":
            self._phonetic -= 1
        elif name == "t":
            self._in_text = False

    def _characters(self, data: str) -> None:
        if self._in_text:
            self._pieces.append(data)
