"""Bytes of files, compressed or not, in blocks, with clear errors for what is not data."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from dslint.errors import InputError
from dslint.helpers.lazy_re import pattern

BLOCK = 1 << 20
COMPRESSIONS = (".gz", ".zst", ".bz2", ".xz")
MAX_RATIO = 1000
"""Compression ratio above which a file is taken for a decompression bomb."""
FREE_BYTES = 1 << 28
"""Decompressed size that is accepted at any ratio, in bytes."""
ROWS_PER_BYTE = 10
"""Records per compressed byte above which a file is taken for a bomb: each costs time."""
FREE_ROWS = 1_000_000
"""Number of records that is accepted in a file of any size."""
UNPACK_IT = "if this is intended, decompress it yourself: uncompressed files have no such limit"

MAX_XZ_MEMORY = 1 << 28
"""Memory limit for xz decompression, in bytes; the highest preset needs 65 MiB."""

_MAGIC = (
    (b"\x1f\x8b", ".gz"),
    (b"\x28\xb5\x2f\xfd", ".zst"),
    (b"BZh", ".bz2"),
    (b"\xfd7zXZ\0", ".xz"),
)
_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_TABLES = (b"PAR1", b"ARROW1", b"\xff\xff\xff\xff")
_NO_TEXT = pattern(rb"[\x00-\x08\x0e-\x1f]")
_LFS = b"version https://git-lfs.github.com/spec/"
_ANNEX = (b"/annex/objects/", b"../.git/annex/objects/")


def suffix(path: str) -> str:
    """Return the format suffix of a path, without a compression suffix."""
    name = Path(path)
    return (
        Path(name.stem).suffix.lower()
        if name.suffix.lower() in COMPRESSIONS
        else name.suffix.lower()
    )


class Probe(Struct, frozen=True):
    """What the first look at a file tells; a file that has not changed is looked at once."""

    size: int
    """Bytes on disk."""
    head: bytes
    """The first 512 bytes, as they are on disk."""
    compression: str
    """The suffix of its compression, or an empty string."""


def probe(location: str) -> Probe:
    """Return what the first bytes of a file tell. Raises OSError if it cannot be read."""
    status = Path(location).stat()
    return _probe(location, status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=1024)
def _probe(location: str, size: int, *_: int) -> Probe:
    with Path(location).open("rb", buffering=0) as stream:
        head = stream.read(512) or b""
    return Probe(size, head, _compression(location, head))


def _compression(location: str, head: bytes) -> str:
    """Return the compression by the first bytes, or by the name unless the content is text."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    last = Path(location).suffix.lower()
    return last if last in COMPRESSIONS and _NO_TEXT.search(head) else ""


def compression(location: str) -> str:
    """Return the suffix of the compression that a file has, or an empty string."""
    try:
        return probe(location).compression
    except OSError:
        return _compression(location, b"\0")


def examine(location: str) -> int:
    """Return the size of a data file.

    Raises InputError if it is missing or unreadable, or a placeholder for data stored elsewhere.
    """
    path = Path(location)
    try:
        mode = path.stat().st_mode
        # Opening a pipe would block until there is a writer.
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise InputError(
                "is a pipe or a device, not a file",
                "pipe its content to standard input: dslint check -",
            )
        found = probe(location)
    except FileNotFoundError:
        if path.is_symlink() and "annex/objects" in os.readlink(path):
            raise InputError(
                "git-annex link without its content", "run: git annex get", "data-pointer"
            ) from None
        if Path(f"{location}.dvc").exists():
            raise InputError(
                "the data is stored by DVC, not here", "run: dvc pull", "data-pointer"
            ) from None
        raise InputError(
            "no such file", "check the path, or `files` in the configuration"
        ) from None
    except IsADirectoryError:
        raise InputError("is a folder, not a file") from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", "check its permissions") from None
    head = found.head
    if head.startswith(_LFS):
        raise InputError("is a Git LFS pointer, not the data", "run: git lfs pull", "data-pointer")
    if head.startswith(_ANNEX):
        raise InputError(
            "is a git-annex pointer, not the data", "run: git annex get", "data-pointer"
        )
    if other := _wide(_unpacked_head(location) if found.compression else head):
        what = other.removesuffix("LE").removesuffix("BE")
        raise InputError(f"is {what}; dslint reads UTF-8", f"convert it: iconv -f {other} -t UTF-8")
    return found.size


def _unpacked_head(location: str) -> bytes:
    try:
        return next(chunks(location), b"")[:512]
    except InputError:
        return b""


def _wide(head: bytes) -> str:
    """Return the encoding of UTF-16 or UTF-32 text, or an empty string for other content.

    It is recognized by its byte order mark, or by its share of zero bytes. Without a mark, the name
    includes the byte order.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if head.startswith(_TABLES) or len(head) < 4 or b"\0" not in head:
        return ""
    size = len(head) // 4 * 4
    filled = [any(head[place:size:4]) for place in range(4)]
    if filled in ([True, False, False, False], [True, True, False, False]) and size >= 8:
        return "UTF-32LE"
    if filled in ([False, False, False, True], [False, False, True, True]) and size >= 8:
        return "UTF-32BE"
    first, second = head[0::2].count(0), head[1::2].count(0)
    # Much of any text, such as white space and format syntax, is ASCII in any language.
    enough = min(max(4, len(head) // 16), len(head) // 2)
    if second >= enough and not first:
        return "UTF-16LE"
    return "UTF-16BE" if first >= enough and not second else ""


def most_rows(location: str) -> int | None:
    """Return the maximum number of records of a compressed file; None for an uncompressed one."""
    return (
        max(FREE_ROWS, ROWS_PER_BYTE * os.path.getsize(location)) if compression(location) else None
    )


def chunks(
    location: str, start: int = 0, stop: int | None = None, step: int | None = None
) -> Iterator[bytes]:
    """Yield the decompressed bytes of a file, or a range of an uncompressed one in given steps.

    Raises InputError where the file ends early.
    """
    compressed = compression(location)
    step = min(step or BLOCK, BLOCK)
    try:
        if compressed:
            yield from _bounded(location, _UNPACK[compressed](location))
        else:
            with Path(location).open("rb", buffering=0) as stream:
                stream.seek(start)
                left = step if stop is None else stop - start
                while left and (block := stream.read(min(step, left))):
                    yield block
                    left = step if stop is None else left - len(block)
    except OSError as error:
        raise InputError(
            f"cannot be read further: {error.strerror or 'input/output error'}"
        ) from None


def _bounded(location: str, parts: Iterator[bytes]) -> Iterator[bytes]:
    limit = max(FREE_BYTES, MAX_RATIO * Path(location).stat().st_size)
    total = 0
    for part in parts:
        total += len(part)
        if total > limit:
            raise InputError(
                f"expands to more than {limit:,} bytes: possible decompression bomb", UNPACK_IT
            )
        yield part


def _gunzip(location: str) -> Iterator[bytes]:
    with Path(location).open("rb") as stream:
        member = zlib.decompressobj(31)
        pending = b""
        started = False
        while pending or (pending := stream.read(BLOCK)):
            if member.eof:
                pending = pending.lstrip(b"\0")  # padding after the last member is valid
                if not pending:
                    continue
                member = zlib.decompressobj(31)
            try:
                part = member.decompress(pending, BLOCK)
            except zlib.error:
                raise InputError(
                    "is damaged: not valid gzip data from here on", "create the file again"
                ) from None
            started = True
            pending = member.unused_data if member.eof else member.unconsumed_tail
            if part:
                yield part
        while started and not member.eof and (part := member.decompress(b"", BLOCK)):
            yield part
        if started and not member.eof:
            raise InputError("ends early: truncated gzip data", "create or download the file again")


def _unzstd(location: str) -> Iterator[bytes]:
    import pyarrow as pa

    with pa.OSFile(location, "rb") as raw, pa.CompressedInputStream(raw, "zstd") as stream:
        while True:
            try:
                # Small steps: what a step has read before an error in the data is lost.
                part = stream.read(BLOCK // 16)
            except OSError as error:
                what = (
                    "ends early: truncated" if "runcated" in str(error) else "is damaged: not valid"
                )
                raise InputError(f"{what} zstd data", "create or download the file again") from None
            if not part:
                return
            yield part


class _Decompressor(Protocol):
    """Common interface of `bz2` and `lzma`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _unbz2(location: str) -> Iterator[bytes]:
    from bz2 import BZ2Decompressor

    yield from _streams(location, "bzip2", BZ2Decompressor)


def _unxz(location: str) -> Iterator[bytes]:
    from lzma import FORMAT_XZ, LZMADecompressor

    yield from _streams(location, "xz", lambda: LZMADecompressor(FORMAT_XZ, memlimit=MAX_XZ_MEMORY))


def _streams(location: str, name: str, make: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """Yield the content of all streams of a file."""
    from lzma import LZMAError

    with Path(location).open("rb") as stream:
        member = make()
        pending = stream.read(BLOCK)
        while pending or not member.needs_input:
            try:
                part = member.decompress(pending, BLOCK // 16)
            except (LZMAError, OSError, ValueError):
                raise InputError(
                    f"is damaged: not valid {name} data from here on", "create the file again"
                ) from None
            if part:
                yield part
            pending = b""
            if member.eof:
                # Zero bytes between or after xz streams are valid padding.
                pending = member.unused_data.lstrip(b"\0")
                while not pending and (pending := stream.read(BLOCK)):
                    pending = pending.lstrip(b"\0")
                if not pending:
                    return
                member = make()
            elif member.needs_input:
                pending = stream.read(BLOCK)
        raise InputError(f"ends early: truncated {name} data", "create or download the file again")


_UNPACK: dict[str, Callable[[str], Iterator[bytes]]] = {
    ".gz": _gunzip,
    ".zst": _unzstd,
    ".bz2": _unbz2,
    ".xz": _unxz,
}
