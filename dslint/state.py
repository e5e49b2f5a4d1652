"""The state of dataset rules: a table, so that merging is concatenation and serialising is Arrow's.

It stays plain Python while it is small: a check of ten rows must not pay for importing Arrow.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from dslint.errors import PluginError
from dslint.model import Input, Location

if TYPE_CHECKING:
    import pyarrow as pa

Columns = Mapping[str, Sequence[Any]]
"""Equally long columns by name: what `observe` returns. A column `record` holds batch positions where a record has none or several rows."""

ENGINE_COLUMNS = {"rank": "int32", "content": "binary[16]", "file": "int32", "row": "int64", "line": "int64"}
"""What the engine adds to every row of state: the rank of its split, the digest of the record, and where it comes from."""

ARROW_ROWS = 200_000
"""Rows up to which state stays plain Python (some 60 MB for a pair of digests): importing Arrow costs 50 MB and 0.1 s, too much below."""


def arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type for a declared one: `binary[N]`, `binary`, `string`, `int32`, `int64`, `uint64`, `double`, `bool`, or `list<...>`."""
    import pyarrow as pa

    if name.startswith("binary["):
        return pa.binary(int(name[7:-1]))
    if name.startswith("list<"):
        return pa.list_(arrow_type(name[5:-1]))
    simple = {
        "binary": pa.binary,
        "string": pa.string,
        "int32": pa.int32,
        "int64": pa.int64,
        "uint64": pa.uint64,
        "double": pa.float64,
        "bool": pa.bool_,
    }
    if name not in simple:
        raise PluginError(f"unknown state type {name!r}", f"use one of binary[N], list<...>, {', '.join(simple)}")
    return simple[name]()


def to_arrow(schema: Mapping[str, str], chunks: Iterable[Columns | pa.Table]) -> pa.Table:
    """Return chunks of state as one Arrow table."""
    import pyarrow as pa

    fields = pa.schema([(name, arrow_type(kind)) for name, kind in schema.items()])
    tables = [
        chunk if isinstance(chunk, pa.Table) else pa.table({name: pa.array(chunk[name], fields.field(name).type) for name in schema}, schema=fields)
        for chunk in chunks
    ]
    return pa.concat_tables(tables) if tables else fields.empty_table()


@lru_cache(maxsize=256)
def _member_type(columns: tuple[str, ...]) -> Any:
    return namedtuple("Member", columns)  # noqa: PYI024 - the columns are known at run time only


class State:
    """All that an observer has said, as rows: one table with two faces, Python groups and an Arrow table.

    Rows are named tuples `(rank, content, file, row, line, <declared columns>)`; their natural order is the order of splits (train first), then of
    content, then of position, so that the first row of a sorted group stays the same record when the data is shuffled.
    """

    def __init__(
        self,
        declared: Mapping[str, str],
        chunks: Sequence[Columns | pa.Table],
        inputs: Sequence[Input] = (),
        key: str | None = None,
    ) -> None:
        self.declared = dict(declared)
        self.schema = ENGINE_COLUMNS | self.declared
        self._chunks = list(chunks)
        self._inputs = {item.index: item for item in inputs}
        self._key = key
        self._member = _member_type(tuple(self.schema))

    def __len__(self) -> int:
        return sum(chunk_length(chunk) for chunk in self._chunks)

    @cached_property
    def table(self) -> pa.Table:
        """The state as an Arrow table with the declared columns and `rank`, `content`, `file`, `row`, `line`."""
        return to_arrow(self.schema, self._chunks)

    def rows(self) -> Iterator[Any]:
        """Yield every row."""
        for chunk in self._chunks:
            columns = chunk if isinstance(chunk, Mapping) else chunk.select(list(self.schema)).to_pydict()
            yield from self._members(columns)

    def groups(self, key: str | None = None, at_least: int = 1) -> Iterator[tuple[Any, list[Any]]]:
        """Yield (key, rows) for each key that at least so many rows share, in the order of keys; rows without a key (None) belong to no group."""
        key = key or self._key
        if key is None or key not in self.schema:
            raise PluginError(f"groups() needs a key column; the state has {', '.join(self.declared)}")
        groups: dict[Any, list[Any]] = {}
        for chunk in self._candidates(key, at_least):
            members = self._members(chunk)
            for value, member in zip(chunk[key], members, strict=True):
                if value is not None:
                    groups.setdefault(value, []).append(member)
        for value in sorted(groups):
            if len(groups[value]) >= at_least:
                yield value, groups[value]

    def at(self, member: Any, field: str = "", start: int | None = None, end: int | None = None) -> Location:
        """Return the place of a row's record."""
        return Location(self._inputs[member.file].path, member.row, member.line, None, field, start, end, None, member.content)

    def input(self, member: Any) -> Input:
        """Return the file of a row's record."""
        return self._inputs[member.file]

    def _members(self, columns: Columns) -> Iterator[Any]:
        return map(self._member._make, zip(*(columns[name] for name in self.schema), strict=True))

    def _candidates(self, key: str, at_least: int) -> Iterator[Columns]:
        """Yield columns that hold all rows of groups of the asked size; large state is narrowed down by Arrow, small state by counting."""
        if at_least > 1 and any(not isinstance(chunk, Mapping) for chunk in self._chunks):
            import pyarrow.compute as pc

            sizes = self.table.select([key]).group_by(key).aggregate([([], "count_all")])
            shared = sizes.filter(pc.greater_equal(sizes["count_all"], at_least))[key]
            yield self.table.filter(pc.is_in(self.table[key], value_set=shared.combine_chunks())).to_pydict()
        elif at_least > 1:
            seen: set[Any] = set()
            shared_keys: set[Any] = set()
            for chunk in self._chunks:
                for value in chunk[key]:
                    (shared_keys if value in seen else seen).add(value)
            for chunk in self._chunks:
                keep = [number for number, value in enumerate(chunk[key]) if value in shared_keys]
                yield {name: [chunk[name][number] for number in keep] for name in self.schema}
        else:
            for chunk in self._chunks:
                yield chunk if isinstance(chunk, Mapping) else chunk.select(list(self.schema)).to_pydict()


def chunk_length(chunk: Columns | pa.Table) -> int:
    """Return the number of rows of a chunk of state."""
    return len(chunk["row"]) if isinstance(chunk, Mapping) else int(chunk.num_rows)


def partition(schema: Mapping[str, str], chunks: Sequence[Columns | pa.Table], key: str, parts: int) -> list[list[Columns | pa.Table]]:
    """Deal the rows out by their key, equal keys together, so that each part can be concluded by itself."""
    import zlib

    dealt: list[list[Columns | pa.Table]] = [[] for _ in range(parts)]
    for chunk in chunks:
        arrow = not isinstance(chunk, Mapping)
        keys: Sequence[Any] = chunk[key].to_pylist() if arrow else chunk[key]  # type: ignore[union-attr]
        slots = [zlib.crc32(value if isinstance(value, bytes) else repr(value).encode()) % parts for value in keys]
        for number in range(parts):
            keep = [position for position, slot in enumerate(slots) if slot == number]
            dealt[number].append(chunk.take(keep) if arrow else {name: [chunk[name][k] for k in keep] for name in schema})  # type: ignore[union-attr]
    return dealt
