"""The normalized texts and tool calls of records, computed once for all rules of this pack."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from dslint.plugin import Batch, Text, Turn, lookup, secure_digest, secure_digests
from dslint_packs.duplicates.normalize import normalize_all
from dslint_packs.duplicates.shingles import plain

NormalizedTexts = list[tuple[str | None, str]]
"""The texts of a record: (role, normalized text)."""

_CALLERS = ("function_call", "tool_call")
_CALL_PARTS = ("tool_call", "tool_use", "function_call")
_ARGUMENTS = ("arguments", "input", "parameters")


def plain_texts(batch: Batch, roles: Sequence[str]) -> dict[int, str]:
    """Return the texts of some roles as one plain text, by position of the record.

    Records without text are left out.
    """
    flat = batch.texts(roles)
    pieces: dict[int, list[str]] = {}
    for position, item in zip(flat.positions, flat.items, strict=True):
        pieces.setdefault(position, []).append(item.text)
    return {position: text for position, found in pieces.items() if (text := plain(found))}


def texts_of(batch: Batch) -> list[list[Text]]:
    """Return the texts of each record, including its tool calls.

    For a record that does not fit its shape these are all its strings.
    """
    return batch.per_record("dslint_packs.duplicates.texts", _texts)


def normalized_texts(batch: Batch) -> list[NormalizedTexts]:
    """Return the normalized texts of each record, in the order of `texts_of`."""
    return batch.per_record("dslint_packs.duplicates.normalized", _normalized_texts)


def prompt_of(texts: list[Text], normal: NormalizedTexts) -> NormalizedTexts:
    """Return the normalized texts before the last answer of a record: its prompt."""
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


def normal_digest(texts: NormalizedTexts, *more: object) -> bytes | None:
    """Return the digest of normalized texts with their roles, and of `more`.

    It is None if normalization leaves no text.
    """
    for _, normal in texts:
        if normal:
            return secure_digest((texts, more))
    return None


def normal_digests(texts: list[NormalizedTexts], more: list[Any]) -> list[bytes | None]:
    """Return `normal_digest` of the texts of each record, with one more value each."""
    digests = secure_digests([(items, (value,)) for items, value in zip(texts, more, strict=True)])
    # Most records have words in their first text.
    return [
        digest if items and (items[0][1] or any(normal for _, normal in items)) else None
        for digest, items in zip(digests, texts, strict=True)
    ]


def _normalized_texts(batch: Batch) -> list[NormalizedTexts]:
    texts = texts_of(batch)
    flat = [text for found in texts for text in found]
    normal = list(
        zip([text.role for text in flat], normalize_all([text.text for text in flat]), strict=True)
    )
    if len(flat) == len(texts) and all(texts):
        return [[one] for one in normal]
    ends = list(accumulate(map(len, texts)))
    return [normal[end - len(found) : end] for found, end in zip(texts, ends, strict=True)]


def _texts(batch: Batch) -> list[list[Text]]:
    has_assistant = "assistant" in batch.shape.roles
    return [
        batch.texts_at(position, ("all",))
        if problems
        else _with_calls(found, batch.shape.turns(value), value)
        if has_assistant and _may_call(value)
        else found
        for position, (value, (found, problems)) in enumerate(
            zip(batch.values, batch.parsed, strict=True)
        )
    ]


def _may_call(value: Any) -> bool:
    """Return whether a message of a record may have a tool call; fast, as most have none."""
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
    """Return the texts, with one more after those of each turn that calls a tool."""
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
            calls = _serialized(_calls(lookup(value, turn.field)))
            placed.append(
                (number, 1, Text(f"{turn.field}/tool_calls", turn.role, calls, turn.target))
            )
    return [text for *_, text in sorted(placed, key=lambda item: item[:2])]


def _calls(message: Any) -> list[Any]:
    """Return the calls of a message, as name and arguments; without ids, which are always new."""
    if type(message) is not dict:
        return []
    if "from" in message:
        return [_name_and_arguments(message.get("value"))]
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
    return [_name_and_arguments(call) for call in found if call]


def _name_and_arguments(call: Any) -> Any:
    call = _decode(call)
    function = (
        call["function"] if type(call) is dict and type(call.get("function")) is dict else call
    )
    if type(function) is not dict or "name" not in function:
        return call
    return [
        function["name"],
        _decode(next((function[key] for key in _ARGUMENTS if key in function), None)),
    ]


def _serialized(calls: list[Any]) -> str:
    try:
        return (
            json.dumps(calls, sort_keys=True, ensure_ascii=False).encode(errors="replace").decode()
        )
    except RecursionError:  # JSON within a text may be nested to any depth
        return "a call nested too deeply"


def _decode(text: Any) -> Any:
    """Return the value of a JSON text, any other text as it is.

    Whitespace and the order of keys then do not count.
    """
    try:
        return json.loads(text) if type(text) is str else text
    except (ValueError, RecursionError):
        return text
