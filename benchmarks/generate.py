"""Seeded inputs for benchmarks: texts, labelled rows, documents of 1 kB, chats, preference pairs.

Defects are put in, and a second file says where.

`python benchmarks/generate.py short 100000 rows.jsonl` writes one.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS = """
account address agent answer bill cancel card change charge claim code contact customer date day
deliver detail email error fee form help hour invoice item late letter limit link list login mail
month name note number offer open order package page password pay phone plan price problem question
receipt refund reply reset return send service ship site store support team time today update week
welcome when where why year
""".split()  # noqa: SIM905 - a list of 70 lines would say no more
LABELS = ["billing", "delivery", "login", "returns", "other"]
Truth = dict[str, list[int]]
"""Line numbers, from 1, by the kind of defect."""


def sentence(chance: random.Random, shortest: int, longest: int) -> str:
    """Return some words."""
    return " ".join(chance.choices(WORDS, k=chance.randint(shortest, longest)))


def text_row(chance: random.Random, number: int, more: str) -> dict[str, Any]:
    """Return a text of some 60 characters."""
    return {"id": number, "text": sentence(chance, 7, 12) + more}


def short_row(chance: random.Random, number: int, more: str) -> dict[str, Any]:
    """Return a labelled text of some 60 characters."""
    return {"id": number, "text": sentence(chance, 7, 12) + more, "label": chance.choice(LABELS)}


def document_row(chance: random.Random, number: int, more: str) -> dict[str, Any]:
    """Return a labelled text of some 1,000 characters."""
    return {"id": number, "text": sentence(chance, 150, 170) + more, "label": chance.choice(LABELS)}


def chat_row(chance: random.Random, number: int, more: str) -> dict[str, Any]:
    """Return a chat of three messages and some 600 characters."""
    turns = [
        ("system", f"You are assistant {number}."),
        ("user", sentence(chance, 5, 40) + more),
        ("assistant", sentence(chance, 20, 90)),
    ]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def preference_row(chance: random.Random, number: int, more: str) -> dict[str, Any]:
    """Return a prompt of some 100 characters, and two answers of some 300."""
    return {
        "id": number,
        "prompt": sentence(chance, 5, 30) + more,
        "chosen": sentence(chance, 20, 90),
        "rejected": sentence(chance, 20, 90),
    }


ROWS = {
    "text": text_row,
    "short": short_row,
    "document": document_row,
    "chat": chat_row,
    "preference": preference_row,
}


def card_number(chance: random.Random) -> str:
    """Return a number that passes the Luhn check."""
    digits = [4, *(chance.randrange(10) for _ in range(14))]
    total = sum(
        digit if place % 2 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits)
    )
    return "".join(map(str, [*digits, -total % 10]))


def iban(chance: random.Random) -> str:
    """Return a German IBAN with a valid check number."""
    account = f"{chance.randrange(10**18):018}"
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


PERSONAL: dict[str, Callable[[random.Random], str]] = {
    "email": lambda chance: (
        f"{chance.choice(WORDS)}.{chance.choice(WORDS)}{chance.randrange(100)}"
        f"@{chance.choice(WORDS)}mail.com"
    ),
    "phone": lambda chance: f"(212) {chance.randrange(200, 555)}-{chance.randrange(1000, 9999)}",
    "card": card_number,
    "iban": iban,
    "ip": lambda chance: (
        f"{chance.randrange(11, 99)}.{chance.randrange(256)}"
        f".{chance.randrange(256)}.{chance.randrange(1, 255)}"
    ),
    "ssn": lambda chance: (
        f"{chance.randrange(101, 665)}-{chance.randrange(10, 99)}-{chance.randrange(1000, 9999)}"
    ),
}


def altered(chance: random.Random, text: str, number: int) -> str:
    """Return a line of JSON as a near duplicate: one word of its longest text is changed.

    The new word occurs nowhere else.
    """
    value = json.loads(text)
    part = (
        value
        if "text" in value
        else max(value["messages"], key=lambda message: len(message["content"]))
    )
    key = "text" if "text" in value else "content"
    words = part[key].split()
    place = chance.randrange(len(words))
    part[key] = " ".join([*words[:place], f"{words[place]}{number}", *words[place + 1 :]])
    return json.dumps(value)


def write(
    path: Path,
    kind: str,
    rows: int,
    *,
    repeats: float = 0.03,
    near: float = 0.0,
    personal: float = 0.0,
    broken: float = 0.001,
    seed: int = 1,
) -> Truth:
    """Write a JSON Lines file with these shares of defects, and beside it a file with the truth."""
    chance = random.Random(seed)
    truth: Truth = {"repeats": [], "near": [], "broken": [], **{name: [] for name in PERSONAL}}
    kept: list[str] = []
    with path.open("w", encoding="utf-8") as stream:
        for line in range(1, rows + 1):
            what = chance.random()
            if kept and what < repeats:
                text = chance.choice(kept)
                truth["repeats"].append(line)
            elif kept and what < repeats + near:
                text = altered(chance, chance.choice(kept), line)
                truth["near"].append(line)
            elif what < repeats + near + personal:
                name = chance.choice(list(PERSONAL))
                text = json.dumps(ROWS[kind](chance, line, f" {PERSONAL[name](chance)}"))
                truth[name].append(line)
            else:
                text = json.dumps(ROWS[kind](chance, line, ""))
                if chance.random() < broken:
                    text = text[:-9]
                    truth["broken"].append(line)
                elif len(kept) < 1000:
                    kept.append(text)
                elif chance.random() < 0.01:
                    kept[chance.randrange(1000)] = text
            stream.write(text + "\n")
    path.with_suffix(".truth.json").write_text(json.dumps(truth))
    return truth


if __name__ == "__main__":
    write(Path(sys.argv[3]), sys.argv[1], int(sys.argv[2]), near=0.01, personal=0.01)
