"""The format of a file: from its content where that is unambiguous, else from its name."""

from __future__ import annotations

from collections.abc import Sequence

from dslint.data.protocols import Reader
from dslint.data.readers.collect import BOM, REFUSED, decode_json
from dslint.data.readers.files import BLOCK, chunks, suffix
from dslint.errors import InputError
from dslint.helpers.lazy_re import pattern

_ARRAY_OF_OBJECTS = pattern(rb"\s*\[\s*\{")
_SAMPLE_LINES = 20
"""Number of lines to look at."""


def reader_for(path: str, location: str, known: Sequence[Reader]) -> tuple[Reader, str | None]:
    """Return the reader for a file, and a note if its content does not match its name.

    Raises InputError if no reader fits.
    """
    kind = suffix(path)
    named = next((reader for reader in known if kind in reader.suffixes), None)
    content = _format(head(location), None if named is None else named.name)
    reader = (
        named
        if content is None
        else next((reader for reader in known if reader.name == content), named)
    )
    if reader is None:
        readable = ", ".join(suffix for reader in known for suffix in reader.suffixes)
        what = kind or (
            "standard input that is neither JSON, Parquet nor Arrow"
            if path == "<stdin>"
            else "files without a suffix"
        )
        hint = "state its name: --stdin-filename NAME; " if path == "<stdin>" else ""
        raise InputError(
            f"no reader for {what}",
            f"{hint}dslint reads {readable}, also as .gz, .zst, .bz2 and .xz",
        )
    if named is None:
        return reader, f"{path}: read as {reader.name}, by its content"
    if reader is not named:
        return (
            reader,
            f"{path}: read as {reader.name} by its content, although named as {named.name}",
        )
    return reader, None


def head(location: str, size: int = BLOCK) -> bytes:
    """Return the first bytes of a file, decompressed, or nothing if it cannot be read.

    An uncompressed file gives at most `size` bytes.
    """
    try:
        return next(chunks(location, step=size), b"")
    except InputError:
        return b""


def _format(start: bytes, named: str | None) -> str | None:
    """Return the name of the format that the first bytes show, or None to go by the file name."""
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith((b"ARROW1\0\0", b"\xff\xff\xff\xff")):
        return "arrow"
    text = start.removeprefix(BOM).lstrip(b" \t\r\n")
    if named in ("json", "jsonl") or (named is None and text[:1] in (b"[", b"{")):
        return _json_format(text, named)
    return None


def _json_format(text: bytes, named: str | None) -> str | None:
    """Return whether a file is JSON Lines or one document, or None to go by the file name.

    The first line of a document is a complete value only if it is the only line.
    """
    lines = [line for line in text.split(b"\n", _SAMPLE_LINES)[:_SAMPLE_LINES] if line.strip()]
    complete = [decodes(line) for line in lines]
    if len(lines) > 1 and complete[0]:
        return "jsonl"
    if named == "jsonl":
        return (
            "json"
            if _ARRAY_OF_OBJECTS.match(text)
            and (len(lines) > 1 or not complete[0] or _is_records(lines[0]))
            else None
        )
    # The first line may be the damaged one.
    return (
        "jsonl"
        if text[:1] == b"{"
        and sum(ok and line[:1] == b"{" for ok, line in zip(complete[1:], lines[1:], strict=True))
        > 1
        else "json"
    )


def decodes(line: bytes) -> bool:
    """Return whether a line is a complete JSON value."""
    try:
        decode_json(line)
    except REFUSED:
        return False
    return True


def _is_records(line: bytes) -> bool:
    return all(type(value) is dict for value in decode_json(line))
