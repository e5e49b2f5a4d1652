"""The shapes of one prompt and one answer: `alpaca` and `prompt-completion`."""

from __future__ import annotations

from typing import Any

from dslint.data.shapes.messages import (
    ANSWER_FIELDS,
    PROMPT_FIELDS,
    Dialogue,
    Utterance,
    answer_of,
    has_prompt,
    history_of,
    is_messages,
    prompt_of,
    system_of,
)
from dslint.model import ShapeProblem, Turn

_INPUTS = ("input", "context")
_OUTPUTS = ("output", "response")


class Alpaca(Dialogue):
    """`{"instruction": ..., "input": ..., "output": ...}`, with optional system and history.

    The history is a list of [user, assistant] pairs. Dolly's names (`context`, `response`) and the
    `instances` of the Self-Instruct seed tasks are understood too.
    """

    name = "alpaca"
    roles: frozenset[str | None] = frozenset({"system", "user", "assistant"})

    def fits(self, value: object) -> bool:
        """Return whether a record has an instruction and an answer."""
        return (
            type(value) is dict
            and "instruction" in value
            and ("output" in value or "response" in value or type(value.get("instances")) is list)
        )

    def utterances(self, value: dict[str, Any], problems: list[ShapeProblem]) -> list[Utterance]:
        """Return system, history, instruction, input and output."""
        instruction = value.get("instruction")
        if type(instruction) is not str:
            problems.append(
                ShapeProblem(
                    "/instruction" if "instruction" in value else "",
                    "`instruction` is missing or not a string",
                )
            )
            return []
        utterances = (
            [*system_of(value), *history_of(value, problems, target=True)] if len(value) > 3 else []
        )
        utterances.append(("/instruction", instruction, "user", False))
        if "instances" not in value or "output" in value:
            _example(value, "", utterances, problems)
        elif type(value["instances"]) is not list or not value["instances"]:
            problems.append(ShapeProblem("/instances", "`instances` is empty or not a list"))
        else:
            for number, instance in enumerate(value["instances"]):
                _example(instance, f"/instances/{number}", utterances, problems)
        return utterances

    def turns(self, value: Any) -> list[Turn]:
        """Return the turns; none for `instances`, which are not a conversation."""
        return [] if "instances" in value and "output" not in value else super().turns(value)


def _example(
    value: Any, where: str, utterances: list[Utterance], problems: list[ShapeProblem]
) -> None:
    if type(value) is not dict:
        problems.append(ShapeProblem(where, "the instance is not an object"))
        return
    for name in _INPUTS:
        given = value.get(name)
        if type(given) is str:
            if given:
                utterances.append((f"{where}/{name}", given, "user", False))
        elif given is not None:
            problems.append(ShapeProblem(f"{where}/{name}", f"`{name}` is not a string"))
    for name in _OUTPUTS:
        answer = value.get(name)
        if type(answer) is str:
            utterances.append((f"{where}/{name}", answer, "assistant", True))
            return
    present = next((name for name in _OUTPUTS if name in value), None)
    problems.append(
        ShapeProblem(
            where if present is None else f"{where}/{present}",
            f"`{present or 'output'}` is missing or not a string",
        )
    )


class PromptCompletion(Dialogue):
    """`{"prompt": ..., "completion": ...}`, each a string or a list of messages.

    Also question and answer, query and response, input and output.
    """

    name = "prompt-completion"
    roles: frozenset[str | None] = frozenset({"system", "developer", "user", "assistant", "tool"})

    def fits(self, value: object) -> bool:
        """Return whether a record has a prompt and a completion, under any of the usual names."""
        return type(value) is dict and _one(value, PROMPT_FIELDS) and _one(value, ANSWER_FIELDS)

    def utterances(self, value: dict[str, Any], problems: list[ShapeProblem]) -> list[Utterance]:
        """Return the prompt, unless the completion includes it, and the completion."""
        answer = answer_of(value, ANSWER_FIELDS, "assistant", problems)
        prompt = [] if has_prompt(value.get("completion")) else prompt_of(value, problems)
        return [*prompt, *answer]


def _one(value: dict[str, Any], names: tuple[str, ...]) -> bool:
    """Return whether the first of these fields that is present holds a text or messages."""
    found = next((value[name] for name in names if name in value), None)
    return type(found) is str or is_messages(found)
