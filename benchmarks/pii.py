"""Measure the rules on personal data and presidio with its defaults: CPU seconds and recall.

    pip install -e '.[pii]' && python benchmarks/pii.py

Seeded rows of some 90 characters, with the numbers that real rows have (versions, dates, prices,
orders); one in a hundred also contains a value of one of six kinds, with valid checksums. CPU
seconds are those of whole processes; recall is that of the injected values. presidio runs as
`AnalyzerEngine` with its no-op engine and its own recognizers for these six kinds.
"""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from generate import WORDS

ROWS = 100_000
STARTS = 10  # rows of the run that measures the cost of a start
KINDS = {
    "email-address": "EMAIL_ADDRESS",
    "phone-number": "PHONE_NUMBER",
    "credit-card": "CREDIT_CARD",
    "iban": "IBAN_CODE",
    "ip-address": "IP_ADDRESS",
    "us-ssn": "US_SSN",
}


def luhn(digits: str) -> str:
    """Return the digits with Luhn's check digit after them."""
    total = sum(
        sum(divmod(int(digit) * (2 - place % 2), 10))
        for place, digit in enumerate(reversed(digits))
    )
    return digits + str(-total % 10)


def german_iban(chance: random.Random) -> str:
    """Return a German IBAN with valid check digits."""
    account = f"{chance.randint(10_000_000, 99_999_999)}{chance.randint(0, 9_999_999_999):010}"
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


def grouped(digits: str, mark: str) -> str:
    """Return digits in groups of four."""
    return mark.join(digits[start : start + 4] for start in range(0, len(digits), 4))


VALUES: dict[str, Callable[[random.Random], str]] = {
    "email-address": lambda r: (
        f"{r.choice(['ada', 'noor'])}.{r.choice(WORDS)}{r.randint(1, 99)}"
        f"@{r.choice(['gmail.com', 'web.de'])}"
    ),
    "phone-number": lambda r: r.choice(["({}) {}-{}", "{}-{}-{}", "+1 {} {} {}"]).format(
        r.choice([212, 415, 312, 617, 206]), r.randint(556, 989), r.randint(1000, 9999)
    ),
    "credit-card": lambda r: grouped(
        luhn(
            r.choice(["4", "51", "55", "6011"])
            .ljust(15, "x")
            .replace("x", "{}")
            .format(*r.choices(range(10), k=14))
        ),
        r.choice(["", " ", "-"]),
    ),
    "iban": lambda r: grouped(german_iban(r), r.choice(["", " "])),
    "ip-address": lambda r: (
        f"{r.choice([23, 62, 81, 151, 213])}.{r.randint(11, 254)}"
        f".{r.randint(11, 254)}.{r.randint(11, 254)}"
    ),
    "us-ssn": lambda r: (
        f"{r.choice([*range(1, 666), *range(667, 900)]):03}"
        f"-{r.randint(1, 99):02}-{r.randint(1, 9999):04}"
    ),
}
ORDINARY: list[Callable[[random.Random], str]] = [
    lambda r: f"version {r.randint(0, 9)}.{r.randint(0, 30)}.{r.randint(0, 9)}",
    lambda r: f"20{r.randint(10, 26)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}",
    lambda r: f"${r.randint(1, 9)},{r.randint(100, 999)}.{r.randint(0, 99):02}",
    lambda r: f"order {r.randint(10_000, 9_999_999)}",
    lambda r: f"at {r.randint(0, 23)}:{r.randint(0, 59):02}",
]


def row(chance: random.Random) -> tuple[str, str | None, int]:
    """Return a text, the kind of the value in it, and the start of the value."""
    words = chance.choices(WORDS, k=chance.randint(10, 16))
    if chance.random() < 0.2:
        words.insert(chance.randint(0, len(words)), chance.choice(ORDINARY)(chance))
    if chance.random() >= 0.01:
        return " ".join(words), None, 0
    kind, at = chance.choice(list(KINDS)), chance.randint(0, len(words))
    return (
        " ".join([*words[:at], VALUES[kind](chance), *words[at:]]),
        kind,
        len(" ".join([*words[:at], ""])),
    )


PRESIDIO = """
import json, sys
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpEngineProvider
import tldextract.tldextract
tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
provider = NlpEngineProvider(
    nlp_configuration={
        "nlp_engine_name": "no_op",
        "models": [{"lang_code": "en", "model_name": "none"}],
    }
)
engine = provider.create_engine()
registry = RecognizerRegistry(supported_languages=["en"])
registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
kinds = sys.argv[2].split(",")
registry.recognizers = [
    one for one in registry.recognizers if set(one.supported_entities) & set(kinds)
]
analyzer = AnalyzerEngine(nlp_engine=engine, registry=registry, supported_languages=["en"])
found = []
for number, line in enumerate(open(sys.argv[1], encoding="utf-8")):
    for hit in analyzer.analyze(json.loads(line)["text"], "en", score_threshold=0.35):
        found.append((number, hit.entity_type, hit.start))
json.dump(found, open("presidio.json", "w"))
"""


def seconds(command: list[str], folder: Path) -> float:
    """Return the CPU seconds of a command, user and system together."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(process.stderr.read().decode() if process.stderr else f"{command} failed")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Print the tables."""
    chance = random.Random(7)
    rows = [row(chance) for _ in range(ROWS)]
    truth = {(number, kind, start) for number, (_, kind, start) in enumerate(rows) if kind}
    names = {entity: kind for kind, entity in KINDS.items()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, count in (("few.jsonl", STARTS), ("all.jsonl", ROWS)):
            (folder / file).write_text(
                "".join(json.dumps({"text": text}) + "\n" for text, _, _ in rows[:count])
            )
        # The few rows contain every kind, so that a start loads all that is needed.
        with (folder / "few.jsonl").open("a") as stream:
            stream.writelines(json.dumps({"text": make(chance)}) + "\n" for make in VALUES.values())
        dslint = [
            sys.executable,
            "-m",
            "dslint",
            "check",
            "--isolated",
            "-j",
            "1",
            "-o",
            "json=dslint.json",
            "--select",
            "pii",
        ]
        presidio = [sys.executable, "-c", PRESIDIO]
        costs = {}
        for who, command, more in (
            ("dslint", dslint, []),
            ("presidio", presidio, [",".join(KINDS.values())]),
        ):
            start = min(seconds([*command, "few.jsonl", *more], folder) for _ in range(3))
            costs[who] = (start, seconds([*command, "all.jsonl", *more], folder))
        report = json.loads((folder / "dslint.json").read_text())
        found = {
            "dslint": {
                (f["row"], f["rule"].removeprefix("pii/"), f["start"])
                for f in report["findings"]
                if f["rule"].startswith("pii/")
            },
            "presidio": {
                (number, names[entity], start)
                for number, entity, start in json.loads((folder / "presidio.json").read_text())
            },
        }
        size = (folder / "all.jsonl").stat().st_size / 1e6
    print(
        f"Python {platform.python_version()}, {platform.machine()}; {ROWS:,} rows, {size:.1f} MB, "
        f"{len(truth)} with a value; one process\n"
    )
    print("| CPU seconds | start | total | without start |\n|---|---|---|---|")
    for who, (start, total) in costs.items():
        print(f"| {who} | {start:.2f} | {total:.2f} | {total - start:.2f} |")
    work = {who: total - start for who, (start, total) in costs.items()}
    print(f"\npresidio / dslint, without start: {work['presidio'] / work['dslint']:.1f}\n")
    print(
        "| kind | values | recall dslint | recall presidio | extra dslint | extra presidio |\n"
        "|---|---|---|---|---|---|"
    )
    counts = Counter(kind for _, kind, _ in truth)
    for kind in KINDS:
        cells = [
            f"{sum(one[1] == kind for one in found[who] & truth) / counts[kind]:.3f}"
            for who in found
        ]
        cells += [str(sum(one[1] == kind for one in found[who] - truth)) for who in found]
        print(f"| {kind} | {counts[kind]} | {' | '.join(cells)} |")
    for number, kind, start in sorted(found["dslint"] - truth)[:20]:
        print(f"not injected: {kind} at {start} of {rows[number][0]!r}")
    for number, kind, start in sorted(truth - found["dslint"])[:20]:
        print(f"missed: {kind} at {start} of {rows[number][0]!r}")


if __name__ == "__main__":
    main()
