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

    Why: an address names a person and a way to reach them; a model that has read it offers it to others.

    A name, and a domain with a public suffix from the list that comes with tldextract; the network is never asked. Places of repositories
    (`git@host:path`), passwords in URLs, decorators and prompts of a shell are no addresses. Reserved domains (example.com, .test, .invalid ...)
    and made-up addresses (`your_email@...`, `...@yourdomain.com`) are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 1.00 of 49, precision 1.00. LLaMA-Factory's c4_demo (300 records): 7 found, all
    true; alpaca_en_demo (999 records): 5, four of a made-up table and one example of a regular expression. CLINC, BLiMP: none, and none is there.

    Blind spots: addresses in disguise (`ada at example dot com`); names or domains in scripts other than Latin, Greek and Cyrillic; made-up
    addresses at domains that exist (`john@email.com`) are warnings.

    Options: `roles`, which texts to judge; `threshold`, the least score of presidio's that counts; `allow`, values that may stand (`*` and `?` are
    wildcards; case, spaces and hyphens do not count): `allow = ["support@acme.com", "*@ours.org"]`.

    Flags::

        {"messages": [{"role": "user", "content": "Write to ada.lovelace@acme-widgets.com"}, {"role": "assistant", "content": "Sent."}]}
        {"text": "联系abc@qq.com谢谢"}
        {"text": "Write to jane.roe@example.com."}

    Passes::

        {"text": "git clone git@github.com:org/repo.git && root@server:~# npm i @types/node@20.1.0"}
        {"text": "@app.route('/') says @ada to user@host."}

    Cure: put a placeholder in the place of the address, such as <EMAIL>, or one of example.com.
    """

    name = "email-address"
    entity = "EMAIL_ADDRESS"
    noun = "an e-mail address"


@dataclass(frozen=True)
class PhoneNumber(PersonalData):
    """Telephone numbers.

    Why: a number rings somewhere: a model that has read it gives it to others, as the number of anyone.

    Numbers that phonenumbers holds for valid: with the prefix of any country; as the chosen regions write them, in their groups; and as North
    Americans do. Beside a word for telephones, less will do: any grouping, or digits alone. Dates, numbers of orders, series and coordinates are
    none. A number that is part of another finding (a card, an IBAN ...) is not reported again. Numbers reserved for fiction (555-01xx, Ofcom's ...)
    and American ones that cannot exist ((123) 456-7890) are an info.
    Measured: presidio-research's synthetic set (1,500 rows): recall 0.86 of 92, precision 1.00; presidio itself 0.59 and 0.90. LLaMA-Factory's
    c4_demo (300 records): 23 found, all true; alpaca_en_demo (999 records): 1, made up. 24,783 tweets: 22, all true. CLINC, BLiMP: none, and none
    is there.

    Blind spots: local numbers without a word beside them (467 3395); national numbers of regions that are not chosen; numbers in words; a German
    number in groups of one's own, without a word beside it.

    Options: `roles`, which texts to judge; `threshold`, the least score of presidio's that counts; `allow`, values that may stand (`*` and `?` are
    wildcards; case, spaces and hyphens do not count); `regions`, whose national formats are known (ISO 3166 codes).

    Flags::

        {"messages": [{"role": "user", "content": "Call me: +1 415 555 2671"}, {"role": "assistant", "content": "I will."}]}
        {"text": "Our office: (415) 555-2671, 01 42 68 53 00, phone 0912345678"}
        {"text": "Call 415-555-0123, as they do in films."}

    Passes::

        {"text": "Order 4155552671 of 2023-10-05, 299 792 458 metres, the years 1990-2020, 01 02 03 04 05 06 07."}
        {"text": "Emergency? Call 911. Coordinates: 40.712776, -74.005974"}

    Cure: put a placeholder in the place of the number, such as <PHONE>, or one of 555-0100 to 555-0199.
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
