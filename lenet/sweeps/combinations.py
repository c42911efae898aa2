"""The configurations of a sweep: combinations of the values that its overrides have."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice, product
from math import prod
from typing import cast

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from lenet.config.complaints import explain
from lenet.config.overrides import parse
from lenet.config.schema import SWEEP_KEYS
from lenet.config.syntax import FORMS
from lenet.errors import ConfigError
from lenet.sweeps.trials import Trial

MOST_RUNS = 10_000  # of one sweep: of so many, hardly two have the same name
TOO_MANY = (
    f"at most {MOST_RUNS:,} runs make one sweep; split it, "
    f"as in seed=range(0,{MOST_RUNS}), then seed=range({MOST_RUNS},{2 * MOST_RUNS})"
)


def sweep_overrides(config: DictConfig) -> list[Override]:
    """Return what is said of the jobs, as it was typed: a reference is for a job to follow.

    Raises:
        ConfigError: what is said of the sweep as a whole has several values.

    """
    lines = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
    loader = GlobalHydra.instance().config_loader()
    overrides = parse(cast(list[str], lines), loader)
    for override in overrides:
        if override.key_or_group in SWEEP_KEYS and override.is_sweep_override():
            raise ConfigError(f"{override.input_line}: has one value, for the sweep as a whole")
    return [override for override in overrides if override.key_or_group not in SWEEP_KEYS]


def refuse_intervals(swept: list[Override]) -> None:
    """Raise ConfigError if a sweep, which is no search, has more than lists of values."""
    for override in swept:
        if not override.is_discrete_sweep():
            raise ConfigError(
                f"{override.input_line}: needs hydra/sweeper=optuna; a list is a,b,c or range(...)"
            )


def one_at_a_time(*values: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield enough combinations to see each value once."""
    first = [value for value, *_ in values]
    yield tuple(first)
    for place, (_, *others) in enumerate(values):
        for other in others:
            yield (*first[:place], other, *first[place + 1 :])


def sweep_configs(
    config: DictConfig,
    overrides: list[Override],
    combinations: Callable[..., Iterable[tuple[str, ...]]],
    trials: Sequence[Trial] = (Trial(),),
) -> Iterator[tuple[Trial, DictConfig]]:
    """Yield combinations of the values of a sweep with each trial, and what is composed of them.

    Raises:
        ConfigError: there are too many of them, or one cannot be composed.

    """
    loader = GlobalHydra.instance().config_loader()
    swept = [one.key_or_group for one in overrides if one.is_sweep_override()]
    groups = [key for key in swept if loader.get_group_options(key)]
    typed = jobs(overrides, combinations, len(trials))
    for number, (trial, job) in enumerate(product(trials, typed)):
        try:
            cfg = loader.load_sweep_config(config, [*job, *trial.overrides])
        except HydraException as error:
            message = explain(error)
            raise ConfigError(f"{trial.place}{named(job, groups, message)}{message}") from error
        with read_write(cfg.hydra), open_dict(cfg.hydra):
            cfg.hydra.job.num = number
        yield Trial((*job, *trial.overrides), trial.place), cfg


def jobs(
    overrides: list[Override],
    combinations: Callable[..., Iterable[tuple[str, ...]]],
    times: int = 1,
) -> Iterable[tuple[str, ...]]:
    """Return the overrides of each job; ConfigError if so many ``times`` over are too many."""
    choices = [
        [f"{override.get_key_element()}={value}" for value in values(override)]
        for override in overrides
    ]
    runs = prod(map(len, choices)) * times
    if combinations is product and runs > MOST_RUNS:
        raise ConfigError(f"{runs:,} runs: {TOO_MANY}")
    return combinations(*choices)


def values(override: Override) -> list[str]:
    """Return the values that an override has in turn, as they are typed; of an interval its middle.

    Raises:
        ConfigError: there are none, too many, or without end.

    """
    if not override.is_sweep_override():
        return [override.get_value_element_as_str()]
    if isinstance(interval := override.value(), IntervalSweep):
        lowest, highest = cast(tuple[float, float], (interval.start, interval.end))
        return [str(type(lowest)((lowest + highest) / 2))]
    try:
        listed = list(islice(override.sweep_string_iterator(), MOST_RUNS + 1))
    except (ValueError, ArithmeticError, HydraException) as error:
        raise ConfigError(f"{override.input_line}: expected {FORMS['range']}") from error
    if len(listed) > MOST_RUNS:
        raise ConfigError(f"{override.input_line}: {TOO_MANY}")
    if not listed:
        raise ConfigError(f"there is nothing to run: {override.input_line}")
    return listed


def named(job: Iterable[str], keys: Collection[str], message: str) -> str:
    """Return which of some keys a job has how, to begin a message that is of other keys."""
    told = [
        override
        for override in job
        if (key := override.partition("=")[0].lstrip("+")) in keys
        and not message.startswith((f"{key}:", f"{key} ="))
    ]
    return f"with {' '.join(told)}: " if told else ""
