"""Build settings from a valid configuration, and the rules of a run from settings."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec.structs import replace

from dslint.config.renamed import SELECTORS
from dslint.data import review_sheet
from dslint.data.batch import primary
from dslint.errors import ConfigError, PluginError, nearest
from dslint.model import Confidence, Limit, Resource, Scope, Severity
from dslint.names import Names
from dslint.registry.selection import Catalogue, RuleEntry
from dslint.rules.base import Active, OptionFile, Rule
from dslint.rules.options import option_types, takes_file, takes_files
from dslint.settings import DatasetSettings, Override, RuleSettings, Settings, Suppression

Document = Mapping[str, Any]

_LIMIT_KEYS = {"max-count": "count", "max-rate": "rate", "max-total": "total"}
_NO_RULE = RuleSettings()


def settings_of(
    document: Document, profile: str | None, names: Names, *, root: str, path: str | None
) -> Settings:
    """Return the settings of a valid configuration. Raises ConfigError for an unknown profile.

    `names` notes the former ids of rules in it, and knows those that review sheets may have.
    """
    rules = document.get("rules", {})
    chosen: Document = {}
    if profile is not None:
        profiles = document.get("profiles", {})
        if profile not in profiles:
            raise ConfigError(
                f"unknown profile {profile!r}",
                nearest(profile, profiles) or f"profiles: {', '.join(profiles) or 'none'}",
            )
        chosen = profiles[profile]
    tables = _merged(_tables(rules), _tables(chosen.get("rules", {})))
    select = chosen.get("select", rules.get("select"))
    extra = (*rules.get("extend-select", ()), *chosen.get("extend-select", ()))
    datasets = document.get("dataset", [])
    judging = {**document, **chosen}
    return Settings(
        root=root,
        config=path,
        profile=profile,
        datasets=tuple(
            _dataset(item, root)
            for item in ([datasets] if isinstance(datasets, dict) else datasets)
        ),
        select=None if select is None else (*select, *extra),
        extend_select=() if select is not None else extra,
        ignore=(*rules.get("ignore", ()), *chosen.get("ignore", ())),
        rules={name: rule_settings(table, root) for name, table in tables.items()},
        overrides=tuple(
            Override(files=_globs(item["files"]), rules=_rules(item.get("rules", {}), root))
            for item in document.get("overrides", [])
        ),
        suppress=tuple(
            _suppression(item, number, root, names)
            for number, item in enumerate(document.get("suppress", []), start=1)
        ),
        fail_on=severity_named(judging.get("fail-on", "error")),
        min_confidence=Confidence[judging.get("min-confidence", "medium").upper()],
        scope=Scope(judging.get("scope", "all")),
        baseline_file=os.path.join(root, document["baseline"]) if "baseline" in document else None,
        allow_paths=tuple(document.get("allow-paths", ())),
        **{
            key.replace("-", "_"): document[key]
            for key in ("max-record-bytes", "max-depth")
            if key in document
        },
        notes=tuple(names.notes),
    )


def severity_named(name: str) -> Severity | None:
    """Return the severity with a name, or None for `never`."""
    return None if name == "never" else Severity[name.upper()]


def rule_settings(table: Document, folder: str) -> RuleSettings:
    """Return the settings in a rule's table.

    Option values are not converted yet; each keeps the folder that its paths are relative to.
    """
    limits: dict[str, tuple[float | None, float | None]] = {}
    for key, measure in _LIMIT_KEYS.items():
        if key in table:
            limits[measure] = (None, share(table[key]) if measure == "rate" else table[key])
    for measure, bounds in table.get("limits", {}).items():
        limits[measure] = (bounds.get("min"), bounds.get("max"))
    options = {
        key: value
        for key, value in table.items()
        if key not in {*_LIMIT_KEYS, "severity", "off", "limits"}
    }
    severity = table.get("severity")
    return RuleSettings(
        severity=None if severity is None else Severity[severity.upper()],
        off=table.get("off", False),
        options={key: OptionValue(value, folder) for key, value in options.items()},
        limits=limits,
    )


class OptionValue(msgspec.Struct, frozen=True):
    """The value of an option as it is written.

    Its paths are relative to `folder`; `lax` means text from a flag, to be converted to the type
    of the option.
    """

    value: Any
    folder: str
    lax: bool = False


def share(value: float | str) -> float:
    """Return a rate given as a number or a percentage. Raises ConfigError outside 0 to 1."""
    number = (
        float(value.strip().removesuffix("%")) / 100
        if isinstance(value, str) and value.strip().endswith("%")
        else float(value)
    )
    if not 0 <= number <= 1:
        raise ConfigError(
            f"a rate of {value} is not between 0 and 1", "write a share such as 0.02, or '2%'"
        )
    return number


class Builder:
    """Builds rules from tables of settings; rules with equal settings are built once."""

    def __init__(self, overrides: Sequence[Override] = ()) -> None:
        self._overrides = overrides
        self._built: dict[tuple[str, Severity | None, str], Active] = {}

    def __call__(self, entry: RuleEntry, tables: Iterable[Mapping[str, RuleSettings]]) -> Active:
        """Return a rule with its options and severity; later tables take precedence.

        Raises ConfigError for a value that does not fit.
        """
        options: dict[str, OptionValue] = {}
        severity: Severity | None = None
        for table in tables:
            for name in _names(entry.id):
                found = table.get(name, _NO_RULE)
                if found.options:
                    known = option_types(entry.rule)
                    options.update(
                        {key: value for key, value in found.options.items() if key in known}
                    )
                severity = found.severity or severity
        key = (entry.id, severity, repr(sorted(options.items())))
        if key not in self._built:
            self._built[key] = Active(
                id=entry.id,
                rule=_rule(entry, options),
                plugin=entry.distribution,
                version=entry.version,
                severity=severity,
                by_file=self._by_file(entry.id),
            )
        return self._built[key]

    def _by_file(self, rule: str) -> tuple[tuple[tuple[str, ...], Severity], ...]:
        found = (
            (override.files, override.rules.get(name, _NO_RULE).severity)
            for override in self._overrides
            for name in _names(rule)
        )
        return tuple((files, severity) for files, severity in found if severity is not None)


def build(entry: RuleEntry, tables: Iterable[Mapping[str, RuleSettings]]) -> Active:
    """Return a rule as a builder of its own builds it."""
    return Builder()(entry, tables)


def _names(rule: str) -> tuple[str, str]:
    return rule.partition("/")[0], rule


def _rule(entry: RuleEntry, options: Mapping[str, OptionValue]) -> Rule:
    values = {
        key.replace("-", "_"): _value(entry.id, key, option_types(entry.rule)[key], written)
        for key, written in options.items()
    }
    try:
        rule = entry.rule(**values)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"rule {entry.id}: {error}") from None
    if entry.resources:
        vars(rule)["resources"] = tuple(map(_read, entry.resources))
    return rule


def limits_of(settings: Settings) -> list[Limit]:
    """Return the limits of the configuration and the flags.

    Of several for one measure, the last one applies.
    """
    found: dict[str, Limit] = {}
    for tables in (settings.rules, *(dataset.rules for dataset in settings.datasets)):
        for name, table in tables.items():
            for measure, (low, high) in table.limits.items():
                found[f"{name}.{measure}"] = Limit(measure=f"{name}.{measure}", min=low, max=high)
    for override in settings.overrides:
        for name, table in override.rules.items():
            for measure, (low, high) in table.limits.items():
                key = f"{name}.{measure}[files={','.join(override.files)}]"
                found[key] = Limit(measure=key, min=low, max=high)
    for limit in settings.limits:
        found[limit.measure] = limit
    return list(found.values())


def _value(rule: str, name: str, kind: Any, written: OptionValue) -> Any:
    value = written.value
    if takes_files(kind):
        return _files(rule, name, written)
    if takes_file(kind):
        named = (
            isinstance(value, str)
            and str in get_args(kind)
            and not Path(value).suffix
            and not (Path(written.folder) / value).exists()
        )
        return value if named else _file(rule, name, written)
    if isinstance(value, str) and "tuple" in str(kind):
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return msgspec.convert(value, kind, strict=not written.lax)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"rule {rule}, option {name!r}: {error}", f"see: dslint rule {rule}"
        ) from None


def option_files(settings: Settings, known: Catalogue) -> Iterator[str]:
    """Yield the paths of all files that rule options name."""
    import glob

    of_files = (
        *(item.rules for item in settings.datasets),
        *(item.rules for item in settings.overrides),
    )
    for tables in (settings.rules, *of_files):
        for name, table in tables.items():
            kinds = [
                option_types(entry.rule)
                for entry in known.values()
                if name in (entry.id, entry.id.partition("/")[0])
            ]
            for option, written in table.options.items():
                if any(takes_file(kind.get(option)) for kind in kinds):
                    values = (
                        written.value.split(",")
                        if isinstance(written.value, str)
                        else written.value
                    )
                    for value in values if isinstance(values, list) else ():
                        path = os.path.join(written.folder, str(value).strip())
                        yield from (
                            [path] if os.path.exists(path) else glob.iglob(path, recursive=True)
                        )


def _read(resource: Resource) -> Resource:
    try:
        return replace(resource, data=Path(resource.path).read_bytes())
    except OSError as error:
        raise PluginError(
            f"the {resource.kind} resource {resource.name!r} cannot be read: {error.strerror}",
            "repair or uninstall its plugin",
        ) from None


def _files(rule: str, name: str, written: OptionValue) -> tuple[OptionFile, ...]:
    """Return the files of an option that takes several paths or globs, sorted within a glob."""
    import glob  # 3 ms at import, needed by few rules

    values = (
        written.value
        if isinstance(written.value, list)
        else [part.strip() for part in str(written.value).split(",") if part.strip()]
    )
    found: list[OptionFile] = []
    for value in values:
        matching = (
            sorted(glob.glob(value, root_dir=written.folder, recursive=True))
            if isinstance(value, str) and glob.has_magic(value)
            else [value]
        )
        if not matching:
            raise ConfigError(
                f"rule {rule}, option {name!r}: {value} matches no file",
                "the path is relative to the configuration",
            )
        found.extend(_file(rule, name, OptionValue(item, written.folder)) for item in matching)
    return tuple(found)


def _file(rule: str, name: str, written: OptionValue) -> OptionFile:
    if not isinstance(written.value, str):
        return OptionFile("", msgspec.json.encode(written.value))
    path = Path(written.folder) / written.value
    try:
        return OptionFile(written.value, path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"rule {rule}, option {name!r}: {written.value} cannot be read: {error.strerror}",
            "the path is relative to the configuration",
        ) from None


def _tables(rules: Document) -> dict[str, Document]:
    return {name: table for name, table in rules.items() if name not in SELECTORS}


def _merged(one: Mapping[str, Document], other: Mapping[str, Document]) -> dict[str, Document]:
    return {
        name: {**one.get(name, {}), **other.get(name, {})}
        for name in [*one, *(set(other) - set(one))]
    }


def _rules(tables: Document, folder: str) -> dict[str, RuleSettings]:
    return {name: rule_settings(table, folder) for name, table in tables.items()}


def _globs(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _dataset(item: Document, folder: str) -> DatasetSettings:
    shape, texts = item.get("shape"), item.get("texts", {})
    if shape is not None and (shape == "custom") != bool(texts):
        what = (
            "needs `texts`"
            if shape == "custom"
            else "cannot be combined with `texts`, which is for custom shapes"
        )
        raise ConfigError(
            f"dataset: the shape {shape!r} {what}",
            'write texts = { user = "question", assistant = "answer" } without a shape',
        )
    return DatasetSettings(
        name=item.get("name"),
        files=_globs(item.get("files", [])),
        exclude=_globs(item.get("exclude", [])),
        shape=shape,
        text_record=item.get("text-record", "line"),
        texts={role: _globs(paths) for role, paths in texts.items()},
        splits={name: _globs(patterns) for name, patterns in item.get("splits", {}).items()},
        columns=dict(item.get("columns", {})),
        languages=tuple(filter(None, map(primary, _globs(item.get("languages", []))))),
        slices=tuple(item.get("slices", [])),
        rules=_rules(item.get("rules", {}), folder),
    )


def date_of(value: str | None) -> datetime.date | None:
    """Return the date in a text. Raises ConfigError if it is not a date."""
    try:
        return None if value is None else datetime.date.fromisoformat(value)
    except ValueError:
        raise ConfigError(f"expires: {value!r} is not a date", "write it as 2027-06-30") from None


def _suppression(item: Document, number: int, folder: str, names: Names) -> Suppression:
    fingerprints = [frozenset({item["fingerprint"]})] if "fingerprint" in item else []
    if "review" in item:
        fingerprints.append(_approved(Path(folder), item["review"], names))
    where = {
        kind: tuple(str(v) for v in (values if isinstance(values, list) else [values]))
        for kind, values in item.get("where", {}).items()
    }
    return Suppression(
        rule=item["rule"],
        reason=item["reason"],
        where=where,
        files=_globs(item.get("files", [])),
        fingerprints=frozenset.intersection(*fingerprints) if fingerprints else None,
        review=os.path.join(folder, item["review"]) if "review" in item else "",
        expires=date_of(item.get("expires")),
        number=number,
    )


def _approved(folder: Path, name: str, names: Names) -> frozenset[str]:
    """Return the fingerprints of findings whose record a reviewer found to be right."""
    try:
        rows = review_sheet.read(name, (folder / name).read_bytes())
    except OSError as error:
        raise ConfigError(
            f"[[suppress]]: {name} cannot be read: {error.strerror}",
            "the path is relative to the configuration",
        ) from None
    right = [row for row in rows if row.right]
    for row in right:
        names.current(row.rule, name)
    return frozenset(row.fingerprint for row in right)
