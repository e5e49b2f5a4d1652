"""source/untrusted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from dslint.plugin import Batch, Confidence, Finding, Location, Record, RecordRule, pattern

_URL = pattern(
    r"(?:https?|ftp)://(?:[^\s/@?#\"'<>]*@)?(\[[0-9a-fA-F:.]+\]|[^\s/:?#\"'<>(){}\[\]\\|^`,;]+)",
    re.IGNORECASE,
)
_HOST = pattern(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)


@dataclass(frozen=True)
class Untrusted(RecordRule):
    """Records from sources that are not trusted.

    Why: what stands on content farms, in other models' output or behind a licence that forbids training does not belong in the data.

    The source column (`--column source=FIELD`) and the addresses in the texts of `roles` are held against two lists: whatever `deny` matches is
    flagged, and if there is an `allow` list, whatever it does not match. An entry is a domain, which means its subdomains too (`example.org`), a
    pattern with `*` (`*.blog.example`, `gpt-*`), or the exact value of a source column that is no address.

    Blind spots: addresses without `http://`; what a text was copied from without saying so.

    Options: `allow`, `deny`, lists of entries; `roles`, in which addresses are looked for.

    Flags with {"deny": ["content-farm.example"]}::

        {"text": "Read on at https://www.content-farm.example/ten-facts"}

    Passes with {"deny": ["content-farm.example"]}::

        {"text": "Read on at https://docs.python.org/3/ and at https://not-content-farm.example/"}

    Cure: take the record out, or add its source to the list of those that are trusted.
    """

    name = "untrusted"
    sees = "all"
    needs_options = ("allow|deny",)

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("prompt", "target")

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for the source column, and for each address."""
        source = record.column("source")
        if source is not None and self._refused(_named(str(source))):
            yield self.finding(record.at(), f"the source column names {self._why()}")
        for part in record.texts(self.roles):
            for start, end in self._addresses(part.text):
                yield self._address(part.at(start, end))

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Look for addresses only in texts that may have one."""
        for position, source in enumerate(
            batch.column("source") if "source" in batch.input.columns else ()
        ):
            if source is not None and self._refused(_named(str(source))):
                yield self.finding(
                    batch.records[position].at(), f"the source column names {self._why()}"
                )
        texts = batch.texts(self.roles)
        for number, item in enumerate(texts.items):
            if "://" in item.text:
                for start, end in self._addresses(item.text):
                    yield self._address(texts.at(number, start, end))

    def _addresses(self, text: str) -> Iterator[tuple[int, int]]:
        for match in _URL.finditer(text):
            if self._refused(match[1].rstrip(".").lower()):
                yield match.span(1)

    def _address(self, at: Location) -> Finding:
        return self.finding(at, f"an address of {self._why()}", confidence=Confidence.HIGH)

    def _why(self) -> str:
        return (
            "a source that is denied"
            if self.deny and not self.allow
            else "a source that is not allowed"
        )

    def _refused(self, name: str) -> bool:
        if self._denied is not None and self._denied.fullmatch(name):
            return True
        return self._allowed is not None and not self._allowed.fullmatch(name)

    @cached_property
    def _denied(self) -> re.Pattern[str] | None:
        return _any_of(self.deny)

    @cached_property
    def _allowed(self) -> re.Pattern[str] | None:
        return _any_of(self.allow)


def _named(source: str) -> str:
    """Return the host of an address, else the source as it is; both in lower case."""
    match = _URL.match(source)
    return (match[1].rstrip(".") if match else source.strip()).lower()


def _any_of(entries: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return a pattern that matches whatever one of the entries means."""
    if not entries:
        return None
    wild = (".*".join(map(re.escape, re.split(r"\*+", entry.strip().lower()))) for entry in entries)
    domains = (
        rf"(?:[^/]*\.)?{found}" if _HOST.fullmatch(entry.strip()) else found
        for entry, found in zip(entries, wild, strict=True)
    )
    return re.compile("|".join(domains))
