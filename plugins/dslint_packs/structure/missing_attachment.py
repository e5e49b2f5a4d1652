"""structure/missing-attachment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dslint.plugin import Batch, Confidence, Finding, Part, Record, RecordRule, Severity, pattern

_SHOT = r"(?:image|picture|photo|photograph|screenshot)s?"
_PICTURE = rf"(?:{_SHOT}|(?:painting|drawing|diagram|infographic)s?)"
_FILE = (
    r"(?:file|document|pdf|spreadsheet|video|audio(?: clip| file| recording)?|recording|podcast"
    r"|csv|" + _PICTURE + ")s?"
)
_LOOK = (
    "describe|caption|title|identify|analy[sz]e|interpret|summari[sz]e|transcribe|examine|study"
    "|inspect|look at|looking at|observe|based on|according to|shown in|seen in|see in|depicted in"
    "|happening in|using|watch|listen to|classify|label|translate|what is in|what's in|who is in"
    "|edit|crop|colou?ri[sz]e|rotate|enhance"
)
_MISSING = pattern(
    r"\b(?:the\s+(?:following|given|provided|attached|above))\s+(?:\w+\s+(?:and\s+\w+\s+)?)?"
    rf"{_PICTURE}\b"
    rf"|\b(?:{_LOOK})\b(?:\W+\w+){{0,5}}?"
    rf"\W+(?:(?:this|these)\s+{_SHOT}|(?:the\s+)?{_PICTURE}\s+(?:below|above))\b"
    rf"|\b(?:the|this|these|my)\s+attached\s+{_FILE}\b"
    rf"|\b{_FILE}\s+(?:(?:is|are)\s+attached|attached\s+(?:below|above|here))\b"
    r"|\b(?:at|via|from|in|see|visit|open|click(?:\s+on)?|follow)\s+"
    r"(?:the\s+(?:following|attached|given|provided)\s+(?:link|url)|the\s+(?:link|url)\s+below)\b",
    re.IGNORECASE,
)
_FOLLOWS = pattern(r"[:\n]\s*\S")
"""What follows a reference where the text itself contains what is meant."""
_HINTS = (
    "image",
    "picture",
    "photo",
    "screenshot",
    "painting",
    "drawing",
    "diagram",
    "infographic",
    "attached",
    "link",
    "url",
)
_PROGRAM = pattern(
    r"\b(?:functions?|scripts?|programs?|code|algorithm|python|javascript|java|c\+\+|class|api"
    r"|app|pipeline|model)\b",
    re.IGNORECASE,
)
"""Prompts that ask for a program refer to files and pictures which the program will be given."""
_INCLUDED = pattern(
    r"https?://|www\.|data:\w+/|!\[|<(?:image|img|video|audio|file|\|image)"
    r"|\w\.(?:jpe?g|png|gif|webp|svg|pdf|csv|xlsx?|docx?|mp[34]|wav|txt)\b",
    re.IGNORECASE,
)
_FIELDS = frozenset(
    {
        "image",
        "images",
        "video",
        "videos",
        "audio",
        "audios",
        "file",
        "files",
        "attachment",
        "attachments",
        "document",
        "documents",
        "pixel_values",
    }
)
_LONGEST = 600
"""Longer prompts usually contain what they refer to."""


@dataclass(frozen=True)
class MissingAttachment(RecordRule):
    """Prompts that refer to a picture, file or link that the record does not contain.

    Why: the answer can only be made up, and a model that learns from it learns to make things up.

    Flags first prompts of up to 600 characters that ask to look at "this picture", "the attached
    file", "the link below" and the like. They pass if the record has an attachment field, a
    content part that is not text, an input beside the instruction, a link, a file name or an
    image placeholder, or if text after a colon or on a new line may be what is meant. Prompts
    about programs pass too: they refer to files that the program will be given.

    Measured: no false positive in 4,061 records of thirteen public demo files, six of which
    contain pictures.

    Blind spots: English only; references in later turns; texts that describe in words what they
    refer to.

    Flags::

        {"prompt": "Describe the following picture.", "completion": "A dog on a lawn."}
        {"instruction": "Summarize the attached document.", "input": "", "output": "It is short."}

    Passes::

        {"prompt": "<image>Describe this picture.", "completion": "A dog.", "images": ["1.jpg"]}
        {"prompt": "Describe a picture that you like.", "completion": "A dog on a lawn."}

    Cure: add the attachment, or remove the record.
    """

    name = "missing-attachment"
    severity = Severity.INFO
    needs_roles = ("user",)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Run `check` only on records whose first prompt has a reference."""
        texts = batch.texts(("user",))
        before = -1
        for position, item in zip(texts.positions, texts.items, strict=True):
            if position != before and _reference(item.text) is not None:
                yield from self.check(batch.records[position])
            before = position

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield at most one finding, at the reference."""
        prompts = record.texts(("user",))
        if (
            prompts
            and (match := _reference(prompts[0].text)) is not None
            and not _includes(record.value, prompts)
        ):
            message = "the prompt refers to an attachment that the record does not contain"
            yield self.finding(prompts[0].at(*match.span()), message, confidence=Confidence.MEDIUM)


def _reference(text: str) -> re.Match[str] | None:
    if len(text) > _LONGEST or not any(map(text.lower().__contains__, _HINTS)):
        return None
    match = _MISSING.search(text)
    return (
        None
        if match is None or _PROGRAM.search(text) or _FOLLOWS.search(text, match.end())
        else match
    )


def _includes(value: Any, prompts: list[Part]) -> bool:
    """Return whether the record contains what its prompt may refer to."""
    if type(value) is dict and any(value.get(name) for name in _FIELDS & value.keys()):
        return True
    inputs = [
        part
        for part in prompts[1:]
        if "/" not in part.field[1:] or part.field.startswith("/instances/")
    ]
    return bool(inputs) or any(_INCLUDED.search(part.text) for part in prompts) or _has_media(value)


def _has_media(value: Any) -> bool:
    """Return whether the value has a content part, at any depth, that is not text."""
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is dict:
            kind = item.get("type")
            if type(kind) is str and any(
                name in kind for name in ("image", "file", "audio", "video", "document")
            ):
                return True
            stack.extend(item.values())
        elif type(item) is list:
            stack.extend(item)
    return False
