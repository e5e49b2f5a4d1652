"""Parquet and Arrow files, read in batches through pyarrow.

They have rows but no lines. A shard is a range of row groups or record batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from mmap import ACCESS_READ, mmap
from os.path import getsize
from struct import error as struct_error
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec.structs import replace

from dslint.data.batch import Batch
from dslint.data.readers import files, messages
from dslint.data.readers.cells import cells
from dslint.data.readers.collect import BATCH, Collector, unique_names
from dslint.data.readers.files import BLOCK, FREE_BYTES, MAX_RATIO, compression
from dslint.errors import InputError
from dslint.helpers.pointers import escape
from dslint.model import Input, Shape, Shard

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BATCH_BYTES = 8 * BLOCK
FREE_CELLS = 10_000_000
"""Rows, or values of a column, that are accepted in a file of any size."""
CELLS_PER_BYTE = 20
"""Rows, or values of a column, per byte beyond which a file is taken for a decompression bomb.

Text takes more space than that.
"""
MAX_BATCH_BYTES = 1 << 30
"""Maximum decompressed size of an Arrow record batch, all of which is decoded at once."""
FIELD_TWICE = "a struct has a duplicate field name; it is read under another name"
KEY_TWICE = "a map has a duplicate key; it is read under another name"
ODD_RATIO = 100
"""Compression ratio of a column above which rows are decoded one by one: any may be huge."""


class Parquet:
    """Reader of `.parquet` files."""

    name = "parquet"
    suffixes: tuple[str, ...] = (".parquet",)

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """Cut between row groups. Unreadable metadata is left for `read` to report."""
        try:
            with _parquet(location) as file:
                groups = [
                    file.metadata.row_group(number)
                    for number in range(file.metadata.num_row_groups)
                ]
                return _shards(
                    item,
                    location,
                    ((group.num_rows, group.total_byte_size) for group in groups),
                    size,
                )
        except InputError:
            return [Shard(input=item, location=location)]

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """Yield the rows in the row groups of the shard."""
        rows = _Rows(shard, shape, max_record, max_depth)
        with _add_position(rows), _parquet(shard.location) as file:
            metadata = file.metadata
            _refuse_bomb(metadata, getsize(shard.location))
            if shard.start == 0:
                _refuse_concatenated(metadata, shard.location)
            stop = metadata.num_row_groups if shard.stop is None else shard.stop
            for number in range(shard.start, stop):
                rows.enter(number)
                group = metadata.row_group(number)
                before = rows.row
                for part in _decoded(
                    file.iter_batches(_batch_size(group), row_groups=[number], use_threads=False)
                ):
                    yield from rows.take(part)
                if rows.row - before != group.num_rows:
                    raise InputError(
                        f"is damaged: row group {number} has {rows.row - before} rows, "
                        f"but its metadata says {group.num_rows}"
                    )


class Arrow:
    """Reader of Arrow IPC files and streams, including Feather version 2."""

    name = "arrow"
    suffixes: tuple[str, ...] = (".arrow", ".feather", ".ipc")

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """Cut a file between record batches. A stream stays whole: it has no index."""
        if item.bytes > size:
            try:
                with _ipc(location, checked=False) as reader:
                    if hasattr(reader, "num_record_batches"):
                        parts = (
                            reader.get_batch(number) for number in range(reader.num_record_batches)
                        )
                        return _shards(
                            item,
                            location,
                            [(part.num_rows, part.nbytes) for part in _decoded(parts)],
                            size,
                        )
            except InputError:
                pass
        return [Shard(input=item, location=location)]

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """Yield the rows in the record batches of the shard."""
        rows = _Rows(shard, shape, max_record, max_depth)
        with _add_position(rows), _ipc(shard.location, checked=shard.start > 0) as reader:
            if hasattr(reader, "num_record_batches"):
                for number in range(
                    shard.start, reader.num_record_batches if shard.stop is None else shard.stop
                ):
                    rows.enter(number)
                    for part in _decoded(reader.get_batch(number) for _ in range(1)):
                        yield from rows.take(part)
            else:
                rows.placed = False
                for part in _decoded(reader):
                    yield from rows.take(part)


class _Rows(Collector):
    """The rows of a shard; an offset is the number of a row group or record batch."""

    decoded = 0

    def __init__(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> None:
        super().__init__(shard, shape, max_record, max_depth)
        self.size = getsize(shard.location)
        self.most = max(files.FREE_ROWS, files.ROWS_PER_BYTE * self.size)

    def enter(self, number: int) -> None:
        """Start a row group or record batch, from which the file can be read again."""
        self.offset = number
        self.placed = True
        self.begin()

    def take(self, part: pa.RecordBatch) -> Iterator[Batch]:
        """Yield the rows of a decoded batch, split so that no piece is too large."""
        self.decoded += part.nbytes
        limit = max(FREE_BYTES, MAX_RATIO * self.size)
        if self.decoded > limit:
            raise InputError(
                f"expands to more than {limit:,} bytes: possible decompression bomb",
                "if this is intended, write it again with plain encoding and no compression",
            )
        step = max(1, min(BATCH, BATCH_BYTES * part.num_rows // max(1, part.nbytes)))
        names, notes = unique_names(part.schema.names)
        if self.row == 0:
            if max((depth(kind) for kind in part.schema.types), default=0) >= self.max_depth:
                raise InputError(
                    f"has columns that are nested more than {self.max_depth} levels deep",
                    "write flatter columns",
                )
            repeated = [
                name for name, kind in zip(names, part.schema.types, strict=True) if repeats(kind)
            ]
            for message in notes:
                self.note_duplicate(None, message)
            for name in repeated:
                self.note_duplicate(None, FIELD_TWICE, f"/{escape(name)}")
        for start in range(0, part.num_rows, step):
            self.convert(part.slice(start, step), names)
            yield from self.rest()
            self.placed = False
            self.begin()

    def convert(self, part: pa.RecordBatch, names: list[str]) -> None:
        """Add rows, one by one if any of them has a defect."""
        duplicates: list[str] = []
        fault = ""
        columns: list[list[Any]] = []
        if part.nbytes > self.max_record:
            fault = f"the record is longer than {self.max_record:,} bytes"
        else:
            try:
                columns = [cells(column, duplicates) for column in part.columns]
            except UnicodeDecodeError as error:
                fault = f"invalid UTF-8: byte 0x{error.object[error.start]:02X}"
            # pyarrow's own errors derive from these.
            except (ValueError, TypeError, ArithmeticError, NotImplementedError):
                fault = "a value that cannot be read"
        if (fault or duplicates) and part.num_rows > 1:
            for number in range(part.num_rows):
                self.convert(part.slice(number, 1), names)
        elif fault:
            self.bad(None, None, fault)
        else:
            if duplicates:
                self.note_duplicate(None, KEY_TWICE, "", repr(columns).encode(errors="replace"))
            for row in zip(*columns, strict=True) if columns else ((),) * part.num_rows:
                self.add(dict(zip(names, row, strict=True)), None)


def depth(kind: pa.DataType) -> int:
    """Return the nesting depth of a column type."""
    inner = (
        [kind.field(number).type for number in range(kind.num_fields)] if kind.num_fields else []
    )
    return 1 + max(map(depth, inner)) if inner else 0


def repeats(kind: pa.DataType) -> bool:
    """Return whether a struct within a type has a duplicate field name."""
    import pyarrow as pa

    fields = [kind.field(number) for number in range(kind.num_fields)] if kind.num_fields else []
    if pa.types.is_struct(kind) and len({field.name for field in fields}) < len(fields):
        return True
    return any(repeats(field.type) for field in fields)


def _shards(item: Input, location: str, parts: Iterable[tuple[int, int]], size: int) -> list[Shard]:
    """Join parts, given by rows and bytes, to shards of about `size` bytes."""
    cuts = [Shard(input=item, location=location)]
    row = filled = 0
    for number, (count, weight) in enumerate(parts):
        if filled and filled + weight > size:
            cuts[-1] = replace(cuts[-1], stop=number)
            cuts.append(Shard(input=item, location=location, start=number, first_row=row))
            filled = 0
        row += count
        filled += max(1, weight)
    return cuts


def _decoded(parts: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield valid record batches.

    Raises InputError for what pyarrow cannot decode, without its message, which may quote the data.
    """
    iterator = iter(parts)
    while True:
        with _input_errors("its data cannot be decoded from here on"):
            part = next(iterator, None)
            if part is None:
                return
            # Reading does not check offsets, and pyarrow would follow them anywhere.
            part.validate(full=False)
            for column in part.columns:
                _check(column)
        yield part


def _check(column: pa.Array) -> None:
    """Raise for offsets or indices out of range; invalid UTF-8 is left for its row to report."""
    import pyarrow as pa

    try:
        column.validate(full=True)
    except pa.ArrowInvalid as error:
        if "UTF8" not in str(error):
            raise


@contextmanager
def _parquet(location: str) -> Iterator[pq.ParquetFile]:
    _refuse_compressed(location)
    import pyarrow.parquet as pq

    with ExitStack() as stack:
        with _input_errors("its metadata cannot be read"):
            file = stack.enter_context(
                pq.ParquetFile(
                    location, pre_buffer=False, buffer_size=BLOCK, page_checksum_verification=True
                )
            )
        yield file


@contextmanager
def _ipc(location: str, *, checked: bool) -> Iterator[Any]:
    """Open an Arrow file, or yield the record batches of a stream.

    Its declared sizes are checked first, unless it was `checked` before.
    """
    _refuse_compressed(location)
    import pyarrow as pa

    with ExitStack() as stack:
        with _input_errors("its schema cannot be read"):
            source = stack.enter_context(pa.memory_map(location))
            is_file = source.read(len(messages.MAGIC)) == messages.MAGIC
            source.seek(0)
            reader = pa.ipc.open_file(source) if is_file else None
        if not checked:
            with _input_errors("its messages cannot be read"):
                _check_declared(source, reader)
        source.seek(0)
        yield reader or _streams(source)


def _streams(source: pa.NativeFile) -> Iterator[pa.RecordBatch]:
    """Yield the record batches of a stream, and of any streams after it."""
    import pyarrow as pa

    while source.tell() < source.size():
        yield from pa.ipc.open_stream(source)


def _check_declared(source: pa.NativeFile, reader: Any) -> None:
    """Raise InputError if an Arrow file or stream expands too much or would be read in part."""
    size = source.size()
    end = size if reader is None else messages.footer_begins(source)
    source.seek(0)
    if reader is not None:
        messages.to_messages(source)
    total = batches = 0
    while source.tell() < end:
        start = source.tell()
        if start and source.read(len(messages.MAGIC)) == messages.MAGIC and reader is None:
            raise InputError(
                "is an Arrow stream followed by an Arrow file", "put each into its own file"
            )
        source.seek(start)
        for is_batch, expanded in messages.declared(source, end):
            batches += is_batch
            total += expanded
            if expanded > max(MAX_BATCH_BYTES, size):
                raise InputError(
                    f"declares a record batch of {expanded:,} bytes: possible decompression bomb",
                    "write it again with smaller batches",
                )
            if total > max(FREE_BYTES, MAX_RATIO * size):
                _refuse(f"{total:,} bytes")
        if reader is not None:
            break
    if reader is not None and (
        batches != reader.num_record_batches or end - source.tell() > messages.PADDING
    ):
        raise InputError(
            "contains several Arrow files, of which only the last would be read",
            "put each into its own file",
        )


def _refuse_compressed(location: str) -> None:
    if packed := compression(location):
        raise InputError(
            f"is a {packed} file around a format with its own compression", "decompress it first"
        )


@contextmanager
def _input_errors(what: str) -> Iterator[None]:
    """Turn any error of pyarrow for damaged data into an InputError."""
    import pyarrow as pa

    try:
        yield
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        OverflowError,
        MemoryError,
        RuntimeError,
        struct_error,
    ):
        raise InputError(
            f"is damaged or not supported: {what}", "create or download the file again"
        ) from None


@contextmanager
def _add_position(rows: _Rows) -> Iterator[None]:
    """Add to an InputError how far the file was read."""
    try:
        yield
    except InputError as error:
        raise InputError(
            f"{error.message} (read up to row {rows.row})",
            error.hint,
            error.kind,
            rows.shard.input.path,
        ) from None


def _refuse_concatenated(metadata: Any, location: str) -> None:
    """Raise InputError if a file contains several Parquet files.

    The metadata at the end describes the last one only, with offsets that match the first.
    """
    end = 4
    for column in (
        column
        for group in _groups(metadata)
        for column in map(group.column, range(group.num_columns))
    ):
        start = (
            column.dictionary_page_offset if column.has_dictionary_page else column.data_page_offset
        )
        end = max(end, start + column.total_compressed_size)
    if getsize(location) - 8 - metadata.serialized_size <= end:
        return
    # Something lies in between: page indexes, or another file.
    import pyarrow as pa
    import pyarrow.parquet as pq

    with (
        open(location, "rb") as stream,
        mmap(stream.fileno(), 0, access=ACCESS_READ) as content,
        pa.memory_map(location) as source,
    ):
        at = content.find(b"PAR1PAR1")
        while at >= 0:
            source.seek(0)
            try:
                pq.ParquetFile(pa.BufferReader(source.read_buffer(at + 4)))
            except (pa.ArrowException, OSError):  # a value with the same bytes
                at = content.find(b"PAR1PAR1", at + 1)
                continue
            raise InputError(
                "contains several Parquet files, of which only the last would be read",
                "put each into its own file",
            )


def _refuse_bomb(metadata: Any, size: int) -> None:
    """Raise InputError if the metadata declares more than a real file of this size holds."""
    columns = [
        column
        for group in _groups(metadata)
        for column in map(group.column, range(group.num_columns))
    ]
    declared = sum(max(0, column.total_uncompressed_size) for column in columns)
    if declared > max(FREE_BYTES, MAX_RATIO * size):
        _refuse(f"{declared:,} bytes")
    most = max([metadata.num_rows, *(column.num_values for column in columns)])
    if most > max(FREE_CELLS, CELLS_PER_BYTE * size):
        _refuse(f"{most:,} values in a column")


def _groups(metadata: Any) -> Iterator[Any]:
    return (metadata.row_group(number) for number in range(metadata.num_row_groups))


def _refuse(what: str) -> NoReturn:
    raise InputError(
        f"declares {what} for its size: possible decompression bomb",
        "if this is intended, write it again with plain encoding and no compression",
    )


def _batch_size(group: Any) -> int:
    """Return how many rows to decode at once, so that they take a few MiB at most."""
    columns = list(map(group.column, range(group.num_columns)))
    if any(
        column.total_uncompressed_size > max(BLOCK, ODD_RATIO * column.total_compressed_size)
        for column in columns
    ):
        return 1
    return int(
        max(
            1,
            min(
                BATCH,
                BATCH_BYTES
                * group.num_rows
                // max(1, sum(column.total_uncompressed_size for column in columns)),
            ),
        )
    )
