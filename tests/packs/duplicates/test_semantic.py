"""Semantic duplicates: the same pairs as comparing each with each in whole numbers, and nothing that another rule reports."""

import random

import pytest

from dslint import testing
from dslint.plugin import embed
from dslint.testing import harness
from dslint.testing.harness import Run
from dslint_packs.duplicates import best_partners, embedding_pairs, text_store
from dslint_packs.duplicates.near import NearDuplicate
from dslint_packs.duplicates.semantic import SemanticDuplicate

np = pytest.importorskip("numpy")

ASKED = [
    "How do I reset my password?", "How can I reset the password that I have?", "Where is my parcel?", "I want to cancel my order, please.",
    "Please cancel the order that I made.", "What is the weather like today?", "How is the weather today?", "Play some music for me.",
]  # fmt: skip


def vectors(rows, seed=1):
    """Vectors of bytes, a third of them close to another one."""
    chance = np.random.default_rng(seed)
    made = chance.standard_normal((rows, embedding_pairs.WIDTH))
    for row in range(0, rows, 3):
        made[row] = made[chance.integers(rows)] + chance.normal(0, 0.4) * chance.standard_normal(
            embedding_pairs.WIDTH
        )
    unit = made / np.linalg.norm(made, axis=1, keepdims=True)
    return np.rint(unit * 700).clip(-127, 127).astype(np.int8)


def truth(given, threshold):
    """The pairs that are close enough, by products of whole numbers."""
    whole = given.astype(np.int64)
    products = whole @ whole.T
    norms = np.sqrt(np.diag(products).astype(float))
    later, earlier = np.nonzero(np.tril(products / (norms[:, None] * norms) >= threshold, -1))
    return set(zip(earlier.tolist(), later.tolist(), strict=True))


def test_comparing_each_with_each_finds_all_pairs(monkeypatch):
    monkeypatch.setattr(embedding_pairs, "_ROWS", 64)
    given = vectors(300)
    expected = truth(given, 0.8)
    pairs, cosines = embedding_pairs.close(given, 0.8, embedding_pairs.compare_all)
    assert len(expected) > 20
    assert set(map(tuple, pairs.tolist())) == expected
    assert (cosines >= 0.8).all()


def test_the_index_finds_nearly_all_pairs_and_twice_the_same():
    given = vectors(1200)
    expected = truth(given, 0.8)
    once, again = (
        embedding_pairs.close(given, 0.8, embedding_pairs.nearest_neighbours)[0].tolist()
        for _ in range(2)
    )
    found = set(map(tuple, once))
    assert once == again
    assert found <= expected
    assert len(found) >= 0.98 * len(expected)


def test_a_row_keeps_its_closest_partners(monkeypatch):
    monkeypatch.setattr(best_partners, "_PRUNE_AT", 10)
    kept = best_partners.BestPartners()
    for earlier in np.random.default_rng(1).permutation(100).tolist():
        codes = np.array([200 << 32 | earlier], np.uint64)
        kept.add(codes, np.array([earlier / 100]))
        kept.add(codes, np.array([earlier / 100]))
    pairs, alike = kept.pairs()
    assert pairs.tolist() == [
        [earlier, 200] for earlier in range(100 - best_partners.PARTNERS, 100)
    ]
    assert alike.tolist() == pytest.approx(
        [earlier / 100 for earlier in range(100 - best_partners.PARTNERS, 100)]
    )


@pytest.mark.parametrize("law", ["cut", "order", "batches", "storage", "pickling"])
def test_searching_the_index_keeps_the_laws(monkeypatch, law):
    monkeypatch.setattr(embedding_pairs, "EXACT", 0)
    testing.assert_law(law, SemanticDuplicate(threshold=0.6), max_examples=8)


def test_an_embedding_is_of_unit_length_and_close_to_that_of_a_paraphrase():
    one, other, third = embed(
        [
            "How do I reset my password?",
            "How can I reset the password that I have?",
            "Play some music for me.",
        ]
    )
    assert one @ one == pytest.approx(1, abs=1e-5)
    assert one @ other > 0.9
    assert one @ third < 0.5


def test_a_finding_names_its_partner_and_group():
    found = harness.run(SemanticDuplicate(), [{"text": text} for text in ASKED])
    pairs = {frozenset((finding.at.row, finding.related[0].row)) for finding in found.findings}
    assert pairs == {frozenset((0, 1)), frozenset((3, 4)), frozenset((5, 6))}
    assert found.measures == {"test/semantic.in-groups": 0.75, "test/semantic.largest-group": 2}
    assert all(
        "similar in meaning to data.jsonl line" in finding.message for finding in found.findings
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is my balance today?", "what is my balance, today"),
        (" ".join(ASKED), " ".join([*ASKED, "Thanks!"])),
        ("What is 12 times 13?", "What is 14 times 13?"),
    ],
    ids=["equal after normalising", "near duplicates", "other numbers"],
)
def test_what_other_rules_report_and_other_numbers_are_left_out(one, other):
    assert not harness.run(
        SemanticDuplicate(threshold=0.5), [{"text": one}, {"text": other}]
    ).findings


@pytest.mark.parametrize(
    "rule",
    [SemanticDuplicate(threshold=0.7), NearDuplicate(threshold=0.5)],
    ids=lambda rule: rule.name,
)
def test_texts_that_are_read_again_bit_by_bit_give_the_same(monkeypatch, rule):
    chance = random.Random(3)
    records = [
        {
            "text": " ".join(
                [
                    chance.choice(ASKED),
                    chance.choice(ASKED),
                    chance.choice(["now", "soon", "again"]),
                ]
            )
        }
        for _ in range(90)
    ]
    whole = harness.run(rule, records)
    monkeypatch.setattr(text_store, "CHARACTERS", 500)
    monkeypatch.setattr(text_store, "_WINDOW", 7)
    assert len(whole.findings) > 10
    assert harness.run(rule, records, Run(batch=20, cuts=(31,), arrow=True)) == whole


def test_texts_that_are_hardly_there_or_huge_do_no_harm():
    records = [
        {"text": text}
        for text in [
            "",
            " ",
            "a",
            "!!!",
            "\x00",
            "好",
            "word " * 100_000,
            "word " * 99_999 + "other",
        ]
    ]
    found = harness.run(SemanticDuplicate(), records)
    assert not found.crashes
    assert len(found.findings) < 3


@pytest.mark.parametrize("rule", [SemanticDuplicate(), NearDuplicate()], ids=lambda rule: rule.name)
def test_no_record_at_all_is_no_finding(rule):
    found = harness.run(rule, [])
    assert not found.findings
    assert not found.crashes
