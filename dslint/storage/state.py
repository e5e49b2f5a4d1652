"""The state of dataset rules: a table, so that merging is concatenation, and Arrow serializes it.

It stays plain Python while it is small: a check of ten rows must not pay for importing Arrow.
"""

from __future__ import annotations

import zlib
from collections import Counter, namedtuple
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, chain, compress, count, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, overload

from dslint.errors import PluginError, nearest
from dslint.model import Input, Location
from dslint.storage.arrow import (
    TYPES,
    Chunk,
    arrow_type,
    chunk_length,
    is_type,
    scalar,
    to_arrow,
)

if TYPE_CHECKING:
    import pyarrow as pa

DIGEST_SIZE = 16
DIGEST = f"binary[{DIGEST_SIZE}]"
"""Type of a digest, the usual key."""

ENGINE_COLUMNS = {
    "rank": "int32",
    "content": DIGEST,
    "file": "int32",
    "row": "int64",
    "line": "int64",
}
"""Columns that the engine adds to state: rank of the split, digest and place of the record."""


def require_state(declared: object, key: str | None) -> None:
    """Raise PluginError for invalid columns of state, and for a key that is not one of them."""
    if not isinstance(declared, Mapping):
        what = "its state is not a mapping of columns to types"
        raise PluginError(what, "write it as {'text': 'binary[16]'}")
    for name, kind in declared.items():
        if not isinstance(name, str):
            raise PluginError(f"its state has a column {name!r}", "give it a name")
        if not is_type(kind):
            raise PluginError(f"unknown state type {kind!r} of column {name!r}", TYPES)
    if key is not None and key not in {*declared, *ENGINE_COLUMNS}:
        what = f"its key {key!r} is not a column of its state"
        raise PluginError(what, nearest(key, declared) or f"columns: {', '.join(declared)}")


ARROW_ROWS = 131_072
"""Maximum number of rows that stay plain Python (some 40 MB for a pair of digests).

Importing Arrow costs 50 MB and 0.1 s, too much for fewer rows.
"""
_PLAIN_ROWS = 16_384
"""The same once Arrow is imported."""
_DEALT = 32_768
"""Rows that are partitioned at a time: few enough for small copies, enough for large frames."""
_CHUNK = 8_192
"""Rows converted from Arrow to Python at a time; larger groups are read again at each iteration."""


@lru_cache(maxsize=256)
def _member_type(columns: tuple[str, ...]) -> Any:
    return namedtuple("Member", columns)  # noqa: PYI024 - the columns are known at run time only


class Store:
    """The state of one observer: plain chunks, then Arrow, on disk beyond `budget` bytes."""

    def __init__(self, schema: Mapping[str, str], budget: int | None = None) -> None:
        self.schema = schema
        self.held: list[Chunk] = []
        """The chunks in memory."""
        self._budget = budget
        self._plain = 0
        self._arrow = 0
        self._settled = ARROW_ROWS
        self._spool: Any = None
        self._spilled = 0

    def __len__(self) -> int:
        return self._spilled + sum(map(chunk_length, self.held))

    @property
    def bytes(self) -> int:
        """The size of the Arrow chunks, in memory and on disk."""
        return self._arrow + (self._spool.bytes if self._spool else 0)

    @property
    def grown(self) -> bool:
        """Whether the number of rows in memory has doubled since the last `hold`."""
        return sum(map(chunk_length, self.held)) >= 2 * self._settled

    def hold(self, chunks: Iterable[Chunk]) -> None:
        """Replace the chunks in memory."""
        self.held, self._plain, self._arrow = [], 0, 0
        for chunk in chunks:
            self.add(chunk)
        self._settled = max(ARROW_ROWS, sum(map(chunk_length, self.held)))

    def add(self, chunk: Chunk) -> None:
        """Append a chunk."""
        self.held.append(chunk)
        if isinstance(chunk, Mapping):
            self._plain += chunk_length(chunk)
        else:
            self._arrow += chunk.nbytes
        if self._plain >= (_PLAIN_ROWS if self.bytes else ARROW_ROWS):
            self._convert()

    def spill(self) -> None:
        """Move the chunks in memory to disk if they exceed the budget.

        Plain rows hardly count: there are never many of them.
        """
        if self._budget is None or self._arrow + self._plain <= self._budget:
            return
        import pyarrow as pa

        if self._spool is None:
            from dslint.storage.spool import Spool  # 5 ms at import, needed for large data only

            self._spool = Spool()
        for chunk in self.held:  # one by one, since a frame is built in memory
            table = to_arrow(self.schema, [chunk])
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as stream:
                stream.write_table(table)
            self._spool.add(memoryview(sink.getvalue()))
            self._spilled += table.num_rows
        self.hold([])

    def __iter__(self) -> Iterator[Chunk]:
        if self._spool is not None:
            import pyarrow as pa

            for frame in self._spool:
                yield pa.ipc.open_stream(frame).read_all()
        yield from self.held

    def dealt(self, key: str, parts: int) -> Iterator[Store]:
        """Yield the rows in parts by their key, equal keys together, to conclude one at a time."""
        stores = [Store(self.schema, None if self._spool is None else 0) for _ in range(parts)]
        for table in self._large_tables():
            for store, piece in zip(stores, _partition(table, key, parts), strict=True):
                if piece.num_rows:  # an empty slice, too, keeps the whole table in memory
                    store.add(piece)
                    store.spill()
        while stores:
            yield stores.pop()

    def _large_tables(self) -> Iterator[pa.Table]:
        """Yield all rows in large tables, so that partitioning does not make many tiny frames."""
        waiting: list[Chunk] = []
        for chunk in self:
            waiting.append(chunk)
            if sum(map(chunk_length, waiting)) >= _DEALT:
                yield to_arrow(self.schema, waiting)
                waiting = []
        if waiting:
            yield to_arrow(self.schema, waiting)

    def _convert(self) -> None:
        """Convert the plain chunks to Arrow."""
        table = to_arrow(self.schema, [chunk for chunk in self.held if isinstance(chunk, Mapping)])
        self.held = [*(chunk for chunk in self.held if not isinstance(chunk, Mapping)), table]
        self._arrow += table.nbytes
        self._plain = 0


def _slots(table: pa.Table, key: str, parts: int) -> bytes:
    """Return the number of the part of each row, by its key, as one byte each."""
    if table.schema.field(key).type == arrow_type(DIGEST):
        first = b"".join(
            bytes(
                memoryview(piece.buffers()[1])[
                    piece.offset * DIGEST_SIZE : (piece.offset + len(piece))
                    * DIGEST_SIZE : DIGEST_SIZE
                ]
            )
            for piece in table[key].chunks
        )
        return first.translate(bytes(value % parts for value in range(256)))
    return bytes(zlib.crc32(repr(value).encode()) % parts for value in table[key].to_pylist())


def _partition(table: pa.Table, key: str, parts: int) -> list[pa.Table]:
    """Return the rows of each part."""
    import pyarrow as pa
    import pyarrow.compute as pc

    slots = _slots(table, key, parts)
    ordered = table.take(
        pc.sort_indices(pa.Array.from_buffers(pa.uint8(), len(slots), [None, pa.py_buffer(slots)]))
    )
    ends = list(accumulate(map(slots.count, range(parts))))
    return [ordered.slice(start, end - start) for start, end in zip([0, *ends], ends, strict=False)]


class State:
    """All rows of an observer, available as Python groups and as an Arrow table.

    Rows are named tuples `(rank, content, file, row, line, <declared columns>)`. Their natural
    order is by split (train first), then content, then position, so that the first row of a
    group stays the same record when the data is shuffled.
    """

    def __init__(
        self,
        declared: Mapping[str, str],
        chunks: Collection[Chunk] | Store,
        inputs: Sequence[Input] = (),
        key: str | None = None,
    ) -> None:
        self.declared = dict(declared)
        self.schema = ENGINE_COLUMNS | self.declared
        self._chunks = chunks
        self._inputs = {item.index: item for item in inputs}
        self._key = key
        self._member = _member_type(tuple(self.schema))

    def __len__(self) -> int:
        return (
            len(self._chunks)
            if isinstance(self._chunks, Store)
            else sum(map(chunk_length, self._chunks))
        )

    @cached_property
    def table(self) -> pa.Table:
        """The state as an Arrow table, with the columns of the engine and the declared ones."""
        return to_arrow(self.schema, self._chunks)

    def tables(self) -> Iterator[pa.Table]:
        """Yield the state as Arrow tables in the order of `table`.

        Of those on disk, only one is in memory at a time.
        """
        return (to_arrow(self.schema, [chunk]) for chunk in self._chunks)

    def rows(self) -> Iterator[Any]:
        """Yield every row."""
        for chunk in self._chunks:
            yield from self.members(chunk)

    def groups(
        self, key: str | None = None, at_least: int = 1
    ) -> Iterator[tuple[Any, Sequence[Any]]]:
        """Yield (key, rows) for each key that at least `at_least` rows share, in the order of keys.

        Rows without a key (None) belong to no group. The rows of a group are a sequence in
        natural order; a very large group is read again at each iteration.
        """
        key = key or self._key
        if key is None or key not in self.schema:
            raise PluginError(
                f"groups() needs a key column; the state has {', '.join(self.declared)}"
            )
        if any(not isinstance(chunk, Mapping) for chunk in self._chunks):
            yield from self._arrow_groups(key, at_least)
        else:
            yield from self._plain_groups(key, at_least)

    def at(
        self, member: Any, field: str = "", start: int | None = None, end: int | None = None
    ) -> Location:
        """Return the place of a row's record."""
        file = self._inputs[member.file]
        return Location(
            file.path,
            member.row,
            member.line,
            None,
            field,
            start,
            end,
            None,
            member.content,
            None,
            file.inline,
        )

    def input(self, member: Any) -> Input:
        """Return the file of a row's record."""
        return self._inputs[member.file]

    def members(self, chunk: Chunk) -> Iterator[Any]:
        """Yield the rows of a table that has the columns of this state."""
        if isinstance(chunk, Mapping):
            yield from map(
                self._member._make, zip(*(chunk[name] for name in self.schema), strict=True)
            )
        else:
            for batch in chunk.select(list(self.schema)).to_batches(max_chunksize=_CHUNK):
                yield from map(self._member._make, zip(*batch.to_pydict().values(), strict=True))

    def _plain_groups(self, key: str, at_least: int) -> Iterator[tuple[Any, Sequence[Any]]]:
        def values() -> Iterator[Any]:
            return chain.from_iterable(chunk[key] for chunk in self._chunks)

        shared = set(values()) if at_least < 2 else _repeated(values())
        if at_least > 2:
            sizes = Counter(filter(shared.__contains__, values()))
            shared = {value for value, size in sizes.items() if size >= at_least}
        shared.discard(None)
        groups: dict[Any, list[Any]] = {}
        for chunk in self._chunks:
            keep = list(compress(count(), map(shared.__contains__, chunk[key])))
            columns = {name: [chunk[name][number] for number in keep] for name in self.schema}
            for value, member in zip(columns[key], self.members(columns), strict=True):
                groups.setdefault(value, []).append(member)
        for value in sorted(groups):
            yield value, sorted(groups[value], key=_natural)

    def _arrow_groups(self, key: str, at_least: int) -> Iterator[tuple[Any, Sequence[Any]]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        # Rows without a key, which may be most of those on disk, are left there.
        table = pa.concat_tables(
            piece.filter(pc.is_valid(piece[key])) if piece[key].null_count else piece
            for piece in self.tables()
        )
        # `group_by` would import pyarrow.acero, and with it pandas.
        counts = pc.value_counts(table[key])
        sizes = pa.table({key: counts.field("values"), "size": counts.field("counts")})
        sizes = sizes.filter(pc.greater_equal(sizes["size"], scalar(at_least))).sort_by(key)
        found = table.filter(pc.is_in(table[key], value_set=sizes[key].combine_chunks()))
        del table
        names = [key, *(name for name in ("rank", "content", "file", "row") if name != key)]
        found = found.take(
            pc.sort_indices(found, sort_keys=[(name, "ascending") for name in names])
        )
        members = self.members(found)
        start = 0
        for batch in sizes.to_batches(max_chunksize=_CHUNK):
            for value, size in zip(batch[key].to_pylist(), batch["size"].to_pylist(), strict=True):
                if size <= _CHUNK:
                    yield value, list(islice(members, size))
                else:
                    yield value, _Rows(self, found.slice(start, size))
                    members = self.members(found.slice(start + size))
                start += size


def _repeated(values: Iterable[Any]) -> set[Any]:
    """Return the values that occur more than once: all that most rules need, and faster to find."""
    seen: set[Any] = set()
    add = seen.add
    return {value for value in values if value in seen or add(value)}


class _Rows(Sequence[Any]):
    """The rows of a large group, converted from Arrow to Python at each iteration."""

    def __init__(self, state: State, table: pa.Table) -> None:
        self._state = state
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __iter__(self) -> Iterator[Any]:
        return self._state.members(self._table)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return one row, or several as a sequence of this class."""
        if isinstance(index, slice):
            numbers = range(*index.indices(len(self)))
            return _Rows(
                self._state,
                self._table.take(list(numbers))
                if numbers.step != 1
                else self._table.slice(numbers.start, len(numbers)),
            )
        number = range(len(self))[index]
        return next(self._state.members(self._table.slice(number, 1)))


_natural = itemgetter(0, 1, 2, 3)
"""Sort key of rows: rank, content, file, row."""
