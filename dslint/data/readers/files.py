"""Bytes of files: plain or compressed, in blocks, with clear errors for what is not data."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from dslint.errors import InputError
from dslint.helpers.lazy_re import pattern

BLOCK = 1 << 20
COMPRESSIONS = (".gz", ".zst", ".bz2", ".xz")
MAX_RATIO = 1000
"""Decompressed bytes per compressed byte beyond which a file is taken for a decompression bomb."""
FREE_BYTES = 1 << 28
"""Decompressed bytes that no file is refused for, whatever its ratio."""
ROWS_PER_BYTE = 10
"""Records per compressed byte beyond which a file is taken for a bomb: each takes more time than its bytes tell."""
FREE_ROWS = 1_000_000
"""Records that no file is refused for."""
UNPACK_IT = "unpack it yourself, if it is meant to be so large: plain files have no such limit"

MAX_XZ_MEMORY = 1 << 28
"""Bytes of memory that an xz file may ask for; the strongest usual setting asks for 65 MiB."""

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
    """Return the format suffix of a path, without that of its compression."""
    name = Path(path)
    return (
        Path(name.stem).suffix.lower()
        if name.suffix.lower() in COMPRESSIONS
        else name.suffix.lower()
    )


def compression(location: str) -> str:
    """Return the suffix of the compression that a file has by its first bytes, or an empty string.

    A name that promises compression is believed unless the content is plain text.
    """
    try:
        with Path(location).open("rb") as stream:
            head = stream.read(512)
    except OSError:
        head = b"\0"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    last = Path(location).suffix.lower()
    return last if last in COMPRESSIONS and _NO_TEXT.search(head) else ""


def examine(location: str) -> int:
    """Return the size of a data file. Raises InputError for what is missing, unreadable, or stands in for data kept elsewhere."""
    path = Path(location)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(
            status.st_mode
        ):  # opening a pipe would wait for its writer
            raise InputError(
                "is a pipe or a device, not a file",
                "pass its content as the standard input: dslint check -",
            )
        size = status.st_size
        with path.open("rb") as stream:
            head = stream.read(512)
    except FileNotFoundError:
        if path.is_symlink() and "annex/objects" in os.readlink(path):
            raise InputError(
                "git-annex link without its content", "run: git annex get", "data-pointer"
            ) from None
        if Path(f"{location}.dvc").exists():
            raise InputError(
                "the data is kept by DVC and not here", "run: dvc pull", "data-pointer"
            ) from None
        raise InputError(
            "no such file", "check the path, or `files` in the configuration"
        ) from None
    except IsADirectoryError:
        raise InputError("is a folder, not a file") from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", "check its permissions") from None
    if head.startswith(_LFS):
        raise InputError("is a Git LFS pointer, not the data", "run: git lfs pull", "data-pointer")
    if head.startswith(_ANNEX):
        raise InputError(
            "is a git-annex pointer, not the data", "run: git annex get", "data-pointer"
        )
    if other := _wide(head if not compression(location) else _unpacked_head(location)):
        what = other.removesuffix("LE").removesuffix("BE")
        raise InputError(f"is {what}; dslint reads UTF-8", f"convert it: iconv -f {other} -t UTF-8")
    return size


def _unpacked_head(location: str) -> bytes:
    try:
        return next(chunks(location), b"")[:512]
    except InputError:
        return b""


def _wide(head: bytes) -> str:
    """Return the encoding of text that begins with the mark of UTF-16 or UTF-32, or has as many empty bytes; nothing for other content.

    Where there is no mark, the name says which byte of a character comes first.
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
    # Much of a text, as white space and the marks of a format, is ASCII in any language.
    enough = min(max(4, len(head) // 16), len(head) // 2)
    if second >= enough and not first:
        return "UTF-16LE"
    return "UTF-16BE" if first >= enough and not second else ""


def most_rows(location: str) -> int | None:
    """Return how many records a compressed file may have, by its size; None for a plain one, which is its own limit."""
    return (
        max(FREE_ROWS, ROWS_PER_BYTE * os.path.getsize(location)) if compression(location) else None
    )


def chunks(
    location: str, start: int = 0, stop: int | None = None, step: int | None = None
) -> Iterator[bytes]:
    """Yield the decompressed bytes of a file, or a range of a plain one in steps of so many. Raises InputError where they end early."""
    packed = compression(location)
    step = min(step or BLOCK, BLOCK)
    try:
        if packed:
            yield from _bounded(location, _UNPACK[packed](location))
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
            raise InputError(f"expands beyond {limit:,} bytes: a decompression bomb?", UNPACK_IT)
        yield part


def _gunzip(location: str) -> Iterator[bytes]:
    with Path(location).open("rb") as stream:
        member = zlib.decompressobj(31)
        pending = b""
        started = False
        while pending or (pending := stream.read(BLOCK)):
            if member.eof:
                pending = pending.lstrip(b"\0")  # padding after the last member is legal
                if not pending:
                    continue
                member = zlib.decompressobj(31)
            try:
                part = member.decompress(pending, BLOCK)
            except zlib.error:
                raise InputError(
                    "is damaged: not valid gzip data from here on", "make the file again"
                ) from None
            started = True
            pending = member.unused_data if member.eof else member.unconsumed_tail
            if part:
                yield part
        while started and not member.eof and (part := member.decompress(b"", BLOCK)):
            yield part
        if started and not member.eof:
            raise InputError("ends early: truncated gzip data", "make or fetch the file again")


def _unzstd(location: str) -> Iterator[bytes]:
    import pyarrow as pa

    with pa.OSFile(location, "rb") as raw, pa.CompressedInputStream(raw, "zstd") as stream:
        while True:
            try:
                # Small steps: what a step has read when the data turns out to be damaged is lost.
                part = stream.read(BLOCK // 16)
            except OSError as error:
                what = (
                    "ends early: truncated" if "runcated" in str(error) else "is damaged: not valid"
                )
                raise InputError(f"{what} zstd data", "make or fetch the file again") from None
            if not part:
                return
            yield part


class _Decompressor(Protocol):
    """What `bz2` and `lzma` have in common."""

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
    """Yield what the streams of a file hold, one behind the other."""
    from lzma import LZMAError

    with Path(location).open("rb") as stream:
        member = make()
        pending = stream.read(BLOCK)
        while pending or not member.needs_input:
            try:
                part = member.decompress(pending, BLOCK // 16)
            except (LZMAError, OSError, ValueError):
                raise InputError(
                    f"is damaged: not valid {name} data from here on", "make the file again"
                ) from None
            if part:
                yield part
            pending = b""
            if member.eof:
                # Bytes of zero between or behind xz streams are legal padding.
                pending = member.unused_data.lstrip(b"\0")
                while not pending and (pending := stream.read(BLOCK)):
                    pending = pending.lstrip(b"\0")
                if not pending:
                    return
                member = make()
            elif member.needs_input:
                pending = stream.read(BLOCK)
        raise InputError(f"ends early: truncated {name} data", "make or fetch the file again")


_UNPACK: dict[str, Callable[[str], Iterator[bytes]]] = {
    ".gz": _gunzip,
    ".zst": _unzstd,
    ".bz2": _unbz2,
    ".xz": _unxz,
}
