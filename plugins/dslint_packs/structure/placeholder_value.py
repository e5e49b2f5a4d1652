"""structure/placeholder-value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import Batch, Finding, Location, Part, Record, RecordRule, Text

_CERTAIN = frozenset(
    ["noinput", "no input", "no input.", "<noinput>", "<no input>", "[noinput]", "[no input]",
     "(noinput)", "(no input)", "no input required", "no input needed", "no input necessary",
     "n/a", "<n/a>", "nan", "<null>", "null", "<empty>", "[empty]", "<none>", "undefined"]
)  # fmt: skip
_IN_INPUT_FIELDS = frozenset(
    [
        "none",
        "na",
        "n.a.",
        "n.a",
        "nil",
        "-",
        "--",
        "empty",
        "not applicable",
        "blank",
        "nothing",
        "not available",
        "[none]",
        "tbd",
    ]
)
_INPUT_FIELDS = frozenset({"input", "context", "inputs"})
_LONGEST = max(map(len, _CERTAIN | _IN_INPUT_FIELDS)) + 8  # with some space around it


@dataclass(frozen=True)
class PlaceholderValue(RecordRule):
    """Input fields that say "no input" in words.

    Why: "no input" must look one way, best an empty field; each spelling of it (`<noinput>`,
    `N/A`, `No input`) is a text that the model reads and learns to expect.

    Flags whole texts only, in prompts; words that a user may well say (`none`, `nothing`) only
    in fields that are named as inputs.

    Measured: in LLaMA-Factory's alpaca_en_demo (999 records) 8 findings, all true, in seven
    spellings; none is missed among its inputs of up to 13 characters. No finding in twelve other
    public files.

    Blind spots: a placeholder within a longer text; languages other than English.

    Options: `roles`, which texts to check.

    Flags::

        {"instruction": "Tell a joke.", "input": "<noinput>", "output": "Knock, knock."}
        {"instruction": "Tell a joke.", "input": "N/A", "output": "Knock, knock."}
        {"instruction": "Tell a joke.", "input": "`< noinput >`", "output": "Knock, knock."}

    Passes::

        {"instruction": "Tell a joke.", "input": "", "output": "Knock, knock."}
        {"instruction": "Is N/A a value?", "input": "Column 3 has N/A.", "output": "A missing one."}

    Cure: empty the field, or remove it.
    """

    name = "placeholder-value"

    roles: tuple[str, ...] = ("prompt",)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each text that is only a placeholder."""
        for part in record.texts(self.roles):
            if _is_placeholder(part):
                yield self._found(part.at(0, len(part.text)))

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check all texts of the batch in one pass."""
        texts = batch.texts(self.roles)
        for number, item in enumerate(texts.items):
            if len(item.text) <= _LONGEST and _is_placeholder(item):
                yield self._found(texts.at(number, 0, len(item.text)))

    def _found(self, at: Location) -> Finding:
        return self.finding(at, "means no input; leave the field empty instead")


def _is_placeholder(part: Part | Text) -> bool:
    if len(part.text) > _LONGEST:
        return False
    value = part.text.strip(" \t\r\n`").casefold()
    if value.startswith("<") and value.endswith(">"):
        value = f"<{value[1:-1].strip()}>"
    name = part.field.rpartition("/")[2]
    if part.role is None and name not in _INPUT_FIELDS:
        return value.startswith("<") and value in _CERTAIN
    return value in _CERTAIN or (name in _INPUT_FIELDS and value in _IN_INPUT_FIELDS)
