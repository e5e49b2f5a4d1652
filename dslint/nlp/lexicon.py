"""Lexicons: lists of terms in TOML, CSV or JSON files, with their source and licence.

All three formats represent the same document, whose JSON Schema is `lexicon_schema()`.
`dslint.nlp.matcher` finds the terms in texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from dslint.errors import ConfigError, nearest
from dslint.model import Resource, Severity

_GRADES: dict[str | None, Severity | None] = {
    None: None,
    **{str(severity): severity for severity in Severity},
}
Words = tuple[Annotated[str, Meta(min_length=1)], ...]


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A term and its properties."""

    term: Annotated[
        str,
        Meta(
            min_length=1,
            description="a word or phrase, in any case; `{name}` stands for any word of the set "
            "with that name",
        ),
    ]
    forms: Annotated[
        Words, Meta(description="other forms of the term: inflections, spellings")
    ] = ()
    severity: Annotated[
        Literal["error", "warning", "info"] | None,
        Meta(description="severity of a finding; default: that of the rule"),
    ] = None
    category: Annotated[str, Meta(description="kind of term; its meaning depends on the rule")] = ""
    replacement: Annotated[str, Meta(description="what to write instead")] = ""
    exceptions: Annotated[
        Words, Meta(description="phrases that contain the term and are accepted")
    ] = ()
    unless: Annotated[
        Words, Meta(description="words that, near the term, show that it has another meaning")
    ] = ()
    cased: Annotated[
        bool,
        Meta(description="whether the term only matches in the case in which it is written here"),
    ] = False
    inside: Annotated[
        bool,
        Meta(
            description="whether the term also matches inside longer words, as it always does in "
            "scripts without spaces"
        ),
    ] = False

    @property
    def grade(self) -> Severity | None:
        """The severity as a value of `Severity`."""
        return _GRADES[self.severity]


class Lexicon(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of terms and its origin."""

    entries: Annotated[tuple[Entry, ...], Meta(min_length=1)]
    name: Annotated[str, Meta(description="title of the list")] = ""
    language: Annotated[
        str, Meta(description="code of the language, such as `en`; empty for all")
    ] = ""
    source: Annotated[str, Meta(description="where the terms come from")] = ""
    licence: Annotated[str, Meta(description="SPDX identifier of the licence of the list")] = ""
    version: Annotated[str, Meta(description="version or date of the list")] = ""
    sets: Annotated[
        dict[str, Words], Meta(description="sets of words, for `{name}` in phrases")
    ] = field(default_factory=dict)

    def parts(self, phrase: str) -> list[str | Words]:
        """Return a phrase split at each `{name}`, which is replaced by the words of its set."""
        parts = re.split(r"\{([\w-]+)\}", phrase)
        return [self.sets[part] if number % 2 else part for number, part in enumerate(parts)]

    def spelled(self, phrases: Iterable[str]) -> Iterator[str]:
        """Yield phrases with every `{name}` replaced by each word of its set."""
        for phrase in phrases:
            yield from map(
                "".join,
                product(
                    *((part,) if isinstance(part, str) else part for part in self.parts(phrase))
                ),
            )


def lexicon_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a lexicon."""
    (schema,), parts = msgspec.json.schema_components([Lexicon], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dslint lexicon",
        **schema,
        "$defs": parts,
    }


def parse_lexicon(path: str, data: bytes) -> Lexicon:
    """Return the lexicon in a file: CSV or TOML by its suffix, or else JSON.

    Raises ConfigError that names the file, the entry and the fix.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(path, f"is not UTF-8 at byte {error.start}", "save it as UTF-8") from None
    lines: list[int] = []
    document = (
        _from_csv(path, text, lines)
        if path.endswith(".csv")
        else _from_toml(path, text)
        if path.endswith(".toml")
        else _from_json(path, text)
    )
    try:
        lexicon = msgspec.convert(document, Lexicon)
    except msgspec.ValidationError as error:
        raise _invalid(path, str(error), lines) from None
    for number, entry in enumerate(lexicon.entries):
        for name in re.findall(
            r"\{([\w-]+)\}", " ".join((entry.term, *entry.forms, *entry.exceptions, *entry.unless))
        ):
            if name not in lexicon.sets:
                raise _error(
                    path,
                    f"{_place(number, lines)}: unknown set {name!r}",
                    nearest(name, lexicon.sets) or "define it under `sets`",
                )
    return lexicon


def lexicon_of(resource: Resource) -> Lexicon:
    """Return the lexicon in a resource of a plugin."""
    return parse_lexicon(resource.path, resource.data)


def _from_toml(path: str, text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _error(
            path, f"is not valid TOML: {error}", "see the reference page on lexicons"
        ) from None
    except RecursionError:
        raise _error(path, "is nested too deeply", "see the reference page on lexicons") from None


def _from_json(path: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise _error(
            path or "option",
            f"is not valid JSON: {error}",
            "name a file with the suffix .csv, .toml or .json",
        ) from None
    except RecursionError:
        raise _error(
            path or "option", "is nested too deeply", "see the reference page on lexicons"
        ) from None


_KEY = re.compile(r"#\s*(set\s+)?([\w-]+)\s*:\s*(.*)")


def _from_csv(path: str, text: str, lines: list[int]) -> Mapping[str, Any]:
    """Parse lines `# key: value` and `# set NAME: a | b`, a row of column names, and the entries.

    The line of each entry is appended to `lines`.
    """
    import csv

    head: dict[str, Any] = {"sets": {}, "entries": []}
    physical = text.splitlines(keepends=True)
    skipped = 0
    while skipped < len(physical) and (
        physical[skipped].startswith("#") or not physical[skipped].strip()
    ):
        if found := _KEY.match(physical[skipped]):
            is_set, key, value = found.groups()
            if is_set:
                head["sets"][key] = _cell(value)
            else:
                head[key] = value.strip()
        skipped += 1
    reader = csv.reader(physical[skipped:], strict=True)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        if "term" not in columns:
            raise _error(
                path,
                f"line {skipped + 1}: no column 'term'",
                "begin with a row of column names: term,severity,category,replacement",
            )
        for row in reader:
            if not any(map(str.strip, row)):
                continue
            if len(row) != len(columns):
                raise _error(
                    path,
                    f"line {skipped + reader.line_num}: {len(row)} cells, not {len(columns)}",
                    'quote cells with a comma: "a, b"',
                )
            lines.append(skipped + reader.line_num)
            head["entries"].append(
                {
                    key: _value(key, cell)
                    for key, cell in zip(columns, row, strict=True)
                    if cell.strip()
                }
            )
    except csv.Error as error:
        raise _error(
            path,
            f"line {skipped + reader.line_num}: {error}",
            "quote cells that contain quotes or commas",
        ) from None
    return head


_LISTS = ("forms", "exceptions", "unless")
_FLAGS = ("cased", "inside")


def _value(column: str, cell: str) -> Any:
    cell = cell.strip()
    if column in _LISTS:
        return _cell(cell)
    if column in _FLAGS:
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
            cell.lower(), cell
        )
    return cell.lower() if column == "severity" else cell


def _cell(value: str) -> list[str]:
    return [part.strip() for part in value.split("|") if part.strip()]


def _invalid(path: str, message: str, lines: list[int]) -> ConfigError:
    """Return an error from a message of msgspec, which ends like "- at `$.entries[2].severity`"."""
    what, _, where = message.partition(" - at `")
    found = re.match(r"\$\.entries\[(\d+)\]\.?(\w*)", where)
    place = (
        ""
        if found is None
        else _place(int(found[1]), lines) + (f", {found[2]}" if found[2] else "") + ": "
    )
    unknown = re.search(r"unknown field `(\w+)`", what)
    known = Entry.__struct_fields__ if found else Lexicon.__struct_fields__
    hint = (
        (nearest(unknown[1], known) or f"known: {', '.join(known)}")
        if unknown
        else "see the reference page on lexicons"
    )
    return _error(path, f"{place}{what[:1].lower()}{what[1:]}", hint)


def _place(number: int, lines: list[int]) -> str:
    return f"line {lines[number]}" if number < len(lines) else f"entry {number + 1}"


def _error(path: str, message: str, hint: str) -> ConfigError:
    return ConfigError(f"lexicon {path}: {message}", hint)
