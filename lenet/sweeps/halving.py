"""Successive halving (Jamieson and Talwalkar 2016): the best of the settings go on, rung by rung.

``share`` is how many times fewer settings, and more epochs, each rung has than the one before.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from statistics import fmean
from typing import TypeVar

from lenet.errors import ConfigError

K = TypeVar("K")


def cuts(epochs: int, settings: int, share: int) -> list[int]:
    """Return after how many epochs settings are left behind.

    There are as many cuts as it takes until one setting is left, but none before the first epoch.

    Raises:
        ConfigError: there is nothing to choose from, or no epoch before the end to choose after.

    """
    if settings < 2:
        raise ConfigError(f"halving = {share}: expected settings to choose from, found one")
    if epochs < share:
        raise ConfigError(
            f"halving = {share}: expected at least {share} epochs, found epochs = {epochs}"
        )
    found: list[int] = []
    while settings > 1 and epochs >= share:
        settings, epochs = ceil(settings / share), epochs // share
        found.insert(0, epochs)
    return found


def going_on(accuracies: Mapping[K, Sequence[float | None]], share: int) -> list[K]:
    """Return the settings that go on, best first: 1/share of them.

    ``accuracies`` has those of all seeds by setting; None for a run that has none. Such settings
    come after the others, and those without any accuracy do not go on. The mean counts.
    """
    means = {
        setting: (None in found, -fmean(known))
        for setting, found in accuracies.items()
        if (known := [accuracy for accuracy in found if accuracy is not None])
    }
    ranked = sorted(means, key=lambda setting: means[setting])
    return ranked[: ceil(len(accuracies) / share)]
