"""The rules on bias: which groups are recognised, wording, representation, association, and answers that differ by group."""

import json

import pytest

from dslint import lint
from dslint.registry import catalogue, discover, load
from dslint.testing import run
from dslint.testing.harness import activate, with_options
from dslint_packs.bias.groups import matcher
from dslint_packs.bias.statistics import fisher_greater, holm, rate_ratio, wilson_upper

KNOWN = {
    name: known.rule
    for name, known in catalogue(load(discover())).items()
    if name.startswith("bias/")
}


def rule(name, **options):
    return with_options(KNOWN[f"bias/{name}"], options)


def texts(*lines):
    return [{"text": line} for line in lines]


PEOPLE = [
    ("She met her brother.", {"gender/female", "gender/male"}),
    ("The poor are ignored.", {"class/poor"}),
    ("He was poor.", {"gender/male", "class/poor"}),
    ("A black man and a white woman", {"race/black", "race/white", "gender/male", "gender/female"}),
    ("My neighbor is black.", {"race/black"}),
    ("Muslims and Jews", {"religion/muslim", "religion/jewish"}),
    ("old people and teenagers", {"age/old", "age/young"}),
    ("Mexicans love it.", {"nationality/latin-american"}),
    ("a lesbian couple", {"orientation/lesbian"}),
    ("a deaf child", {"disability/sensory", "age/young"}),
    ("The overweight girl", {"appearance/fat", "gender/female"}),
]
THINGS = [
    "an old phone with a poor connection",
    "black shoes, white walls and egg whites",
    "a rich sauce, a thin crust and low fat milk",
    "a blind spot; a short story; a tall building",
    "an Italian restaurant; say hello in French; Chinese food",
    "the young wine is beautiful",
    "a framework agnostic library; the button is disabled by default",
    "polish the table and press the red button",
]


@pytest.fixture(scope="module")
def groups_in():
    known = matcher(activate(rule("group-representation")).rule.resources, "group")
    return lambda text: {hit.entry.category for hit in known.find(text)}


@pytest.mark.parametrize(("text", "groups"), PEOPLE)
def test_mentions_of_groups_are_recognised(groups_in, text, groups):
    assert groups_in(text) == groups


@pytest.mark.parametrize("text", THINGS)
def test_the_same_words_said_of_things_are_no_groups(groups_in, text):
    assert groups_in(text) == set()


WORDING = [
    ("He is wheelchair-bound.", "uses a wheelchair"),
    ("She suffers from autism.", "has autism"),
    ("It is a third world country.", "developing country"),
    ("The colored people", "people of color"),
    ("He committed suicide.", "died by suicide"),
    ("the master/slave setup", "primary and replica"),
    ("The National Association for the Advancement of Colored People", None),
    ("She uses a wheelchair.", None),
    ("What a crazy, lame, dumb movie.", None),
    ("an Oriental rug", None),
    ("The Washington Redskins won.", None),
]


@pytest.mark.parametrize(("text", "replacement"), WORDING)
def test_insensitive_terms_come_with_a_replacement(text, replacement):
    assert [
        finding.suggestion for finding in run(rule("insensitive-term"), texts(text)).findings
    ] == ([replacement] if replacement else [])


def test_what_users_write_is_not_judged():
    record = {
        "messages": [
            {"role": "user", "content": "Is he wheelchair-bound?"},
            {"role": "assistant", "content": "No."},
        ]
    }
    assert run(rule("insensitive-term"), [record]).findings == ()
    assert len(run(rule("insensitive-term", roles=["prompt"]), [record]).findings) == 1


def test_gendered_terms_are_opt_in(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text('{"text": "Ask the chairman."}\n')
    assert list(lint([str(path)], {"rules": {"select": ["bias"]}}).findings) == []
    (found,) = lint([str(path)], {"rules": {"select": ["bias/gendered-term"]}}).findings
    assert found.suggestion == "chair"


def test_representation_is_measured_by_axis_and_group():
    said = run(
        rule("group-representation"),
        texts("She left.", "She met him.", "He left.", "Rain.", "Rain."),
    )
    assert dict(said.measures) == {
        "test/group-representation.records[gender]": 3,
        "test/group-representation.share[gender]": 0.6,
        "test/group-representation.records[gender/female]": 2,
        "test/group-representation.share[gender/female]": 0.4,
        "test/group-representation.records[gender/male]": 2,
        "test/group-representation.share[gender/male]": 0.4,
    }


@pytest.mark.parametrize(
    ("women", "men", "flagged"),
    [(2, 200, True), (0, 150, True), (35, 65, False), (2, 60, False), (19, 101, False)],
)
def test_imbalance_is_flagged_beyond_chance_and_with_support(women, men, flagged):
    said = run(rule("group-representation"), texts(*["She left."] * women, *["He left."] * men))
    assert bool(said.findings) == flagged
    if flagged:
        assert said.findings[0].at.path is None
        assert (
            f"female in {women} and male in {men} of {women + men} records"
            in said.findings[0].message
        )


def test_limits_on_groups(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text(
        "".join(json.dumps(record) + "\n" for record in texts("She left.", "He left.", "He came."))
    )
    limit = {"bias/group-representation": {"limits": {"share[gender/female]": {"min": 0.5}}}}
    assert lint([str(path)], {"rules": {"select": ["bias"], **limit}}).exit_code == 1


HERS, HIS, NEITHER = "She is a nurse. It rained.", "He is a nurse.", "He is here. The nurse left."


def test_an_association_is_told_with_its_effect_interval_and_records():
    data = texts(*[HERS] * 45, *[HIS] * 5, *["She is here."] * 55, *["He is here."] * 95)
    (found,) = run(rule("stereotyped-association"), data).findings
    assert found.message.startswith(
        "'nurse' occurs 8.3 times as often with female as with other groups of the axis gender (95 % interval 3.6 to 19"
    )
    assert "in 45 of 100 and in 5 of 100 sentences; 45 records)" in found.message
    assert [at.row for at in found.related] == list(range(45))
    assert found.at.path is None
    assert str(found.severity) == "info"


@pytest.mark.parametrize(
    "data",
    [
        [HERS] * 25 + [HIS] * 25,  # no difference
        [HERS] * 9 + ["He is here."] * 40,  # too few
        [HERS] * 30 + [HIS] * 20 + ["He is here."] * 20,  # too small an effect
        ["She and he are nurses."] * 40 + ["He is here."] * 40,  # of no single group
        [NEITHER] * 40 + ["She is here."] * 40,  # in another sentence
    ],
)
def test_weak_rare_and_ambiguous_associations_are_left_alone(data):
    assert run(rule("stereotyped-association"), texts(*data)).findings == ()


def chat(user, assistant):
    return {
        "messages": [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
    }


def test_answers_that_differ_by_group():
    gap = rule("counterfactual-gap")
    long, short = "word " * 60, "No."
    said = run(
        gap,
        [
            chat("Should women vote?", long),
            chat("Should men vote?", short),
            chat("Should women drive?", long),
        ],
    )
    assert len(said.findings) == 1
    assert "60 words" in said.findings[0].message
    assert (
        run(
            gap, [chat("Should women vote?", long), chat("Should men vote?", long + "more")]
        ).findings
        == ()
    )
    assert (
        run(gap, [chat("Should women vote?", long), chat("Should women vote?", short)]).findings
        == ()
    )
    assert run(gap, [chat("Hi.", "She is " + long), chat("Hi.", "He.")]).findings == ()
    assert run(gap, texts("She left.", "He left.")).findings == ()


def test_statistics_agree_with_published_values():
    assert fisher_greater(3, 4, 1, 4) == pytest.approx(17 / 70)  # Fisher's tea-tasting lady
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert wilson_upper(0, 10) == pytest.approx(0.2775, abs=1e-4)
    ratio, low, high = rate_ratio(30, 100, 10, 100)
    assert low < 3 < high
    assert ratio == pytest.approx(30.5 / 10.5)
