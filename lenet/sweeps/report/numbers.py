"""Numbers that were swept, to draw accuracies by."""

from typing import Any

from lenet.config.settings import differing_keys
from lenet.sweeps.report.tables import is_number
from lenet.sweeps.summary import Setting


def swept_numbers(settings: list[Setting], least: int) -> list[str]:
    """Return the keys of numbers with ``least`` values at least that go with the same choices."""
    keys = differing_keys([setting.words for setting in settings])
    return [key for key in keys if most_values(key, settings) >= least]


def most_values(key: str, settings: list[Setting]) -> int:
    """Return how many numbers a key has among settings that have chosen the same component."""
    values: dict[Any, set[float]] = {}
    for setting in settings:
        if is_number(setting.values.get(key)):
            component = setting.values.get(key.rpartition(".")[0])
            values.setdefault(component, set()).add(setting.values[key])
    return max(map(len, values.values()), default=0)
