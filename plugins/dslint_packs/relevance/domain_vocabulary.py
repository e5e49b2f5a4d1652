"""relevance/domain-vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from dslint.plugin import (
    DATASET,
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Lexicon,
    Matcher,
    Measure,
    OptionFile,
    Severity,
    Source,
    State,
    parse_lexicon,
)

_LISTED = 50


@dataclass(frozen=True)
class DomainVocabulary(DatasetRule):
    """Glossary terms that the dataset never uses.

    Why: a model that never saw a term of its domain will not use it, or will make up its meaning.

    A term counts as used if it, or one of its other forms, occurs in a text of `roles` as whole
    words, in any case. The measures give the share of terms that are used and the number of
    records that use one; the finding, on the dataset as a whole, lists the missing terms.

    Blind spots: inflected forms that the glossary does not list; a term that is used in another
    sense.

    Options: `glossary`, files of terms: one a line, or a lexicon in CSV, TOML or JSON with `term`
    and `forms`; `roles`.

    Flags with {"glossary": [{"entries": [{"term": "routing number"}, {"term": "overdraft"}]}]}::

        {"prompt": "Why a fee?", "completion": "Your account was in overdraft."}

    Passes with {"glossary": [{"entries": [{"term": "overdraft"}]}]}::

        {"prompt": "Why a fee?", "completion": "Your account was in Overdraft."}

    Cure: collect records on the missing terms, or remove them from the glossary.
    """

    name = "domain-vocabulary"
    severity = Severity.INFO
    needs_options = ("glossary",)
    state = {"term": "int32"}  # noqa: RUF012 - a declaration, never changed
    measures = {  # noqa: RUF012 - a declaration, never changed
        "coverage": "share of the glossary terms that the dataset uses",
        "missing": "glossary terms that it never uses",
        "records": "records that use a term",
    }

    glossary: tuple[OptionFile, ...] = ()
    roles: tuple[str, ...] = ("prompt", "target")

    def __post_init__(self) -> None:
        """Read the glossary, so that a mistake in it stops the run at its start."""
        _ = self._lexicons

    @cached_property
    def _lexicons(self) -> list[Lexicon]:
        return [
            parse_lexicon(f"{file.path}.csv", b"term\n" + _quoted(file.data))
            if _is_list(file)
            else parse_lexicon(file.path, file.data)
            for file in self.glossary
        ]

    @cached_property
    def _terms(self) -> list[str]:
        return list(
            dict.fromkeys(entry.term for lexicon in self._lexicons for entry in lexicon.entries)
        )

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self._lexicons, overlapping=True)

    def observe(self, batch: Batch) -> Columns:
        """Return a row for each term that a record uses."""
        numbers = {term: number for number, term in enumerate(self._terms)}
        positions = batch.texts(self.roles).positions
        used = {
            (positions[number], numbers[hit.entry.term])
            for number, hits in self._matcher.search(batch, self.roles)
            for hit in hits
        }
        return {
            "record": [position for position, _ in sorted(used)],
            "term": [term for _, term in sorted(used)],
        }

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield how much of the glossary is used, and the missing terms."""
        del source
        used: set[int] = set()
        records: set[tuple[int, int]] = set()
        for row in state.rows():
            used.add(row.term)
            records.add((row.file, row.row))
        missing = [term for number, term in enumerate(self._terms) if number not in used]
        yield Measure("coverage", round(len(used) / len(self._terms), 6))
        yield Measure("missing", len(missing))
        yield Measure("records", len(records))
        if missing:
            listed = ", ".join(sorted(missing)[:_LISTED]) + (
                f" and {len(missing) - _LISTED:,} more" if len(missing) > _LISTED else ""
            )
            yield self.finding(
                DATASET,
                f"{len(missing):,} of {len(self._terms):,} glossary terms are never used: {listed}",
            )


def _is_list(file: OptionFile) -> bool:
    return bool(file.path) and file.path.rpartition(".")[2].lower() not in ("csv", "toml", "json")


def _quoted(data: bytes) -> bytes:
    """Return lines as cells of a table, without empty ones and comments."""
    lines = (line.strip() for line in data.decode("utf-8-sig", "replace").splitlines())
    return "".join(
        '"' + line.replace('"', '""') + '"\n' for line in lines if line and not line.startswith("#")
    ).encode()
