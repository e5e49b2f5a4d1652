"""The format of a file: by its content where that leaves no doubt, else by its name."""

from __future__ import annotations

from collections.abc import Sequence

from dslint.data.protocols import Reader
from dslint.data.readers.collect import BOM, REFUSED, decode_json
from dslint.data.readers.files import BLOCK, chunks, suffix
from dslint.errors import InputError
from dslint.helpers.lazy_re import pattern

_ARRAY_OF_OBJECTS = pattern(rb"\s*\[\s*\{")
_LOOKED_AT = 20
"""Lines of a file that are looked at."""


def reader_for(path: str, location: str, known: Sequence[Reader]) -> tuple[Reader, str | None]:
    """Return the reader for a file, and a note where its content is not what its name says; raises InputError where there is none."""
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
        hint = "say what it is: --stdin-filename NAME; " if path == "<stdin>" else ""
        raise InputError(
            f"no reader for {what}",
            f"{hint}dslint reads {readable}, also as .gz, .zst, .bz2 and .xz",
        )
    if named is None:
        return reader, f"{path}: read as {reader.name}, by its content"
    if reader is not named:
        return reader, f"{path}: named as {named.name}, but read as {reader.name}, which it holds"
    return reader, None


def head(location: str, size: int = BLOCK) -> bytes:
    """Return the first bytes of a file, decompressed, so many at most where it is a plain one; nothing where it cannot be read."""
    try:
        return next(chunks(location, step=size), b"")
    except InputError:
        return b""


def _format(start: bytes, named: str | None) -> str | None:
    """Return the name of the format that the first bytes of a file show, None where the name of the file decides."""
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith((b"ARROW1\0\0", b"\xff\xff\xff\xff")):
        return "arrow"
    text = start.removeprefix(BOM).lstrip(b" \t\r\n")
    if named in ("json", "jsonl") or (named is None and text[:1] in (b"[", b"{")):
        return _json_format(text, named)
    return None


def _json_format(text: bytes, named: str | None) -> str | None:
    """Tell JSON Lines from one document. The first line of a document is a whole value only if it is the only line."""
    lines = [line for line in text.split(b"\n", _LOOKED_AT)[:_LOOKED_AT] if line.strip()]
    whole = [decodes(line) for line in lines]
    if len(lines) > 1 and whole[0]:
        return "jsonl"
    if named == "jsonl":
        return (
            "json"
            if _ARRAY_OF_OBJECTS.match(text)
            and (len(lines) > 1 or not whole[0] or _is_records(lines[0]))
            else None
        )
    # The first line may be the damaged one.
    return (
        "jsonl"
        if text[:1] == b"{"
        and sum(ok and line[:1] == b"{" for ok, line in zip(whole[1:], lines[1:], strict=True)) > 1
        else "json"
    )


def decodes(line: bytes) -> bool:
    """Return whether a line is a whole JSON value."""
    try:
        decode_json(line)
    except REFUSED:
        return False
    return True


def _is_records(line: bytes) -> bool:
    return all(type(value) is dict for value in decode_json(line))
