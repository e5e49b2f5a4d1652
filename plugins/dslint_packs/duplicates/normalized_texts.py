"""What the rules of this plugin compare: the normalised texts and tool calls of records, made once for all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from dslint.plugin import Batch, Text, Turn, lookup, sameness, samenesses
from dslint_packs.duplicates.normalize import normalize_all
from dslint_packs.duplicates.shingles import plain

Said = list[tuple[str | None, str]]
"""The texts of a record: (role, normalised text)."""

_CALLERS = ("function_call", "tool_call")
_CALL_PARTS = ("tool_call", "tool_use", "function_call")
_ARGUMENTS = ("arguments", "input", "parameters")


def plain_texts(batch: Batch, roles: Sequence[str]) -> dict[int, str]:
    """Return for each record that has texts in some roles, by its position, these as one plain text."""
    flat = batch.texts(roles)
    pieces: dict[int, list[str]] = {}
    for position, item in zip(flat.positions, flat.items, strict=True):
        pieces.setdefault(position, []).append(item.text)
    return {position: text for position, found in pieces.items() if (text := plain(found))}


def texts_of(batch: Batch) -> list[list[Text]]:
    """Return the texts of each record, its tool calls among them; all its strings where it does not fit its shape."""
    return batch.per_record("dslint_packs.duplicates.normalized_texts", _texts)


def said(batch: Batch) -> list[Said]:
    """Return for each record its texts, normalised; in the order of `texts_of`, and made once for all rules."""
    return batch.per_record("dslint_packs.duplicates.said", _said)


def asked(texts: list[Text], normal: Said) -> Said:
    """Return of the normalised texts of a record those before its last answer: what the answer answers."""
    return normal[
        : max(
            (
                number
                for number, text in enumerate(texts)
                if text.target and text.role == "assistant"
            ),
            default=0,
        )
    ]


def normal_digest(texts: Said, *more: object) -> bytes | None:
    """Return the digest of normalised texts with their roles, and of what else is to be equal; None if nothing is left of the texts."""
    for _, normal in texts:
        if normal:
            return sameness((texts, more))
    return None


def normal_digests(texts: list[Said], more: list[Any]) -> list[bytes | None]:
    """Return `normal_digest` of the texts of each record, with one more value each."""
    found = samenesses([(said, (value,)) for said, value in zip(texts, more, strict=True)])
    # Most records have words in their first text.
    return [
        made if said and (said[0][1] or any(normal for _, normal in said)) else None
        for made, said in zip(found, texts, strict=True)
    ]


def _said(batch: Batch) -> list[Said]:
    texts = texts_of(batch)
    flat = [text for found in texts for text in found]
    said = list(
        zip([text.role for text in flat], normalize_all([text.text for text in flat]), strict=True)
    )
    if len(flat) == len(texts) and all(texts):
        return [[one] for one in said]
    ends = list(accumulate(map(len, texts)))
    return [said[end - len(found) : end] for found, end in zip(texts, ends, strict=True)]


def _texts(batch: Batch) -> list[list[Text]]:
    talks = "assistant" in batch.shape.roles
    return [
        batch.texts_at(position, ("all",))
        if problems
        else _with_calls(found, batch.shape.turns(value), value)
        if talks and _may_call(value)
        else found
        for position, (value, (found, problems)) in enumerate(
            zip(batch.values, batch.parsed, strict=True)
        )
    ]


def _may_call(value: Any) -> bool:
    """Say whether there may be a call in some message of a record; quick, for most records have none."""
    for item in value.values() if type(value) is dict else ():
        for message in item if type(item) is list else (item,):
            if type(message) is dict and (
                len(message) > 2
                or message.get("from") in _CALLERS
                or type(message.get("content")) is list
            ):
                return True
    return False


def _with_calls(texts: list[Text], turns: list[Turn], value: Any) -> list[Text]:
    """Return the texts with one more for each turn that calls a tool, behind those of the same turn."""
    numbers = {turn.field: number for number, turn in enumerate(turns)}
    placed: list[tuple[int, int, Text]] = []
    number = 0
    for text in texts:
        field = text.field
        while field and field not in numbers:
            field = field.rpartition("/")[0]
        number = numbers.get(field, number)
        placed.append((number, 0, text))
    for number, turn in enumerate(turns):
        if turn.calls:
            calls = _written(_calls(lookup(value, turn.field)))
            placed.append(
                (number, 1, Text(f"{turn.field}/tool_calls", turn.role, calls, turn.target))
            )
    return [text for *_, text in sorted(placed, key=lambda item: item[:2])]


def _calls(message: Any) -> list[Any]:
    """Return what a message calls, as name and arguments; ids, which are new each time, do not count."""
    if type(message) is not dict:
        return []
    if "from" in message:
        return [_read(message.get("value"))]
    content = message.get("content")
    parts = (
        [part for part in content if type(part) is dict and part.get("type") in _CALL_PARTS]
        if type(content) is list
        else []
    )
    listed = message.get("tool_calls")
    found = [
        *(listed if type(listed) is list else [listed]),
        message.get("function_call"),
        *(part.get("value", part) for part in parts),
    ]
    return [_read(call) for call in found if call]


def _read(call: Any) -> Any:
    call = _decoded(call)
    function = (
        call["function"] if type(call) is dict and type(call.get("function")) is dict else call
    )
    if type(function) is not dict or "name" not in function:
        return call
    return [
        function["name"],
        _decoded(next((function[key] for key in _ARGUMENTS if key in function), None)),
    ]


def _written(calls: list[Any]) -> str:
    try:
        return (
            json.dumps(calls, sort_keys=True, ensure_ascii=False).encode(errors="replace").decode()
        )
    except RecursionError:  # JSON within a text may nest as deep as it likes
        return "a call nested too deeply"


def _decoded(text: Any) -> Any:
    """Return the value of a JSON text, so that its white space and the order of its keys do not count; another text as it is."""
    try:
        return json.loads(text) if type(text) is str else text
    except (ValueError, RecursionError):
        return text
