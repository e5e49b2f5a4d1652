"""What an Arrow file or stream declares, read from its messages before anything is decoded.

pyarrow takes a message at its word: it allocates what a compressed buffer says that it holds, stops at the end of the first of several streams, and
of a file reads what its last footer lists. The few fields that tell are taken from the flatbuffers by hand, as the Arrow format lays them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack_from
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"ARROW1"
_HEAD = 8
"""Bytes of a file before its first message: the mark, and two of padding."""
_TAIL = 4 + len(MAGIC)
"""Bytes of a file behind its footer: the footer's length, and the mark."""


PADDING = 8
"""Bytes that may lie between the last message of a file and its footer: the end of the stream."""


def declared(source: pa.NativeFile, end: int) -> Iterator[tuple[bool, int]]:
    """Go through the messages of a stream, from here to its end or to `end`.

    Yield for each whether it holds records, and the bytes that it expands to. Raises what pyarrow or `struct` raise for damage.
    """
    import pyarrow as pa

    reader = pa.ipc.MessageReader.open_stream(source)
    while source.tell() < end:
        try:
            message = reader.read_next_message()
        except (StopIteration, EOFError):
            return
        if message.type in ("record batch", "dictionary batch"):
            yield message.type == "record batch", _expanded(message)


def footer_begins(source: pa.NativeFile) -> int:
    """Return where the footer of a file begins, by its length at the end."""
    size = source.size()
    source.seek(size - _TAIL)
    return int(size - _TAIL - unpack_from("<i", source.read(4))[0])


def to_messages(source: pa.NativeFile) -> None:
    """Go to the first message of a file."""
    source.seek(_HEAD)


def _expanded(message: Any) -> int:
    """Return the bytes that the body of a message has once it is decompressed, as it says itself."""
    data = memoryview(message.metadata)
    batch = _table(data, _field(data, _follow(data, 0), 2))
    if message.type == "dictionary batch":
        batch = _table(data, _field(data, batch, 1))
    buffers, compressed = _field(data, batch, 2), _field(data, batch, 3)
    body = message.body
    if not compressed or not buffers or body is None:
        return 0 if body is None else int(body.size)
    content = memoryview(body)
    total = 0
    vector = _follow(data, buffers)
    for number in range(unpack_from("<I", data, vector)[0]):
        offset, length = unpack_from("<qq", data, vector + 4 + 16 * number)
        size = unpack_from("<q", content, offset)[0] if length else 0
        total += length if size < 0 else size  # -1 is said of a buffer that is stored as it is
    return total


def _follow(data: memoryview, at: int) -> int:
    return at + int(unpack_from("<I", data, at)[0])


def _table(data: memoryview, at: int) -> int:
    if not at:
        raise ValueError("a message without its header")
    return _follow(data, at)


def _field(data: memoryview, table: int, number: int) -> int:
    """Return where a field of a table is, 0 for none."""
    fields = table - int(unpack_from("<i", data, table)[0])
    place = 4 + 2 * number
    if place >= unpack_from("<H", data, fields)[0]:
        return 0
    offset = int(unpack_from("<H", data, fields + place)[0])
    return table + offset if offset else 0
