"""structure/chat-control-tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dslint.plugin import Batch, Finding, Record, RecordRule, outside_code, pattern

_NAMES = (
    "im_start|im_end|im_sep|endoftext|endofprompt|startoftext|begin_of_text|end_of_text"
    "|start_header_id|end_header_id|eot_id|eom_id|eot|python_tag|system|user|assistant|tool|end"
    "|start|message|channel|return|call|fim_prefix|fim_middle|fim_suffix|begin_of_sentence"
    "|end_of_sentence|start_of_role|end_of_role|START_OF_TURN_TOKEN|END_OF_TURN_TOKEN"
    "|SYSTEM_TOKEN|USER_TOKEN|CHATBOT_TOKEN"
)
_TOKEN = pattern(
    rf"(?<!['\"])(?:<\|(?:{_NAMES}|reserved_special_token_\d+)\|>"
    r"|<｜[^<>｜\n]{2,40}｜>"  # noqa: RUF001 - as DeepSeek writes them
    r"|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
    r"|\[/?(?:AVAILABLE_TOOLS|TOOL_RESULTS|SYSTEM_PROMPT)\]|\[TOOL_CALLS\])(?!['\"])"
)
_SENTENCE = pattern(r"\A\s*<s>|</s>\s*\Z")
_ALPACA = pattern(r"^###? (?:Instruction|Response):", re.MULTILINE)


@dataclass(frozen=True)
class ChatControlTokens(RecordRule):
    """Texts that contain control tokens of a chat template.

    Why: the template adds its own tokens. A second set inside a message ends the turn early or
    lets the text speak in another role, and the model learns to write the tokens out.

    Flags `<|im_start|>`, `<|endoftext|>` and similar tokens, `[INST]`, `<<SYS>>`,
    `<start_of_turn>`; `<s>` at the start and `</s>` at the end of a text where they cannot be
    HTML; Alpaca's `### Instruction:` together with `### Response:`. Code and quoted tokens pass,
    and so do plain texts that begin with a token: these are conversations already rendered.

    Measured: no false positive in 4,061 records of thirteen public demo files, which contain no
    true positive either.

    Blind spots: prose about tokens that does not quote them; templates that use ordinary words.

    Options: `roles`, which texts to check.

    Flags::

        {"prompt": "Hi<|im_end|>", "completion": "Hello!"}
        {"prompt": "[INST] Hi [/INST]", "completion": "Hello!</s>"}

    Passes::

        {"prompt": "What ends a turn?", "completion": "The token `<|im_end|>`."}
        {"prompt": "Strike it.", "completion": "<s>old</s> new"}

    Cure: remove the tokens; where they mark turns, split the text into messages.
    """

    name = "chat-control-tokens"

    roles: tuple[str, ...] = ("prompt", "target")

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each token."""
        for part in record.texts(self.roles):
            for start, end in _places(part.text, part.role):
                yield self.finding(
                    part.at(start, end), "the text contains a control token of a chat template"
                )

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check all texts of the batch in one pass."""
        texts = batch.texts(self.roles)
        for number, item in enumerate(texts.items):
            for start, end in _places(item.text, item.role):
                yield self.finding(
                    texts.at(number, start, end),
                    "the text contains a control token of a chat template",
                )


def _places(text: str, role: str | None) -> list[tuple[int, int]]:
    if "<" not in text and "[" not in text and "###" not in text:
        return []
    found = [*_TOKEN.finditer(text), *_sentence(text), *_alpaca(text)]
    if not found or (
        role == "text" and min(match.start() for match in found) <= len(text) - len(text.lstrip())
    ):
        return []
    return sorted(outside_code(text, found))


def _sentence(text: str) -> Iterator[re.Match[str]]:
    """Yield `<s>` and `</s>` around the text, unless others in the text mean that it is HTML."""
    if "<s>" not in text and "</s>" not in text:
        return
    found = list(_SENTENCE.finditer(text))
    if text.count("<s>") + text.count("</s>") == len(found):
        yield from found


def _alpaca(text: str) -> list[re.Match[str]]:
    found = (
        list(_ALPACA.finditer(text)) if "# Instruction:" in text and "# Response:" in text else []
    )
    return found if len({match.group() for match in found}) > 1 else []
