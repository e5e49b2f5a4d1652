"""What a page shows, against what a command prints: in time linear in both, so that a page that is out of date fails and does not hang."""

from __future__ import annotations

import re
from collections.abc import Sequence


def shows(wanted: Sequence[str], text: str) -> bool:
    """Return whether a text has the lines of a page: a line `...` stands for any number of lines, `...` within one for what may stand there."""
    lines = text.splitlines()
    blocks: list[list[re.Pattern[str]]] = [[]]
    for line in wanted:
        if line.strip() == "...":
            blocks.append([])
        else:
            blocks[-1].append(re.compile(re.escape(line.rstrip()).replace(r"\.\.\.", ".*")))
    first, *middle = blocks
    if not middle:
        return len(lines) == len(first) and _stands(first, lines, 0)
    if not _stands(first, lines, 0):
        return False
    at, last = len(first), middle.pop()
    for block in middle:
        place = next(
            (
                start
                for start in range(at, len(lines) - len(block) + 1)
                if _stands(block, lines, start)
            ),
            None,
        )
        if place is None:
            return False
        at = place + len(block)
    return at <= len(lines) - len(last) and _stands(last, lines, len(lines) - len(last))


def _stands(block: Sequence[re.Pattern[str]], lines: Sequence[str], start: int) -> bool:
    found = lines[start : start + len(block)]
    return len(found) == len(block) and all(
        pattern.fullmatch(line) for pattern, line in zip(block, found, strict=True)
    )
