"""Hydra as lenet uses it: where configurations are looked for, and what overrides may say."""

import re
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath
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
from hydra.errors import ConfigCompositionException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from lenet.config import CONF, suggestion
from lenet.errors import ConfigError
from lenet.records import RECORD

DEFAULTS = re.compile(rb"^['\"]?defaults['\"]?\s*:", re.MULTILINE)
GLOBAL_GROUPS = ("experiment", "setting")  # their files set keys anywhere in a configuration


def hydra_for(folder: Path | None, config_name: str = "config") -> Hydra:
    """Return a Hydra that looks for configurations in a folder of the user's, then in conf/.

    Raises:
        ConfigError: the folder holds a configuration of this name from which nothing can be chosen.

    """
    if folder is not None:
        refuse_without_choices(folder, folder / f"{config_name.removesuffix('.yaml')}.yaml")
    version.setbase("1.3")
    return Hydra("lenet", Loader(search_path(folder)))


def search_path(folder: Path | None) -> ConfigSearchPath:
    """Return where files of configurations are looked for; the first of a name is taken."""
    path = create_config_search_path(str(CONF))
    if folder is not None:
        path.prepend("user", str(folder.absolute()), anchor="main")
    return path


def refuse_without_choices(folder: Path, file: Path) -> None:
    """Raise ConfigError if a file has no defaults list, such as the configuration of a run."""
    if not file.is_file() or DEFAULTS.search(file.read_bytes()):
        return
    if (folder / RECORD).exists():
        raise ConfigError(
            f"{file}: a run's configuration, which is composed already; "
            f"python scripts/rerun.py {folder} trains it again"
        )
    renamed = "call it mine.yaml, and " if file.stem == "config" else ""
    raise ConfigError(
        f"{file}: has no defaults list; {renamed}begin it with 'defaults: [config, _self_]'"
    )


class Loader(ConfigLoaderImpl):
    """Hydra's loader of configurations, which refuses what Hydra would take amiss.

    Of a sweep Hydra composes first what the jobs have in common, without the choices that are
    swept. There a key is set whether or not it exists, as only a job can tell; and what the sweep
    consists of is one list, the experiment's part as well, in the words in which it was given.
    """

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """Compose a configuration; of a sweep, what its jobs have in common.

        Raises:
            HydraException: there is no such choice or key, or a text cannot be read.

        """
        parsed = self.parse(overrides)
        for override in parsed:
            self._refuse(override, single=run_mode is RunMode.RUN and validate_sweep_overrides)
        if run_mode is RunMode.MULTIRUN:
            overrides = [set_in_any_case(override) for override in parsed]
        try:
            cfg = super().load_configuration(
                config_name, overrides, run_mode, from_shell, validate_sweep_overrides
            )
        except MissingConfigException as error:
            group, choice = group_and_choice(str(error.missing_cfg_file))
            error.options = self.choices(group) if choice else None
            raise
        self._refuse_files_without_header(cfg)
        if run_mode is RunMode.MULTIRUN:
            self._list_sweep(cfg, [one for one in parsed if not one.is_hydra_override()])
        return cfg

    def parse(self, overrides: list[str]) -> list[Override]:
        """Return what overrides say; OverrideParseException if one of them cannot be read."""
        return OverridesParser.create(config_loader=self).parse_overrides(overrides)

    def choices(self, group: str) -> list[str]:
        """Return the choices of a group, those in folders below it as well."""
        deeper = [
            f"{folder}/{choice}"
            for folder in self.list_groups(group)
            for choice in self.choices(f"{group}/{folder}")
        ]
        return [*self.get_group_options(group), *deeper]

    def _refuse(self, override: Override, *, single: bool) -> None:
        """Refuse an override that Hydra takes amiss, or refuses in words that do not help."""
        if problem := self._problem(override, single):
            raise ConfigCompositionException(f"{override.input_line}: {problem}")

    def _problem(self, override: Override, single: bool) -> str:
        """Return what is wrong with an override, or nothing."""
        key, value, ours = override.key_or_group, override.value(), not override.is_hydra_override()
        if not key:
            return "expected key=value"
        if ours and override.is_delete():
            return "no key can be left out; key=value sets one"
        if holds_sweep(value.list if isinstance(value, ChoiceSweep) else value):
            return "a function of several values stands alone, and not in a list"
        if override.is_sweep_override():
            return "several values, where one is expected; lenet -m runs each" if single else ""
        if not ours and self.get_group_options(group := key.replace(".", "/")) and group != key:
            return f"a choice is made by {group}=<name>"
        if isinstance(value, str | dict) or (isinstance(value, list) and override.is_add()):
            return ""
        choices = self.get_group_options(key)
        return f"expected the name of a choice{suggestion('', choices)}" if choices else ""

    def _refuse_files_without_header(self, cfg: DictConfig) -> None:
        """Refuse an experiment whose keys have gone below ``experiment``; so for a setting."""
        for group in GLOBAL_GROUPS:
            choice = cfg.hydra.runtime.choices.get(group)
            file = self.repository.load_config(f"{group}/{choice}") if group in cfg else None
            if file and file.header["package"] != "_global_":
                raise ConfigCompositionException(
                    f"{group}/{choice}.yaml: it should begin with the line '# @package _global_'"
                )

    def _list_sweep(self, cfg: DictConfig, overrides: list[Override]) -> None:
        """Put all that a sweep consists of in the place from which Hydra takes it; the last wins.

        Left in ``hydra.sweeper.params``, it would be resolved before there is a job to refer to.
        """
        sweeper = cfg.hydra.sweeper
        params: Any = OmegaConf.to_container(sweeper.get("params") or OmegaConf.create())
        lines = [f"{key}={'null' if value is None else value}" for key, value in params.items()]
        overrides = [*self.parse(lines), *overrides]
        last = {override.get_key_element(): spelt_out(override) for override in overrides}
        cfg.hydra.overrides.task = list(last.values())
        if params:
            sweeper.params = None
            cfg.hydra.mode = cfg.hydra.mode or RunMode.MULTIRUN


def group_and_choice(file: str) -> tuple[str, str]:
    """Return the parts of a name such as ``setting/optimizers/sgd`` or ``hydra/launcher/ray``."""
    top, _, rest = file.removeprefix("hydra/").partition("/")
    return f"hydra/{top}" if file.startswith("hydra/") else top, rest


def without_sweeps(overrides: list[str]) -> list[str]:
    """Return the overrides that have one value each."""
    parsed = OverridesParser.create().parse_overrides(overrides)
    return [str(override.input_line) for override in parsed if not override.is_sweep_override()]


def holds_sweep(value: Any) -> bool:
    """Return whether there is a sweep, such as ``range(3)``, in a list or a mapping."""
    values = value.values() if isinstance(value, dict) else value
    inner = values if isinstance(value, list | dict) else []
    return any(isinstance(one, Sweep) or holds_sweep(one) for one in inner)


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
