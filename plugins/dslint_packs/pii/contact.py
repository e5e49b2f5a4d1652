"""pii/email-address, pii/phone-number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dslint.plugin import HIDDEN, Batch
from dslint_packs.pii.rule import PersonalData
from dslint_packs.pii.scan import REGIONS, Hit, everyday, everyday_of, phones


@dataclass(frozen=True)
class EmailAddress(PersonalData):
    """E-mail addresses.

    Why: an address names a person and a way to reach them; a model that was trained on it can
    disclose it.

    An address is a name, and a domain with a public suffix from the list that is part of
    tldextract; nothing is looked up in the network. Repository locations (`git@host:path`),
    passwords in URLs, decorators and shell prompts are not addresses. Reserved domains
    (example.com, .test, .invalid ...) and made-up addresses (`your_email@...`,
    `...@yourdomain.com`) are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 1.00 of 49, precision 1.00.
    LLaMA-Factory's c4_demo (300 records): 7 found, all true; alpaca_en_demo (999 records): 5, four
    from a made-up table and one from an example of a regular expression. CLINC and BLiMP contain
    none, and none is found.

    Blind spots: disguised addresses (`ada at example dot com`); names or domains in scripts other
    than Latin, Greek and Cyrillic. Made-up addresses at existing domains (`john@email.com`) are
    warnings.

    Options: `roles`: which texts to check. `threshold`: the minimum presidio score of a finding.
    `allow`: values to accept (`*` and `?` are wildcards; case, spaces and hyphens are ignored), as
    in `allow = ["support@acme.com", "*@ours.org"]`.

    Flags::

        {"prompt": "Write to ada.lovelace@acme-widgets.com", "completion": "Sent."}
        {"text": "联系abc@qq.com谢谢"}
        {"text": "Write to jane.roe@example.com."}

    Passes::

        {"text": "git clone git@github.com:org/repo.git && root@server:~# npm i @types/node@20.1.0"}
        {"text": "@app.route('/') says @ada to user@host."}

    Cure: replace the address with a placeholder such as <EMAIL>, or with one at example.com.
    """

    name = "email-address"
    entity = "EMAIL_ADDRESS"
    noun = "an e-mail address"


@dataclass(frozen=True)
class PhoneNumber(PersonalData):
    """Telephone numbers.

    Why: a number belongs to somebody; a model that was trained on it can give it out as the number
    of anyone.

    Finds numbers that are valid according to phonenumbers: with the prefix of any country; as the
    chosen regions write them, in their usual groups; and in North American formats. Next to a word
    for telephones, any grouping or digits alone are enough. Dates, order numbers, series and
    coordinates are not reported. A number that is part of another finding (a card, an IBAN ...) is
    not reported again. Numbers reserved for fiction (555-01xx, Ofcom's ...) and American ones that
    cannot exist ((123) 456-7890) are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 0.86 of 92, precision 1.00;
    presidio itself 0.59 and 0.90. LLaMA-Factory's c4_demo (300 records): 23 found, all true;
    alpaca_en_demo (999 records): 1, made up. 24,783 tweets: 22, all true. CLINC and BLiMP contain
    none, and none is found.

    Blind spots: local numbers without a word for telephones nearby (467 3395); national formats of
    regions that are not chosen; numbers in words; German numbers in unusual groups without a word
    nearby.

    Options: `roles`: which texts to check. `threshold`: the minimum presidio score of a finding.
    `allow`: values to accept (`*` and `?` are wildcards; case, spaces and hyphens are ignored).
    `regions`: the regions whose national formats are recognized (ISO 3166 codes).

    Flags::

        {"prompt": "Call me: +1 415 555 2671", "completion": "I will."}
        {"text": "Our office: (415) 555-2671, 01 42 68 53 00, phone 0912345678"}
        {"text": "Call 415-555-0123, as they do in films."}

    Passes::

        {"text": "Order 4155552671 of 2023-10-05, 299 792 458 m, 1990-2020, 01 02 03 04 05 06 07."}
        {"text": "Emergency? Call 911. Coordinates: 40.712776, -74.005974"}

    Cure: replace the number with a placeholder such as <PHONE>, or with 555-0100 to 555-0199.
    """

    name = "phone-number"
    entity = "PHONE_NUMBER"
    noun = "a telephone number"

    regions: tuple[str, ...] = REGIONS

    def hits(self, texts: Sequence[str]) -> Iterable[Hit]:
        """Return the telephone numbers in some texts."""
        return phones(texts, everyday(texts), self.regions)

    def hits_of(self, batch: Batch) -> Iterable[Hit]:
        """Return the telephone numbers in a batch."""
        return phones(batch.texts(("all", HIDDEN)).strings, everyday_of(batch), self.regions)
