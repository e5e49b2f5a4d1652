"""Each classic mistake is rejected by a law that names it: the kit would be decoration otherwise."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import strategies as st

from dslint import testing
from dslint.plugin import DATASET, DatasetRule, Measure, PairRule, RecordRule, digest
from dslint.testing import growth, laws

pytestmark = pytest.mark.slow

TEXTS = st.lists(
    st.sampled_from(["a", "b", "c", "d"]).map(lambda text: {"text": text}), min_size=4, max_size=12
)


class Repeats(DatasetRule):
    name = "repeats"
    state = {"text": "binary[16]"}
    key = "text"

    def observe(self, batch):
        return {"text": [digest(value["text"]) for value in batch.values]}


@dataclass(frozen=True)
class Sound(Repeats):
    def conclude(self, state, source):
        for _, group in state.groups(at_least=2):
            first, *others = sorted(group)
            for member in others:
                yield self.finding(state.at(member), "again", related=[state.at(first)])


@dataclass(frozen=True)
class ByArrival(Repeats):
    def conclude(self, state, source):
        first = {}
        for member in state.rows():  # in no order: the first to arrive wins
            if first.setdefault(member.text, member) is not member:
                yield self.finding(
                    state.at(member), "again", related=[state.at(first[member.text])]
                )


@dataclass(frozen=True)
class WithinAShard(Sound):
    def observe(self, batch):
        seen = {
            digest(value["text"]): position
            for position, value in reversed(list(enumerate(batch.values)))
        }
        return {
            "text": list(seen),
            "record": list(seen.values()),
        }  # a repeat within the batch is forgotten


@dataclass(frozen=True)
class MeanOfMeans(DatasetRule):
    name = "mean"
    state = {"mean": "double"}

    def observe(self, batch):
        return {
            "mean": [
                sum(
                    len(value["text"]) + row
                    for value, row in zip(batch.values, batch.rows, strict=True)
                )
                / len(batch)
            ],
            "record": [0],
        }

    def conclude(self, state, source):
        means = [row.mean for row in state.rows()]
        yield Measure("mean", sum(means) / len(means))


@dataclass(frozen=True)
class Remembers(RecordRule):
    name = "remembers"

    def check(self, record):
        seen = self.__dict__.setdefault("_seen", set())
        if record.value["text"] in seen:
            yield self.finding(record.at(), "again")
        seen.add(record.value["text"])


@dataclass(frozen=True)
class Changes(RecordRule):
    name = "changes"

    def check(self, record):
        record.value["text"] = record.value["text"].upper()
        yield self.finding(record.at(), "changed")


@dataclass(frozen=True)
class Quotes(RecordRule):
    name = "quotes"

    def check(self, record):
        yield self.finding(record.at(), f"bad text: {record.value['text']}")


@dataclass(frozen=True)
class Repairs(RecordRule):
    name = "repairs"

    def check(self, record):
        repaired = record.value["text"].encode("latin-1").decode("utf-8", "ignore")
        yield self.finding(record.at(), "a garbled text", suggestion=repaired[-10:])


@dataclass(frozen=True)
class BatchDiffers(RecordRule):
    name = "batch-differs"

    def check(self, record):
        if record.value["text"] == "a":
            yield self.finding(record.at(), "an a")

    def check_batch(self, batch):
        if len(batch) > 1:
            yield from super().check_batch(batch)


@dataclass(frozen=True)
class LossyCompaction(Sound):
    def compact(self, state):
        first = next(state.rows(), None)
        return (
            None
            if first is None
            else {name: [value] for name, value in zip(state.schema, first, strict=True)}
        )


@dataclass(frozen=True)
class GlobalView(Repeats):
    def conclude(self, state, source):
        total = len(state)  # a keyed rule sees the rows of its partition only
        for _, group in state.groups(at_least=1):
            for member in group:
                if len(group) / total > 0.3:
                    yield self.finding(state.at(member), "frequent")


@dataclass(frozen=True)
class Unpicklable(Sound):
    def __getstate__(self):
        return {"local": lambda: None}


@dataclass(frozen=True)
class ByPosition(Repeats):
    def conclude(self, state, source):
        for member in state.rows():
            if member.row == 0:
                yield self.finding(state.at(member), "the first record")


@dataclass(frozen=True)
class AtTheFirst(Repeats):
    key = None

    def conclude(self, state, source):
        yield self.finding(state.at(min(state.rows(), key=lambda row: row.row)), "few records")


@dataclass(frozen=True)
class SeveralOnTheWhole(Repeats):
    key = None

    def conclude(self, state, source):
        for text in sorted({row.text for row in state.rows()}):
            yield self.finding(
                DATASET, f"{sum(row.text == text for row in state.rows())} of a text"
            )


@dataclass(frozen=True)
class WildScore(RecordRule):
    name = "wild-score"

    def check(self, record):
        yield self.finding(record.at(), "bad", score=7.0)


@dataclass(frozen=True)
class Crashes(RecordRule):
    name = "crashes"

    def check(self, record):
        raise KeyError(record.value["text"])


@dataclass(frozen=True)
class BatchCrashes(Crashes):
    name = "batch-crashes"

    def check(self, record):
        yield self.finding(record.at(), "found one by one")

    def check_batch(self, batch):
        raise KeyError("batch")


@dataclass(frozen=True)
class LateCrash(DatasetRule):
    """Raises when it concludes."""

    name = "late-crash"
    state = {"n": "int64"}

    def observe(self, batch):
        return {"n": [1] * len(batch)}

    def conclude(self, state, source):
        raise KeyError("late")


@dataclass(frozen=True)
class SeesCrash(LateCrash):
    """Raises when it observes."""

    name = "sees-crash"

    def observe(self, batch):
        raise KeyError("seen")

    def conclude(self, state, source):
        return ()


@pytest.mark.parametrize(
    ("rule", "says"),
    [(Crashes(), "a"), (BatchCrashes(), "batch"), (LateCrash(), "late"), (SeesCrash(), "seen")],
    ids=lambda value: getattr(value, "name", value),
)
def test_what_a_rule_raises_is_raised_to_its_author(rule, says):
    with pytest.raises(KeyError, match=says):
        testing.run(rule, [{"text": "a"}, {"text": "b"}])
    with pytest.raises(testing.LawBrokenError, match="raised KeyError") as broken:
        testing.assert_law("values", rule)
    assert isinstance(broken.value.__cause__, KeyError)


@dataclass(frozen=True)
class SeeksTheEndFromEachBeginning(RecordRule):
    name = "unclosed"

    def check(self, record):
        for match in re.finditer(r"\[.*?\]", record.value["text"], re.DOTALL):
            yield self.finding(record.at(), "brackets", score=min(1.0, match.end() / 1e9))


@dataclass(frozen=True)
class ComparesAllWithAll(RecordRule):
    name = "all-with-all"

    def check(self, record):
        opened = [place for place, letter in enumerate(record.value["text"]) if letter == "("]
        closed = [place for place, letter in enumerate(record.value["text"]) if letter == ")"]
        for place in opened:
            if any(place < other for other in closed):
                yield self.finding(record.at(), "brackets")


@dataclass(frozen=True)
class LooksBackFromEachHash(RecordRule):
    """Slow on any text, so that what is quadratic shows in a long one only."""

    name = "looks-back"

    def check(self, record):
        text = record.value["text"]
        score = sum(ord(letter) * place % 7 for place, letter in enumerate(text) for _ in range(45))
        for match in re.finditer("#", text):
            score += text.count("#@", 0, match.start())
        if score < 0:
            yield self.finding(record.at(), "hashes")


@dataclass(frozen=True)
class TriesEachWayToReadAText(RecordRule):
    name = "each-way"

    def check(self, record):
        if re.search(r"^(?:\w+\s?)+$", record.value["text"]):
            yield self.finding(record.at(), "words")


@dataclass(frozen=True)
class Silent(RecordRule):
    name = "silent"

    def check(self, record):
        return ()


@dataclass(frozen=True)
class SharedWords(PairRule):
    """Candidates meet under each word that they share; half of all their words make a pair."""

    name = "shared-words"
    state = {"word": "string"}
    key = "word"

    def observe(self, batch):
        pairs = [
            (position, word)
            for position, value in enumerate(batch.values)
            for word in sorted(set(value["text"].split()))
        ]
        return {"word": [word for _, word in pairs], "record": [position for position, _ in pairs]}

    def verify(self, pairs, state, source):
        assert pairs == sorted(set(pairs), key=lambda pair: [(m.file, m.row) for m in pair])
        places = {state.at(member) for pair in pairs for member in pair}
        words = {
            (record.path, record.row): set(record.value["text"].split())
            for record in source.records(places)
        }
        for a, b in pairs:
            one, other = (words[state.at(member).path, member.row] for member in (a, b))
            share = len(one & other) / len(one | other)
            if share >= 0.5:
                yield self.finding(
                    state.at(b),
                    f"shares {share:.2f} of its words",
                    related=[state.at(a)],
                    score=share,
                )


SENTENCES = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4).map(
        lambda w: {"text": " ".join(w)}
    ),
    min_size=3,
    max_size=10,
)


def test_a_sound_rule_keeps_all_laws():
    testing.assert_laws(Sound(), TEXTS)


def test_a_sound_pair_rule_keeps_all_laws():
    testing.assert_laws(SharedWords(), SENTENCES)


def test_a_pair_that_meets_often_is_verified_once():
    verified = []

    class Counting(SharedWords):
        def verify(self, pairs, state, source):
            verified.extend({a.row, b.row} for a, b in pairs)
            return super().verify(pairs, state, source)

    said = testing.run(Counting(), [{"text": "a b c d"}, {"text": "a b c e"}, {"text": "x y"}])
    assert verified == [{0, 1}]
    assert len(said.findings) == 1


def test_a_large_group_does_not_explode_into_pairs():
    said = testing.run(SharedWords(), [{"text": "same words"}] * 500)
    assert len(said.findings) == 499
    assert sum(1 for _ in SharedWords().pair(list(range(500)))) < 1000


@pytest.mark.parametrize(
    ("rule", "law"),
    [
        (ByArrival(), "order"),
        (WithinAShard(), "cut"),
        (MeanOfMeans(), "cut"),
        (Remembers(), "memory"),
        (Changes(), "read-only"),
        (Quotes(), "leak"),
        (Repairs(), "leak"),
        (BatchDiffers(), "batches"),
        (LossyCompaction(), "compaction"),
        (GlobalView(), "partitions"),
        (ByPosition(), "shuffle"),
        (AtTheFirst(), "shuffle"),
        (SeveralOnTheWhole(), "shuffle"),
        (Unpicklable(), "pickling"),
        (WildScore(), "values"),
        (Crashes(), "values"),
        (SeeksTheEndFromEachBeginning(), "growth"),
        (ComparesAllWithAll(), "growth"),
        (LooksBackFromEachHash(), "growth"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_the_law_that_names_the_mistake(rule, law):
    with pytest.raises(testing.LawBrokenError, match=f"^{law}: "):
        testing.assert_law(law, rule, TEXTS, max_examples=100)


def test_laws_share_the_runs_that_they_have_in_common(monkeypatch):
    ran = []

    def counted(*args, **options):
        ran.append(args)
        return testing.run(*args, **options)

    monkeypatch.setattr(laws, "run", counted)
    monkeypatch.setattr(growth, "slow", lambda _: iter(()))
    records = st.just([{"text": letter} for letter in "abcab"])
    for name in testing.LAWS:
        testing.assert_law(name, Sound(), records, max_examples=1)
    apart = len(ran)
    ran.clear()
    testing.assert_laws(Sound(), records, max_examples=1)
    assert len(ran) <= 15
    assert apart >= 25
    assert [args[2] for args in ran].count(testing.Run()) >= 2  # the law of memory has its own


@pytest.mark.parametrize(
    "rule",
    [
        ByArrival(),
        WithinAShard(),
        MeanOfMeans(),
        Remembers(),
        Changes(),
        Quotes(),
        Repairs(),
        BatchDiffers(),
        LossyCompaction(),
        GlobalView(),
        ByPosition(),
        AtTheFirst(),
        SeveralOnTheWhole(),
        Unpicklable(),
        WildScore(),
        Crashes(),
    ],
    ids=lambda rule: type(rule).__name__,
)
def test_no_mistake_hides_where_laws_share_their_runs(rule):
    with pytest.raises(testing.LawBrokenError, match=r"^[a-z-]+: "):
        testing.assert_laws(rule, TEXTS, max_examples=100)


@dataclass(frozen=True)
class NamesTheField(RecordRule):
    name = "names-the-field"

    def check(self, record):
        yield self.finding(record.at("/a_long_field_name"), "a field")


def test_a_text_that_is_spelled_as_a_field_is_not_shown_by_naming_the_field():
    record = {"a_long_field_name": "a_long_field_name", "text": "a_long_field_name"}
    testing.assert_law("leak", NamesTheField(), st.just([record]), max_examples=2)


def test_what_is_exponential_breaks_the_law_of_growth_and_does_not_hang_it(monkeypatch):
    monkeypatch.setattr(growth, "LIMIT", 0.3)
    with pytest.raises(testing.LawBrokenError, match=r"^growth: .*more than 0 s"):
        testing.assert_law("growth", TriesEachWayToReadAText())


@pytest.mark.parametrize(
    "law",
    [law for law in testing.LAWS if law not in ("partitions", "compaction", "storage", "growth")],
)
def test_a_law_about_a_silent_rule_shows_nothing(law):
    with pytest.raises(testing.LawBrokenError, match="no record made the rule fire"):
        testing.assert_law(law, Silent(), TEXTS)
