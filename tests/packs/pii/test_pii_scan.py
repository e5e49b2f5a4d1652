"""The prefilter of the rules on personal data changes nothing but the time."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslint_packs.pii import reserved
from dslint_packs.pii.context import near
from dslint_packs.pii.phone import PhoneNumberRecognizer
from dslint_packs.pii.recognizers import everyday as everyday_recognizers
from dslint_packs.pii.scan import GATES, Hit, candidates, everyday, phones, scan

PIECES = """
joe@acme.com a@b.1.com Ünï@exämple.org 4539 5787 6362 1486 4539578763621486 DE02700100800030876808 gb42nawi04454264788619 536-90-4399 536904399
+1 (415) 555-2671 01 42 68 53 00 +4915123456789 192.0.2.1 2001:db8::1 fe80::1%eth0 ::ffff:1.2.3.4 3c:22:fb:1a:2b:3c 001a.2b3c.4d5e
0x52908400098527886E0F7030069857D2E4169EE7 bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq 1Lbcfr7sAHTD9CgdQo3HTMTkV8LK4ZnX71
call ssn iban card 卡号 thoại 😀 :: . - ( ) + @ / x 0 1 45 678
""".split()  # noqa: SIM905
TEXTS = st.lists(
    st.one_of(
        st.sampled_from([*PIECES, " ", "\n", "\u00a0", "\ud800"]),
        st.text("0123456789+()-. :@abcdefABCDEF\u00a0\n\u017f\u212a\u0661\uff14é"),
        st.text(max_size=4),
    ),
    max_size=6,
).map("".join)


def both(texts, *, gated):
    found = everyday(texts, gated=gated)
    return found, phones(texts, found, gated=gated)


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, max_size=4))
def test_the_same_is_found_with_and_without_the_prefilter(texts):
    assert both(texts, gated=True) == both(texts, gated=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=4))
def test_hits_stay_within_their_texts_and_never_overlap(texts):
    hits = sorted(hit for pass_ in both(texts, gated=True) for hit in pass_)
    assert all(
        0 <= hit.start < hit.end <= len(texts[hit.number]) and 0 < hit.score <= 1 for hit in hits
    )
    assert all(one.number < other.number or one.end <= other.start for one, other in pairwise(hits))


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=4))
def test_a_text_is_judged_by_itself(texts):
    alone = [
        hit._replace(number=number) for number, text in enumerate(texts) for hit in everyday([text])
    ]
    assert everyday(texts) == alone


def test_every_kind_has_a_gate_and_a_recognizer():
    assert set(GATES) == set(everyday_recognizers()) | {"PHONE_NUMBER"}


def test_plain_text_passes_no_gate():
    assert (
        candidates(
            ["The quick brown fox.", "In 2024, 3 of 12 did; see 1.2.3 at 10:30.", ""], tuple(GATES)
        )
        == {}
    )


class Word:
    """A recognizer without a gate, and without a say on context."""

    supported_entities = ("WORD",)
    context = ("near",)

    def analyze(self, text, _entities, _artifacts):
        at = text.find("word")
        return (
            []
            if at < 0
            else [
                type(
                    "Result", (), {"entity_type": "WORD", "start": at, "end": at + 4, "score": 0.3}
                )()
            ]
        )


def test_a_recognizer_without_a_gate_sees_every_text_and_gets_presidios_bonus_for_context():
    texts = ["a word", "nothing", "near is a word"]
    assert [
        (hit.number, hit.score) for hit in scan(texts, ("Word",), lambda: {"Word": Word()})
    ] == [(0, 0.3), (2, 0.65)]


def test_what_a_stronger_pass_has_taken_is_left_alone():
    taken = [Hit(0, 0, 4, "CREDIT_CARD", 0.9)]
    assert scan(["word"], ("Word",), lambda: {"Word": Word()}, taken) == []
    assert scan(["word"], ("Word",), lambda: {"Word": Word()}, [taken[0]._replace(score=0.1)]) != []


CHECKED = [("CREDIT_CARD", "_CARDS"), ("IBAN_CODE", "_IBANS"), ("CRYPTO", "_WALLETS")]


@pytest.mark.parametrize(("kind", "table"), CHECKED)
def test_reserved_values_have_valid_check_digits(kind, table):
    recognizer = everyday_recognizers()[kind]
    assert [
        value for value in getattr(reserved, table) if not recognizer.validate_result(value)
    ] == []


@pytest.mark.parametrize(
    ("text", "words", "is_near"),
    [
        ("my phone is 12", "phone", True),
        ("smartphones 12", "phone", False),
        ("telephones: 12", "telephone", True),
        ("phone one two three four five six 12", "phone", False),
        ("我的电话12", "电话", True),
        ("american express 12", "american express", True),
        ("12", "phone", False),
    ],
)
def test_words_nearby(text, words, is_near):
    assert near(text, text.index("12"), len(text), words) is is_near


def test_a_long_text_takes_linear_time():
    recognizers = [*everyday_recognizers().values(), PhoneNumberRecognizer(("US",))]
    for text in (
        "a" * 200_000,
        "1" * 200_000,
        "a." * 100_000,
        "1-" * 100_000,
        "a@" * 50_000,
        "1 " * 100_000,
        ":" * 100_000,
        "a:" * 50_000,
    ):
        for recognizer in recognizers:
            recognizer.analyze(text, recognizer.supported_entities, None)
    assert len(phones(["+1 415 555 2671, " * 2_000], [])) == 2_000
