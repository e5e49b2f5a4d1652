"""Random records for the laws: like those of a rule's manual page, recombined."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from dslint.rules.base import Example, Rule, examples

_TEXTS = [
    "",
    " ",
    "Yes.",
    "yes",
    "NO WAY",
    "No way!",
    "Ünïcode ÄÖÜ",
    "naïve café",
    "中文字符。",
    "{{name}}",
    "Hello there, how are you?",
    "a\nb\tc",
    "1.5",
]


def records_like(rule: type[Rule]) -> st.SearchStrategy[list[Any]]:
    """Return a strategy of lists of records: the examples of a rule, repeated and recombined.

    Some of their texts are exchanged.
    """
    shown = [record for example in examples(rule) for record in _records(example)]
    firing = [_records(example) for example in examples(rule) if example.flags]
    pool = sorted({text for record in shown for text in _texts(record)} | set(_TEXTS))
    single = st.sampled_from(shown or [{"text": "Yes."}]).map(copy.deepcopy)
    changed = st.builds(_exchanged, single, st.sampled_from(pool), st.integers(0, 7))
    some = st.lists(st.one_of(single, changed), max_size=12)
    return st.tuples(some, st.sampled_from(firing or [[]]).map(copy.deepcopy), some).map(
        lambda parts: [*parts[0], *parts[1], *parts[2]]
    )


def _records(example: Example) -> list[Any]:
    """Return the records of an example; those with splits carry them as a column."""
    return [
        record if split is None else {**record, "split": split}
        for record, split in zip(example.records, example.splits, strict=True)
    ]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts(item)]


def _exchanged(record: Any, text: str, number: int) -> Any:
    """Put a text in the place of the record's text with this number; roles and other names stay."""
    found = list(places(record))
    if found:
        holder, key = found[number % len(found)]
        holder[key] = text
    return record


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield holder and key of each text of a record; the names of roles are none."""
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in pairs:
        if isinstance(item, str) and key not in ("role", "from", "type"):
            yield value, key
        elif not isinstance(item, str):
            yield from places(item)
