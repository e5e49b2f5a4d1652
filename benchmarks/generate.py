"""Seeded inputs for benchmarks: short labelled rows and chats, with defects put in and a file that says where."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

WORDS = """
account address agent answer bill cancel card change charge claim code contact customer date day deliver detail email error fee form help hour
invoice item late letter limit link list login mail month name note number offer open order package page password pay phone plan price problem
question receipt refund reply reset return send service ship site store support team time today update week welcome when where why year
""".split()  # noqa: SIM905 - a list of 70 lines says no more
LABELS = ["billing", "delivery", "login", "returns", "other"]


def sentence(chance: random.Random, shortest: int, longest: int) -> str:
    """Return some words."""
    return " ".join(chance.choices(WORDS, k=chance.randint(shortest, longest)))


def short_row(chance: random.Random, number: int) -> dict[str, Any]:
    """Return a labelled text of some 60 characters."""
    return {"id": number, "text": sentence(chance, 7, 12), "label": chance.choice(LABELS)}


def chat_row(chance: random.Random, number: int) -> dict[str, Any]:
    """Return a chat of three messages and some 600 characters."""
    del number
    turns = [("system", "You are a helpful assistant."), ("user", sentence(chance, 5, 40)), ("assistant", sentence(chance, 20, 90))]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def write(path: Path, kind: str, rows: int, *, repeats: float = 0.03, broken: float = 0.001, seed: int = 1) -> dict[str, list[int]]:
    """Write a JSON Lines file and, beside it, the truth: which lines repeat an earlier one, and which are broken."""
    chance = random.Random(seed)
    make = {"short": short_row, "chat": chat_row}[kind]
    truth: dict[str, list[int]] = {"repeats": [], "broken": []}
    kept: list[str] = []
    with path.open("w", encoding="utf-8") as stream:
        for line in range(1, rows + 1):
            text = json.dumps(make(chance, line))
            if kept and chance.random() < repeats:
                text = chance.choice(kept)
                truth["repeats"].append(line)
            elif chance.random() < broken:
                text = text[:-9]
                truth["broken"].append(line)
            elif len(kept) < 1000:
                kept.append(text)
            stream.write(text + "\n")
    path.with_suffix(".truth.json").write_text(json.dumps(truth))
    return truth
