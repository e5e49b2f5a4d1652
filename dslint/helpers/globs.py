"""Glob patterns over POSIX paths: `*` within a folder, `**` across folders."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_SPECIAL = re.compile(r"[\[\\^&~|]")
_MAGIC = re.compile(r"[*?\[]")


def escape(path: str) -> str:
    """Return a pattern that matches only this path."""
    return _MAGIC.sub(r"[\g<0>]", path)


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    """Return whether a path matches any of the glob patterns, in which `**` crosses folders."""
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    out = []
    for piece in re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern.removeprefix("./")):
        if piece == "**/":
            out.append("(?:.*/)?")
        elif piece == "**":
            out.append(".*")
        elif piece == "*":
            out.append("[^/]*")
        elif piece == "?":
            out.append("[^/]")
        elif piece.startswith("[") and piece.endswith("]"):
            negated = "^" if piece.startswith("[!") else ""
            inside = _SPECIAL.sub(r"\\\g<0>", piece[1 + len(negated) : -1])
            out.append(f"[{negated}{inside}]")
        else:
            out.append(re.escape(piece))
    return re.compile("".join(out))
