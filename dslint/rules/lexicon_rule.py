"""The base class of rules that look for the terms of lexicons."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

from msgspec.structs import replace

from dslint.data.batch import Batch
from dslint.data.record import Record
from dslint.model import Finding, Location
from dslint.nlp.lexicon import Lexicon, lexicon_of, parse_lexicon
from dslint.nlp.matcher import Hit, Matcher
from dslint.rules.base import MOST, OptionFile, RecordRule


@dataclass(frozen=True)
class LexiconRule(RecordRule):
    """A rule that looks for terms of lexicons: of the kinds that it `takes`, and the user's.

    Options of every such rule: `roles`, the texts to judge; `lexicon`, files with additional terms,
    in CSV, TOML or JSON; `allow`, words and phrases to accept.
    """

    disguises: ClassVar[bool] = False
    """Whether to find obfuscated terms too; see `Matcher`."""

    roles: tuple[str, ...] = ("target",)
    lexicon: tuple[OptionFile, ...] = ()
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Read the user's lexicons, so that an error in one stops the run before it starts."""
        _ = self._own

    @cached_property
    def _own(self) -> list[Lexicon]:
        return [parse_lexicon(file.path, file.data) for file in self.lexicon]

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(
            [*self._own, *map(lexicon_of, self.resources)],
            disguises=self.disguises,
            allow=self.allow,
        )

    @abstractmethod
    def judge(self, hit: Hit, at: Location, text: str, *, target: bool) -> Finding | None:
        """Return the finding for a term in a text, or None if it is acceptable there.

        `target`: the model learns to say this text.
        """

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each term in a record."""
        for part in record.texts(self.roles):
            yield from self._judged(
                self._matcher.find(part.text), part.at, part.text, target=part.target
            )

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Yield the findings of a batch, looking only at texts that may contain a term."""
        texts = batch.texts(self.roles)
        for number, hits in self._matcher.search(batch, self.roles):
            text = texts.items[number]
            yield from self._judged(hits, partial(texts.at, number), text.text, target=text.target)

    def _judged(
        self, hits: list[Hit], at: Callable[[int, int], Location], text: str, *, target: bool
    ) -> Iterator[Finding]:
        """Yield the findings for the terms in a text.

        After `MOST` findings of a term, its further places are counted without being judged.
        """
        if len(hits) > MOST:
            yield from self._bounded(hits, at, text, target=target)
            return
        for hit in hits:
            found = self.judge(hit, at(hit.start, hit.end), text, target=target)
            if found is not None:
                yield found

    def _bounded(
        self, hits: list[Hit], at: Callable[[int, int], Location], text: str, *, target: bool
    ) -> Iterator[Finding]:
        listed, more = Counter[tuple[int, bool]](), Counter[tuple[int, bool]]()
        last: dict[tuple[int, bool], Finding] = {}
        for hit in hits:
            term = (id(hit.entry), hit.plain)
            if term in last:
                more[term] += 1
                continue
            found = self.judge(hit, at(hit.start, hit.end), text, target=target)
            if found is None:
                continue
            listed[term] += 1
            if listed[term] == MOST:
                last[term] = found
            else:
                yield found
        for term, found in last.items():
            yield replace(found, more=more[term])
