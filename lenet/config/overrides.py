"""Overrides: their keys and values, and their text."""

from collections.abc import Iterable
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    Override,
    OverrideType,
    Quote,
    QuotedString,
    Sweep,
    Transformer,
    ValueType,
)
from hydra.errors import ConfigCompositionException

FOLDERS = ("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir")


def parse(overrides: Iterable[str], loader: ConfigLoader | None = None) -> list[Override]:
    """Return what overrides say; the loader knows the names that a ``glob(...)`` is for.

    Raises:
        HydraException: one of them cannot be read.

    """
    parser = OverridesParser.create(config_loader=loader)
    return [_parse(override, parser) for override in overrides]


def _parse(text: str, parser: OverridesParser) -> Override:
    try:
        (override,) = parser.parse_overrides([text])
    except (ValueError, RecursionError) as error:  # a number, or brackets, beyond Python's limits
        raise ConfigCompositionException(f"{text}: {error}") from error
    return override


def without_sweeps(overrides: list[str]) -> list[str]:
    """Return the overrides that have one value each."""
    parsed = parse(overrides)
    return [str(override.input_line) for override in parsed if not override.is_sweep_override()]


def slip(override: Override, *, single: bool) -> str:
    """Return why no configuration, or no ``single`` one, can have an override; or nothing."""
    key, value = override.key_or_group, override.value()
    if not key:
        return "expected key=value"
    if key in FOLDERS and value in ("", None):
        return "expected a folder"
    if override.is_delete() and not override.is_hydra_override() and "." not in key:
        return "no key can be left out; key=value sets one"
    if holds_sweep(value.list if isinstance(value, ChoiceSweep) else value):
        return "a function of several values stands alone, and not in a list"
    if single and override.is_sweep_override():
        return "several values, where one is expected; lenet -m runs each"
    return ""


def holds_sweep(value: Any) -> bool:
    """Return whether there is a sweep, such as ``range(3)``, in a list or a mapping."""
    if isinstance(value, dict):
        return holds_sweep(list(value.values()))
    return isinstance(value, list) and any(isinstance(v, Sweep) or holds_sweep(v) for v in value)


def set_in_any_case(override: Override) -> str:
    """Return an override that sets a key of a choice whether or not there is one."""
    is_key_of_choice = "." in override.key_or_group and not override.is_hydra_override()
    forced = is_key_of_choice and override.type is OverrideType.CHANGE
    return f"++{override.input_line}" if forced else str(override.input_line)


def spelt_out(override: Override) -> str:
    """Return an override with its choices as any sweeper takes them: ``glob`` as names, in quotes.

    Where there is nothing of that kind in it, it is returned as it was given.
    """
    if not override.is_choice_sweep():
        return str(override.input_line)
    plain = list(override.sweep_string_iterator())
    values = [in_quotes(value) for value in override.sweep_iterator()]
    is_glob = override.value_type is ValueType.GLOB_CHOICE_SWEEP
    if not values or (values == plain and not is_glob):
        return str(override.input_line)
    listed = ",".join(values) if len(values) > 1 else f"choice({','.join(values)})"
    return f"{override.get_key_element()}={listed}"


def in_quotes(value: Any) -> str:
    """Return a value as it is typed, with quotes where it has characters of another meaning."""
    text = Transformer.str(value)
    if isinstance(value, str) and text != value:
        return QuotedString(value, Quote.double).with_quotes()
    return text
