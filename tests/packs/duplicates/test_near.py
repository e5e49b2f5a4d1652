# ruff: noqa: RUF001 - texts in many scripts
"""Near duplicates: the same answer as comparing each with each, whatever the cut, the engine, and the shape of the data."""

import random

import pytest

from dslint import testing
from dslint.testing import harness
from dslint.testing.harness import Run
from dslint_packs.duplicates import jaccard, minhash, shingles, similar
from dslint_packs.duplicates.hashing import hashes
from dslint_packs.duplicates.leakage import Leakage
from dslint_packs.duplicates.near import NearDuplicate
from dslint_packs.duplicates.shingles import Kind, plain, shingle_set

np = pytest.importorskip("numpy")

WORDS = [
    "".join(random.Random(number).choices("abcdefghijklmnopqrstuvwxyz", k=3 + number % 7))
    for number in range(3000)
]
TEXTS = [
    "a", "ab", "abcd", "What is my balance?", "what IS my  balance", "--- +++", "!!!", "x" * 50, "one two three four five six seven eight",
    "你好世界，我们今天去吃饭好吗", "ขอบคุณมากครับ", "Xin chào các bạn, hôm nay trời đẹp quá!", "def f(x):\n    return x + 1", "foo_bar baz-qux don't", "😀 \x00", "好", "好的", "a好的", "日本語のテキスト、漢字と仮名", "使用 Python 写代码",
]  # fmt: skip


def sentence(chance, words=14):
    return " ".join(chance.choices(WORDS, k=words))


def edited(chance, text, times=1):
    words = text.split()
    for _ in range(times):
        words[chance.randrange(len(words))] = chance.choice(WORDS)
    return " ".join(words)


def mixture(seed, rows=200):
    """Short texts, a third of them edits of others."""
    chance = random.Random(seed)
    texts = [sentence(chance, chance.randint(3, 30)) for _ in range(rows)]
    return [
        {"text": edited(chance, chance.choice(texts)) if chance.random() < 0.3 else text}
        for text in texts
    ]


def truth(records, threshold, kind):
    """The rows that are similar enough to one before them, in the order of contents, by comparing each with each."""
    from dslint.plugin import digest
    from dslint_packs.duplicates.normalize import normalize

    order = sorted(range(len(records)), key=lambda row: (digest(records[row]), row))
    sets = [shingle_set(plain([record["text"]]), kind) for record in records]
    normal = [normalize(record["text"]) for record in records]
    flagged = set()
    seen = set()
    for place, row in enumerate(order):
        if normal[row] in seen:
            continue
        seen.add(normal[row])
        for other in order[:place]:
            both = len(sets[row] & sets[other])
            if normal[row] != normal[other] and both >= threshold * (
                len(sets[row]) + len(sets[other]) - both
            ):
                flagged.add(row)
    return flagged


@pytest.fixture
def many(monkeypatch):
    """Take the way of many records for few."""
    monkeypatch.setattr(similar, "FEW", 0)


@pytest.mark.parametrize(
    "kind",
    [
        Kind("char", 5),
        Kind("mixed", 5),
        Kind("char", 2),
        Kind("word", 1),
        Kind("word", 3),
        Kind("word", 5),
    ],
)
def test_hashed_shingles_are_the_shingles_as_defined(kind):
    texts = [text for text in map(plain, [[text] for text in TEXTS]) if text]
    sets = jaccard.sets(texts, kind)
    defined = [shingle_set(text, kind) for text in texts]
    assert np.diff(sets.starts).tolist() == list(map(len, defined))
    pairs = np.array([(a, b) for b in range(len(texts)) for a in range(b)])
    expected = [
        len(defined[a] & defined[b]) / len(defined[a] | defined[b]) for a, b in pairs.tolist()
    ]
    assert jaccard.jaccard(sets, pairs, np.zeros(0, np.uint64)).tolist() == expected


def test_a_sketch_depends_on_its_text_alone():
    texts = [plain([record["text"]]) for record in mixture(1)]
    together = minhash.sketches(*hashes(texts, Kind("char", 5)), 112)
    alone = np.concatenate(
        [minhash.sketches(*hashes([text], Kind("char", 5)), 112) for text in texts]
    )
    assert (together == alone).all()


def test_sketches_are_the_same_on_every_machine():
    sketch = minhash.sketches(*hashes(["the same on every machine"], Kind("char", 5)), 16)[0]
    assert sketch.tolist() == [
        166,
        26,
        240,
        181,
        74,
        206,
        43,
        47,
        90,
        53,
        91,
        233,
        97,
        249,
        185,
        210,
    ]


def test_words_of_scripts_without_spaces_are_their_characters():
    assert shingles.words("你好 world") == ["你", "好", "world"]
    assert shingles.words("chào bạn") == ["chào", "bạn"]


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.85, 0.9, 0.95])
def test_bands_find_what_they_promise_at_the_threshold(threshold):
    bands, rows = minhash.banding(threshold, 112)
    assert bands * rows <= 112
    assert minhash.detection_probability(threshold, bands, rows) >= minhash.RECALL


@pytest.mark.parametrize(
    ("threshold", "shingle"), [(0.85, "auto"), (0.7, "char-5"), (0.6, "word-2"), (0.9, "char-3")]
)
def test_few_records_and_many_give_the_truth(many, monkeypatch, threshold, shingle):
    records = mixture(3)
    expected = truth(records, threshold, shingles.shingling(shingle).short)
    rule = NearDuplicate(threshold=threshold, shingle=shingle)
    fast = harness.run(rule, records)
    monkeypatch.setattr(similar, "FEW", 1000)
    plainly = harness.run(rule, records)
    assert expected
    assert set(plainly.rows) == expected
    assert set(fast.rows) <= expected
    assert len(fast.rows) >= 0.99 * len(expected)


def test_the_way_of_many_records_keeps_the_laws(many):
    testing.assert_laws(NearDuplicate(threshold=0.6), max_examples=10)


@pytest.mark.parametrize("law", ["cut", "order", "batches", "storage", "pickling"])
def test_near_leakage_keeps_the_laws(many, law):
    testing.assert_law(law, Leakage(level="near"), max_examples=10)


def test_a_shuffle_flags_the_same_texts(many):
    records = mixture(5)
    turned = list(reversed(records))
    one, other = (harness.run(NearDuplicate(), data) for data in (records, turned))
    assert one.rows
    assert sorted(records[row]["text"] for row in one.rows) == sorted(
        turned[row]["text"] for row in other.rows
    )


def test_small_batches_are_sketched_when_there_turn_out_to_be_more():
    records = mixture(7)
    whole = harness.run(NearDuplicate(), records)
    assert whole.rows
    assert harness.run(NearDuplicate(), records, Run(batch=3, cuts=(17, 90))) == whole


def test_texts_on_both_sides_of_the_border_of_long_texts_meet(many):
    chance = random.Random(1)
    text = sentence(chance, 2000)
    short, long = text[: shingles.LONG - 3], text[: shingles.LONG + 3]
    records = [
        {"text": short},
        {"text": long},
        {"text": long + " more"},
        {"text": text},
        {"text": edited(chance, text)},
    ]
    found = harness.run(NearDuplicate(), records)
    assert len(found.rows) == 3
    assert found.measures["test/near.largest-group"] == 3


def test_equal_texts_are_left_to_the_other_rules(many):
    records = [
        {"text": "Where is my parcel today?"},
        {"text": "where is my parcel, today"},
        {"text": "Where is my parcel today?"},
    ] * 40
    assert not harness.run(NearDuplicate(), records).findings


def test_a_finding_names_the_most_similar_record_before_it_and_the_first_of_its_group(many):
    chance = random.Random(4)
    text = sentence(chance, 60)
    records = [{"text": edited(chance, text, times)} for times in (0, 1, 2, 3)]
    found = harness.run(NearDuplicate(), records)
    firsts = {finding.related[-1].row for finding in found.findings}
    assert len(found.findings) == 3
    assert len(firsts) == 1
    assert found.measures == {"test/near.in-groups": 1.0, "test/near.largest-group": 4}
    for finding in found.findings:
        sets = [shingle_set(record["text"], Kind("char", 5)) for record in records]
        mine, theirs = sets[finding.at.row], sets[finding.related[0].row]
        assert finding.score == len(mine & theirs) / len(mine | theirs)


def test_texts_from_a_template_are_compared_by_what_it_leaves():
    chance = random.Random(9)
    preamble = "Answer the question of the customer below. Be short, be polite, and never promise anything that is not in the manual of the product. "
    records = [{"text": preamble + sentence(chance, 5)} for _ in range(300)]
    records += [{"text": record["text"] + "?" + chance.choice("abc")} for record in records[:20]]
    found = harness.run(NearDuplicate(threshold=0.7), records)
    pairs = {frozenset((finding.at.row, finding.related[0].row)) for finding in found.findings}
    assert {frozenset((row, 300 + row)) for row in range(20)} <= pairs
    assert len(pairs) < 30


def test_records_that_differ_in_a_number_only_are_near_duplicates():
    records = [
        {
            "text": f"Your order number {number} has been shipped and will arrive within three working days."
        }
        for number in range(3000)
    ]
    found = harness.run(NearDuplicate(), records)
    assert len(found.findings) > 2900
    assert found.measures["test/near.largest-group"] > 2900


def test_texts_that_are_hardly_there_or_huge_do_no_harm(many):
    records = [
        {"text": text}
        for text in [
            "",
            " ",
            "a",
            "ab",
            "!!!",
            "?",
            "\x00",
            "好",
            "x" * 3_000_000,
            "x" * 2_999_999 + "y",
        ]
    ]
    assert not harness.run(NearDuplicate(), records).findings


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("今天天气很好，我们一起去公园散步，然后在湖边的小餐馆吃午饭。", "今天天气很好，我们一起去公园散步，然后在湖边的小餐馆吃晚饭。"),
        ("Tôi muốn đổi mật khẩu của tài khoản ngân hàng vì tôi bị mất điện thoại hôm qua.", "Tôi muốn đổi mật khẩu của tài khoản ngân hàng vì tôi bị mất điện thoại hôm nay."),
        ("def area(width, height):\n    return width * height\n\nprint(area(3, 4))", "def area(width, height):\n    return width * height\n\nprint(area(3, 5))"),
    ],
)  # fmt: skip
def test_near_duplicates_in_other_scripts_and_in_code_are_found(one, other):
    assert (
        len(harness.run(NearDuplicate(threshold=0.8), [{"text": one}, {"text": other}]).findings)
        == 1
    )


def test_roles_choose_what_is_compared():
    def chat(asked, said):
        return {
            "messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
        }

    records = [
        chat("When do you open on Mondays?", "At nine, and we close at five."),
        chat("Do you open on a holiday?", "At nine, and we close at six."),
    ]
    assert not harness.run(NearDuplicate(threshold=0.7), records).findings
    assert len(harness.run(NearDuplicate(threshold=0.7, roles=("target",)), records).findings) == 1


def test_near_leakage_names_the_earlier_split_and_leaves_equal_texts_to_the_lower_levels():
    chance = random.Random(2)
    text = sentence(chance, 40)
    records = [
        {"text": text, "label": "a"},
        {"text": edited(chance, text), "label": "a"},
        {"text": text.upper(), "label": "a"},
    ] + [{"text": sentence(chance, 40), "label": "b"} for _ in range(100)]
    splits = ["train", "test", "test", *["train"] * 100]
    found = harness.run(Leakage(level="near"), records, splits=splits)
    assert [
        (finding.at.path, finding.at.row, str(finding.severity)) for finding in found.findings
    ] == [
        ("test.jsonl", 0, "warning"),
        ("test.jsonl", 1, "error"),
    ]
    assert found.measures == {
        "test/leakage.overlap[train>test]": 1,
        "test/leakage.near-overlap[train>test]": 1,
    }
    assert not harness.run(Leakage(), records[:2], splits=splits[:2]).findings


def test_a_prompt_that_comes_back_with_another_answer_is_a_warning():
    def chat(asked, said):
        return {
            "messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
        }

    question = "How many legs does a spider have?"
    records = [
        chat(question, "Eight."),
        chat(question, "Eight!"),
        chat(question, "Six."),
        chat("Hello?", "Yes."),
        chat("Hello?", "No."),
    ]
    found = harness.run(Leakage(), records, splits=["train", "test", "test", "train", "test"])
    assert [(finding.at.row, str(finding.severity)) for finding in found.findings] == [
        (0, "error"),
        (1, "warning"),
        (2, "info"),
    ]
    assert found.measures == {
        "test/leakage.overlap[train>test]": 1,
        "test/leakage.prompt-overlap[train>test]": 3,
    }


def test_jobs_and_shards_change_nothing(work):
    work.jsonl("data.jsonl", *mixture(11, 400))
    one = work.check("data.jsonl", "--select", "duplicates/near", "-j", "1").report
    other = work.check(
        "data.jsonl", "--select", "duplicates/near", "-j", "2", "--shard-size", "5000"
    ).report
    assert one["findings"]
    assert one["findings"] == other["findings"]
    assert one["measures"] == other["measures"]


def test_without_numpy_the_level_near_says_what_to_install(work):
    work.jsonl("train.jsonl", {"text": "one"})
    work.write("numpy_hidden/sitecustomize.py", "import sys; sys.modules['numpy'] = None")
    run = work.run(
        "check",
        "train.jsonl",
        "--option",
        "duplicates/leakage.level=near",
        env={"PYTHONPATH": str(work.root / "numpy_hidden")},
    )
    assert run.code == 2
    assert "dslint-gate[near]" in run.err


def test_statistics_show_the_largest_groups(work):
    chance = random.Random(6)
    texts = [sentence(chance, 60) for _ in range(3)]
    records = [
        {"text": edited(chance, text)}
        for text, times in zip(texts, (5, 2, 1), strict=True)
        for _ in range(times)
    ]
    work.jsonl("data.jsonl", *records)
    out = work.run("check", "data.jsonl", "--select", "duplicates/near", "--statistics").out
    assert "duplicates/near: 5 records, the first at data.jsonl line " in " ".join(out.split())
    assert "2 records, the first at data.jsonl line " in " ".join(out.split())
