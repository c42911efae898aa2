"""Networks of several sizes: how many parameters they have."""

from dataclasses import replace

from lenet.config.choices import Values
from lenet.config.settings import differing_keys
from lenet.errors import LenetError
from lenet.sweeps.summary import Setting

PARAMETERS = "parameters"
NETWORK = "network."  # begins the keys of sizes


def by_parameters(settings: list[Setting]) -> list[Setting]:
    """Return settings with the number of parameters in place of sizes that change together.

    Sizes that were swept one by one are left as they are, and so are settings of classes that are
    not known here.
    """
    words = [setting.words for setting in settings]
    sizes = [key for key in differing_keys(words) if key.startswith(NETWORK)]
    together = {tuple(setting.get(key) for key in sizes) for setting in words}
    alone = [len({setting.get(key) for setting in words}) for key in sizes]
    if len(sizes) < 2 or any(number < len(together) for number in alone):
        return settings
    try:
        return [with_parameters(setting, sizes) for setting in settings]
    except LenetError:
        return settings


def with_parameters(setting: Setting, sizes: list[str]) -> Setting:
    """Return a setting with its number of parameters in place of some sizes."""
    number = setting.outcomes[0].run.config.architecture.parameters

    def sized(values: Values) -> Values:
        others = {key: value for key, value in values.items() if key not in sizes}
        return others | {PARAMETERS: number}

    return replace(setting, values=sized(setting.values), words=sized(setting.words))
