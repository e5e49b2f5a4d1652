"""Sizes that an Arrow file or stream declares, read from its messages before decoding.

pyarrow trusts these: it allocates the declared size of a compressed buffer, stops at the end of
the first of several streams, and reads of a file what its last footer lists. The few fields needed
are parsed from the flatbuffers by hand, following the Arrow format.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack_from
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"ARROW1"
_HEAD = 8
"""Bytes of a file before its first message: the magic bytes, and two of padding."""
_TAIL = 4 + len(MAGIC)
"""Bytes of a file after its footer: the length of the footer, and the magic bytes."""


PADDING = 8
"""Bytes allowed between the last message of a file and its footer: the end-of-stream marker."""


def declared(source: pa.NativeFile, end: int) -> Iterator[tuple[bool, int]]:
    """Yield for each message whether it holds records, and its decompressed size.

    Reads from the current position to `end` or the end of the stream. Raises what pyarrow or
    `struct` raise for damaged data.
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
    """Return the offset of the footer of a file, computed from the length at its end."""
    size = source.size()
    source.seek(size - _TAIL)
    return int(size - _TAIL - unpack_from("<i", source.read(4))[0])


def to_messages(source: pa.NativeFile) -> None:
    """Seek to the first message of a file."""
    source.seek(_HEAD)


def _expanded(message: Any) -> int:
    """Return the decompressed size of the body of a message, as declared."""
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
        total += length if size < 0 else size  # -1 marks a buffer that is not compressed
    return total


def _follow(data: memoryview, at: int) -> int:
    return at + int(unpack_from("<I", data, at)[0])


def _table(data: memoryview, at: int) -> int:
    if not at:
        raise ValueError("a message without a header")
    return _follow(data, at)


def _field(data: memoryview, table: int, number: int) -> int:
    """Return the position of a field in a table, 0 if absent."""
    fields = table - int(unpack_from("<i", data, table)[0])
    place = 4 + 2 * number
    if place >= unpack_from("<H", data, fields)[0]:
        return 0
    offset = int(unpack_from("<H", data, fields + place)[0])
    return table + offset if offset else 0
