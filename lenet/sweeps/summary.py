"""Summaries of runs: settings, ranked, each with its runs, finished or not."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from lenet.config.choices import Values
from lenet.config.settings import in_common, tell_apart
from lenet.runs.find import natural_order
from lenet.runs.groups import by_seed, in_words, newest_of_each_seed, same_settings
from lenet.runs.record import Stopped
from lenet.runs.run import Run
from lenet.sweeps.outcome import Outcome, is_configured, outcome
from lenet.sweeps.statistics import BEST, INCOMPARABLE, compare, records


@dataclass(frozen=True)
class Setting:
    """Runs that differ in nothing but their seed; ``words`` are their ``values`` as typed.

    Those that halving has left behind are ``stopped``: neither finished nor missing.
    """

    label: str
    values: Values
    words: Values
    finished: list[Outcome]
    unfinished: list[Outcome]
    stopped: list[Outcome]

    @property
    def outcomes(self) -> list[Outcome]:
        """All of them, in the order of their seeds."""
        found = self.finished + self.unfinished + self.stopped
        return sorted(found, key=lambda outcome: by_seed(outcome.run))

    @property
    def is_whole(self) -> bool:
        """Whether its runs have all finished, or all were stopped."""
        return not self.unfinished and not (self.finished and self.stopped)

    @property
    def left_behind(self) -> Stopped | None:
        """What has stopped all of its runs that have come furthest, if none was to go on."""
        ends = [outcome.stopped for outcome in self.stopped if outcome.stopped]
        if self.finished or self.unfinished or not ends:
            return None
        return max(ends, key=lambda end: end.epochs)


@dataclass(frozen=True)
class Summary:
    """The settings, best first, then those without a finished run; and runs of no known setting."""

    settings: list[Setting]
    strays: list[Outcome]

    @cached_property
    def finals(self) -> pd.DataFrame:
        """The last epochs of the finished runs, by the label of the setting and the seed."""
        return last_epochs(self.settings)

    @cached_property
    def ranked_by(self) -> str:
        """The split that the order is by: validation, or test if a run has no validation split."""
        return ranking_split(self.finals)

    @property
    def ranked(self) -> list[Setting]:
        """The settings with a finished run."""
        return [setting for setting in self.settings if setting.finished]

    @property
    def is_complete(self) -> bool:
        """Whether all runs have finished, or were not to."""
        return not self.strays and not any(setting.unfinished for setting in self.settings)

    @property
    def splits(self) -> list[str]:
        """The splits that accuracies are told of: test, and validation where any run has it."""
        return ["validation", "test"] if "validation_loss" in self.finals else ["test"]

    @cached_property
    def common(self) -> str:
        """What all settings have in common, beside the defaults."""
        return in_common([setting.words for setting in self.settings])

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """A row for each pair of settings that share at least two seeds."""
        labels = [setting.label for setting in self.ranked]
        accuracy = self.finals[f"{self.ranked_by}_accuracy"].unstack("setting")
        return compare(accuracy[labels])

    @cached_property
    def to_best(self) -> dict[str, dict[str, Any]]:
        """The rows of the comparisons with the best setting, by label."""
        rows = self.comparisons[self.comparisons["compared_with"] == self.settings[0].label]
        return {row["setting"]: row for row in records(rows)}

    def verdict(self, setting: Setting) -> str:
        """Return how a setting with finished runs compares with the best one."""
        if setting is self.settings[0]:
            return BEST
        return str(self.to_best.get(setting.label, {}).get("verdict", INCOMPARABLE))


def summarise(runs: Iterable[Run]) -> Summary:
    """Group runs by setting, and rank the settings by their mean accuracy."""
    outcomes = {run: outcome(run) for run in runs}
    known = [run for run in outcomes if is_configured(run)]
    groups = same_settings(known)
    words = in_words(groups)
    settings = [
        setting(label, typed, group, outcomes)
        for label, typed, group in zip(tell_apart(words), words, groups, strict=True)
    ]
    finals = last_epochs(settings)
    means: dict[Any, float] = {}
    if len(finals):
        accuracy = finals[f"{ranking_split(finals)}_accuracy"]
        means = accuracy.groupby(level="setting").mean().to_dict()

    def rank(setting: Setting) -> tuple[bool, bool, int, float, str]:
        accuracy = means.get(setting.label, 0)
        epochs = setting.left_behind.epochs if setting.left_behind else 0
        return not setting.finished, not setting.is_whole, -epochs, -accuracy, setting.label

    strays = [outcomes[run] for run in outcomes if not is_configured(run)]
    return Summary(
        sorted(settings, key=rank),
        sorted(strays, key=lambda stray: natural_order(stray.run.path)),
    )


def setting(label: str, words: Values, group: list[Run], outcomes: dict[Run, Outcome]) -> Setting:
    """Return a setting with its runs in the order of their seeds; a finished seed counts once."""
    ends: dict[str, list[Run]] = defaultdict(list)
    for run in group:
        status = outcomes[run].status
        ends[status if status in ("finished", "stopped") else "unfinished"].append(run)
    return Setting(
        label,
        group[0].settings,
        words,
        [outcomes[run] for run in sorted(newest_of_each_seed(ends["finished"]), key=by_seed)],
        [outcomes[run] for run in sorted(ends["unfinished"], key=by_seed)],
        [outcomes[run] for run in sorted(ends["stopped"], key=by_seed)],
    )


def last_epochs(settings: Iterable[Setting]) -> pd.DataFrame:
    """Return the last epochs of the finished runs, by the label of the setting and the seed."""
    rows = {
        (setting.label, outcome.run.seed): outcome.last
        for setting in settings
        for outcome in setting.finished
    }
    if not rows:
        return pd.DataFrame()
    index = pd.MultiIndex.from_tuples(rows, names=["setting", "seed"])
    return pd.DataFrame(list(rows.values())).set_index(index)


def ranking_split(finals: pd.DataFrame) -> str:
    """Return validation if all runs have it, else test."""
    complete = "validation_loss" in finals and finals["validation_loss"].notna().all()
    return "validation" if complete else "test"
