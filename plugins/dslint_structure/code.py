"""Where a text is code: spans that rules on prose leave alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dslint.plugin import pattern

_CODE = pattern(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`|<(code|pre)\b.*?(?:</\1>|\Z)", re.DOTALL)


def outside_code(text: str, found: Iterable[re.Match[str]]) -> list[tuple[int, int]]:
    """Return the spans of those matches that do not begin in code: fenced, in backticks, or in HTML's code and pre elements."""
    spans = [match.span() for match in found]
    if not spans or ("`" not in text and "~~~" not in text and "<" not in text):
        return spans
    code = [match.span() for match in _CODE.finditer(text)]
    return [span for span in spans if not any(start <= span[0] < end for start, end in code)]
