"""Apply command-line flags to the settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from dslint.config.build import OptionValue, severity_named, share
from dslint.errors import ConfigError, nearest
from dslint.gate.limits import is_rate
from dslint.model import COLUMN_KINDS, Limit, Severity
from dslint.names import Names
from dslint.registry.selection import Catalogue, renamed
from dslint.rules.options import option_types
from dslint.settings import DatasetSettings, RuleSettings, Settings


def with_selection(
    settings: Settings,
    select: Iterable[str],
    ignore: Iterable[str],
    extend: Iterable[str],
    known: Catalogue,
) -> Settings:
    """Return the settings with the rule selection of the flags: `select` replaces, the rest add."""
    names = Names(renamed(known))
    chosen, added, ignored = (
        tuple(names.current(token, f"--{name}") for token in _named(flags, name))
        for flags, name in ((select, "select"), (extend, "extend-select"), (ignore, "ignore"))
    )
    return replace(
        settings,
        select=(*chosen, *added)
        if chosen
        else None
        if settings.select is None
        else (*settings.select, *added),
        extend_select=(*settings.extend_select, *added)
        if not chosen and settings.select is None
        else (),
        ignore=(*settings.ignore, *ignored),
        notes=(*settings.notes, *names.notes),
    )


def with_options(
    settings: Settings, options: Iterable[str], known: Catalogue, folder: str
) -> Settings:
    """Return the settings with `RULE.OPTION=VALUE` flags; their paths are relative to `folder`."""
    rules = dict(settings.rules)
    names = Names(renamed(known))
    for flag in options:
        name, value = _pair(flag, "--option", "RULE.OPTION=VALUE")
        rule, dot, option = names.current(name, "--option").rpartition(".")
        if not dot or rule not in known:
            raise ConfigError(
                f"--option {flag}: unknown rule {rule or name!r}",
                nearest(rule or name, known) or "see: dslint rules",
            )
        current = rules.get(rule, RuleSettings())
        if option == "severity":
            if value not in Severity.names():
                raise ConfigError(
                    f"--option {flag}: {value!r} is not one of {', '.join(Severity.names())}",
                    nearest(value, Severity.names()),
                )
            rules[rule] = replace(current, severity=severity_named(value))
            continue
        types = option_types(known[rule].rule)
        if option.replace("_", "-") not in types:
            raise ConfigError(
                f"--option {flag}: rule {rule} has no option {option!r}",
                nearest(option, types) or f"options: {', '.join(types) or 'none'}",
            )
        written = OptionValue(value, folder, lax=True)
        rules[rule] = replace(
            current, options={**current.options, option.replace("_", "-"): written}
        )
    return replace(settings, rules=rules, notes=(*settings.notes, *names.notes))


def with_limits(
    settings: Settings, maxima: Iterable[str], minima: Iterable[str], known: Catalogue
) -> Settings:
    """Return the settings with the `MEASURE=VALUE` limits of `--max` and `--min` added."""
    found: dict[str, Limit] = {}
    names = Names(renamed(known))
    for side, flags in (("max", maxima), ("min", minima)):
        for flag in flags:
            name, text = _pair(flag, f"--{side}", "MEASURE=VALUE", last=True)
            measure = names.current(measure_named(name), f"--{side}")
            rate = is_rate(measure)
            try:
                value = share(text) if rate else float(text)
                if math.isnan(value):
                    raise ValueError(text)  # noqa: TRY301 - NaN is not a number
            except ValueError:
                share_of = measure_named(name, "rate")
                form = f"{share_of}=2%" if text.endswith("%") and share_of != name else f"{name}=10"
                raise ConfigError(
                    f"--{side} {flag}: {text!r} is not a number", f"write it as --{side} {form}"
                ) from None
            limit = found.get(measure, Limit(measure=measure, origin="flag"))
            found[measure] = (
                replace(limit, max=value) if side == "max" else replace(limit, min=value)
            )
    return replace(
        settings,
        limits=(*settings.limits, *found.values()),
        notes=(*settings.notes, *names.notes),
    )


def measure_named(name: str, measure: str = "count") -> str:
    """Return the full name of a measure; the id of a rule alone means its count."""
    rule, sign, part = name.partition("[")
    return f"{rule}{'' if '.' in rule else f'.{measure}'}{sign}{part}"


def with_dataset(
    settings: Settings, shape: str | None, columns: Iterable[str], splits: Iterable[str]
) -> Settings:
    """Return the settings with shape, columns and splits from flags, for every dataset."""
    named: dict[str, str] = {}
    for flag in columns:
        kind, field = _pair(flag, "--column", "KIND=FIELD")
        if kind not in COLUMN_KINDS:
            raise ConfigError(
                f"--column {flag}: unknown kind {kind!r}",
                nearest(kind, COLUMN_KINDS) or f"kinds: {', '.join(COLUMN_KINDS)}",
            )
        named[kind] = field
    globs: dict[str, tuple[str, ...]] = {}
    for flag in splits:
        name, pattern = _pair(flag, "--split", "NAME=GLOB")
        globs[name] = (*globs.get(name, ()), pattern)
    if shape is None and not named and not globs:
        return settings
    datasets: Sequence[DatasetSettings] = settings.datasets or (DatasetSettings(),)
    asked = {
        *(("column", *pair) for pair in named.items()),
        *(("split", name, glob) for name, patterns in globs.items() for glob in patterns),
    }
    changed = tuple(
        replace(
            dataset,
            shape=shape or dataset.shape,
            columns={**dataset.columns, **named},
            splits={**globs} or dataset.splits,
        )
        for dataset in datasets
    )
    return replace(settings, asked=frozenset(asked), datasets=changed)


def _named(values: Iterable[str], option: str) -> tuple[str, ...]:
    """Return the selectors of a flag.

    Raises ConfigError if there are none: an empty selection would mean all rules.
    """
    found: list[str] = []
    for value in values:
        tokens = [token.strip() for token in value.split(",") if token.strip()]
        if not tokens:
            raise ConfigError(
                f"--{option} {value!r} names no rule",
                f"write it as --{option} structure,duplicates/exact, or omit it",
            )
        found += tokens
    return tuple(found)


def _pair(flag: str, option: str, form: str, *, last: bool = False) -> tuple[str, str]:
    """Split a flag at its first or `last` equals sign.

    The name of a measure may contain one, as in `RULE.rate[split=test]`.
    """
    name, sign, value = flag.rpartition("=") if last else flag.partition("=")
    if not sign or not name.strip() or not value.strip():
        raise ConfigError(f"{option} {flag}: expected {form}", f"write it as {option} {form}")
    return name.strip(), value.strip()


def bytes_in(flag: str, text: str) -> int:
    """Return the number of bytes in a flag: a positive number, optionally with a unit like MiB."""
    number = text.strip().rstrip("kKmMgGiIbB ")
    unit = text.strip()[len(number) :].strip().lower()
    if not number.isdecimal() or int(number) < 1 or unit not in _UNITS:
        raise ConfigError(
            f"{flag}: {text!r} is not a size in bytes",
            f"write it as {flag} 67108864, or {flag} 64MiB",
        )
    return int(number) * _UNITS[unit]


_UNITS = {
    "": 1,
    "b": 1,
    **{
        f"{prefix}{tail}": size
        for power, prefix in enumerate("kmg", start=1)
        for tail, size in (("", 1 << 10 * power), ("b", 1000**power), ("ib", 1 << 10 * power))
    },
}
