"""Parquet and Arrow files, read in batches through pyarrow. They have rows and no lines; a shard is a run of row groups or record batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec.structs import replace

from dslint.batch import Batch
from dslint.errors import InputError
from dslint.model import Input, Shape, Shard
from dslint.readers.cells import cells
from dslint.readers.collect import BATCH, Collector, unique_names
from dslint.readers.files import BLOCK, FREE_BYTES, MAX_RATIO, compression

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BATCH_BYTES = 8 * BLOCK
FREE_CELLS = 10_000_000
"""Rows, or values of a column, that no file is refused for."""
CELLS_PER_BYTE = 20
"""Rows, or values of a column, for each byte of a file beyond which it is taken for a decompression bomb: text takes more room."""
ODD_RATIO = 100
"""Bytes that a column's data expands to, for each of its own, beyond which its rows are decoded one by one: any of them may be huge."""


class Parquet:
    """The reader of `.parquet` files."""

    name = "parquet"
    suffixes: tuple[str, ...] = (".parquet",)

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """Cut between row groups. A file whose metadata cannot be read stays whole, for `read` to complain."""
        try:
            with _parquet(location) as file:
                groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
                return _shards(item, location, ((group.num_rows, group.total_byte_size) for group in groups), size)
        except InputError:
            return [Shard(input=item, location=location)]

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """Yield the rows of the shard's row groups."""
        rows = _Rows(shard, shape, max_record, max_depth)
        with _located(rows), _parquet(shard.location) as file:
            metadata = file.metadata
            _no_bomb(metadata, shard.input.bytes)
            stop = metadata.num_row_groups if shard.stop is None else shard.stop
            for number in range(shard.start, stop):
                rows.enter(number)
                group = metadata.row_group(number)
                before = rows.row
                for part in _decoded(file.iter_batches(_batch_size(group), row_groups=[number], use_threads=False)):
                    yield from rows.take(part)
                if rows.row - before != group.num_rows:
                    raise InputError(f"is damaged: row group {number} has {rows.row - before} rows where its metadata says {group.num_rows}")


class Arrow:
    """The reader of Arrow IPC files and streams; Feather (version 2) is such a file."""

    name = "arrow"
    suffixes: tuple[str, ...] = (".arrow", ".feather", ".ipc")

    def split(self, item: Input, location: str, size: int) -> list[Shard]:
        """Cut a file between record batches. A stream stays whole: it has no index."""
        if item.bytes > size:
            try:
                with _ipc(location) as reader:
                    if hasattr(reader, "num_record_batches"):
                        parts = (reader.get_batch(number) for number in range(reader.num_record_batches))
                        return _shards(item, location, [(part.num_rows, part.nbytes) for part in _decoded(parts)], size)
            except InputError:
                pass
        return [Shard(input=item, location=location)]

    def read(self, shard: Shard, shape: Shape, max_record: int, max_depth: int) -> Iterator[Batch]:
        """Yield the rows of the shard's record batches."""
        rows = _Rows(shard, shape, max_record, max_depth)
        with _located(rows), _ipc(shard.location) as reader:
            if hasattr(reader, "num_record_batches"):
                for number in range(shard.start, reader.num_record_batches if shard.stop is None else shard.stop):
                    rows.enter(number)
                    for part in _decoded(reader.get_batch(number) for _ in range(1)):
                        yield from rows.take(part)
            else:
                rows.placed = False
                for part in _decoded(reader):
                    yield from rows.take(part)


class _Rows(Collector):
    """The rows of a shard. The offset of a place is the number of its row group or record batch."""

    decoded = 0

    def enter(self, number: int) -> None:
        """Begin a row group or record batch: a place where the file can be entered again."""
        self.offset = number
        self.placed = True
        self.begin()

    def take(self, part: pa.RecordBatch) -> Iterator[Batch]:
        """Yield the rows of a decoded batch, so few at a time that they are not too large."""
        self.decoded += part.nbytes
        limit = max(FREE_BYTES, MAX_RATIO * self.shard.input.bytes)
        if self.decoded > limit:
            raise InputError(f"expands beyond {limit:,} bytes: a decompression bomb?", "write it again with its values as they are, if it is meant")
        step = max(1, min(BATCH, BATCH_BYTES * part.num_rows // max(1, part.nbytes)))
        names, said = unique_names(part.schema.names)
        if self.row == 0:
            for message in said:
                self.doubtful(None, message)
        for start in range(0, part.num_rows, step):
            self.convert(part.slice(start, step), names)
            yield from self.rest()
            self.placed = False
            self.begin()

    def convert(self, part: pa.RecordBatch, names: list[str]) -> None:
        """Take rows in; where one holds text that is no UTF-8, each for itself."""
        try:
            columns = [cells(column) for column in part.columns]
        except UnicodeDecodeError as error:
            if part.num_rows > 1:
                for number in range(part.num_rows):
                    self.convert(part.slice(number, 1), names)
            else:
                self.bad(None, None, f"invalid UTF-8: byte 0x{error.object[error.start]:02X}")
        else:
            for row in zip(*columns, strict=True) if columns else ((),) * part.num_rows:
                self.add(dict(zip(names, row, strict=True)), None)


def _shards(item: Input, location: str, parts: Iterable[tuple[int, int]], size: int) -> list[Shard]:
    """Join parts, of so many rows and bytes each, to shards of about `size` bytes."""
    cuts = [Shard(input=item, location=location)]
    row = held = 0
    for number, (count, weight) in enumerate(parts):
        if held and held + weight > size:
            cuts[-1] = replace(cuts[-1], stop=number)
            cuts.append(Shard(input=item, location=location, start=number, first_row=row))
            held = 0
        row += count
        held += max(1, weight)
    return cuts


def _decoded(parts: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield sound record batches. Raises InputError for what pyarrow cannot decode; its own words may quote the data."""
    iterator = iter(parts)
    while True:
        with _understood("its data cannot be decoded from here on"):
            part = next(iterator, None)
            if part is None:
                return
            # Offsets are not checked on reading, and pyarrow would follow them anywhere.
            part.validate(full=False)
            for column in part.columns:
                _sound(column)
        yield part


def _sound(column: pa.Array) -> None:
    """Raise for offsets or indices that point nowhere; text that is no UTF-8 is left for its row to be told."""
    import pyarrow as pa

    try:
        column.validate(full=True)
    except pa.ArrowInvalid as error:
        if "UTF8" not in str(error):
            raise


@contextmanager
def _parquet(location: str) -> Iterator[pq.ParquetFile]:
    _unpacked(location)
    import pyarrow.parquet as pq

    with ExitStack() as stack:
        with _understood("its metadata cannot be read"):
            file = stack.enter_context(pq.ParquetFile(location, pre_buffer=False, buffer_size=BLOCK, page_checksum_verification=True))
        yield file


@contextmanager
def _ipc(location: str) -> Iterator[Any]:
    _unpacked(location)
    import pyarrow as pa

    with ExitStack() as stack:
        with _understood("its schema cannot be read"):
            source = stack.enter_context(pa.memory_map(location))
            is_file = source.read(6) == b"ARROW1"
            source.seek(0)
            reader = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        yield reader


def _unpacked(location: str) -> None:
    if packed := compression(location):
        raise InputError(f"is a {packed} of a format that is compressed inside", "unpack it first")


@contextmanager
def _understood(what: str) -> Iterator[None]:
    """Turn whatever pyarrow raises for damaged data into an InputError."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, IndexError, OverflowError, MemoryError, RuntimeError):
        raise InputError(f"is damaged or not supported: {what}", "make or fetch the file again") from None


@contextmanager
def _located(rows: _Rows) -> Iterator[None]:
    """Say of an InputError up to where the file was read."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{error.message} (read up to row {rows.row})", error.hint, error.kind, rows.shard.input.path) from None


def _no_bomb(metadata: Any, size: int) -> None:
    """Raise InputError where the metadata declares more than any honest file of this size holds."""
    columns = [column for group in _groups(metadata) for column in map(group.column, range(group.num_columns))]
    declared = sum(max(0, column.total_uncompressed_size) for column in columns)
    if declared > max(FREE_BYTES, MAX_RATIO * size):
        _refuse(f"{declared:,} bytes")
    most = max([metadata.num_rows, *(column.num_values for column in columns)])
    if most > max(FREE_CELLS, CELLS_PER_BYTE * size):
        _refuse(f"{most:,} values in a column")


def _groups(metadata: Any) -> Iterator[Any]:
    return (metadata.row_group(number) for number in range(metadata.num_row_groups))


def _refuse(what: str) -> NoReturn:
    raise InputError(f"declares {what} for its few bytes: a decompression bomb?", "write it again with its values as they are, if it is meant")


def _batch_size(group: Any) -> int:
    """Return how many rows are decoded at once, for some MiB at most."""
    columns = list(map(group.column, range(group.num_columns)))
    if any(column.total_uncompressed_size > max(BLOCK, ODD_RATIO * column.total_compressed_size) for column in columns):
        return 1
    return int(max(1, min(BATCH, BATCH_BYTES * group.num_rows // max(1, sum(column.total_uncompressed_size for column in columns)))))
