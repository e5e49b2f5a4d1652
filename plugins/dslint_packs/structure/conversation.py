"""structure/nothing-to-learn and structure/role-order: the turns of a conversation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import Batch, Finding, Record, RecordRule, Severity, Turn


@dataclass(frozen=True)
class NothingToLearn(RecordRule):
    """Records that teach a model nothing, or to stay silent.

    Why: without a target there is no loss, so the record costs time and teaches nothing; a blank
    target teaches the model to stay silent.

    Flags records without an assistant message, with a blank one (no call, image or audio
    either), or with weight 0 on all of them; a blank output, completion or text. Records with a
    rejected answer teach through it; blank sides of pairs are left to structure/preference-pair.

    Measured: no false positive in 4,061 records of thirteen public demo files.

    Flags::

        {"messages": [{"role": "user", "content": "Hi"}]}
        {"instruction": "Tell a joke.", "input": "", "output": ""}
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "  "}]}
        {"messages": [{"role": "assistant", "content": "Hello!", "weight": 0}]}

    Passes::

        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo!"}]}
        {"prompt": "Hi", "completion": "Go away.", "label": false}

    Cure: add the answer, or remove the record.
    """

    name = "nothing-to-learn"
    severity = Severity.ERROR
    needs_roles = ("assistant", "text")

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Run `check` only where no target is left or one is blank."""
        if "assistant" in batch.shape.roles:
            for record, turns in zip(batch.records, batch.turns, strict=True):
                if not _teaches(turns):
                    yield from self.check(record)
            return
        texts = batch.texts(("target",))
        for number, item in enumerate(texts.items):
            if not item.text or item.text.isspace():
                yield self.finding(texts.at(number), "the target text is blank")

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding where there is no target, and for each blank one."""
        turns = record.turns
        if not turns:
            for part in record.texts(("target",)):
                if not part.text.strip():
                    yield self.finding(part.at(), "the target text is blank")
            return
        if any(turn.role == "rejected" for turn in turns):
            return
        answers = [turn for turn in turns if turn.role == "assistant"]
        if not answers:
            yield self.finding(record.at(), "no assistant message")
        elif not any(turn.target for turn in answers):
            yield self.finding(record.at(), "weight 0 on every assistant message")
        for turn in answers:
            if turn.target and turn.blank:
                yield self.finding(record.at(turn.field, role="assistant"), "the answer is blank")


def _teaches(turns: list[Turn]) -> bool:
    """Return whether there is a target and none is blank."""
    targets = [turn.blank for turn in turns if turn.target]
    return bool(targets) and not any(targets)


@dataclass(frozen=True)
class RoleOrder(RecordRule):
    """Conversations whose turns are out of order.

    Why: chat templates raise an error on such conversations or render them wrongly, and a last
    user turn is cut off or learned as if it were an answer.

    Flags the same role twice in a row, a system message that is not first, an assistant turn
    before any user turn, and a user turn at the end. Turns around tool calls are understood;
    prompts whose answer is in another field (preference and KTO data) may end on a user turn.
    Conversations without any assistant message are left to structure/nothing-to-learn.

    Measured: no false positive in 4,061 records of thirteen public demo files.

    Flags::

        {"messages": [{"role": "user", "content": "Hi"}, {"role": "user", "content": "There?"}, {"role": "assistant", "content": "Yes."}]}
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "Bye"}]}
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Be brief."}, {"role": "assistant", "content": "Hello!"}]}

    Passes::

        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]}
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello!"}]}

    Cure: join turns that belong together, move the system message to the front, and cut what
    follows the last answer.
    """  # noqa: E501

    name = "role-order"
    needs_roles = ("assistant",)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield one finding, at the first turn that is out of order."""
        turns = record.turns
        if not any(turn.role in ("assistant", "rejected") for turn in turns):
            return
        faults = list(_faults(turns))
        if faults:
            turn, message = faults[0]
            others = len(faults) - 1
            more = f"; {others} more turn{'s' if others > 1 else ''} out of order" if others else ""
            yield self.finding(record.at(turn.field, role=turn.role), message + more)


def _faults(turns: list[Turn]) -> Iterable[tuple[Turn, str]]:
    previous: Turn | None = None
    answered = False
    for turn in turns:
        if turn.role == "rejected":
            # A rejected answer replaces, or accompanies, the answer before it.
            answered = True
            continue
        if turn.role in ("system", "developer"):
            if previous is not None:
                yield turn, f"a {turn.role} message after the conversation has started"
            continue
        if previous is None and turn.role == "assistant":
            yield turn, "an assistant turn before any user turn"
        elif (
            previous is not None
            and turn.role == previous.role
            and turn.role in ("user", "assistant")
            and not previous.calls
        ):
            yield turn, f"two {turn.role} turns in a row"
        previous = turn
    if previous is not None and previous.role == "user" and not answered:
        yield previous, "ends on a user turn"
