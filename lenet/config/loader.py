"""Hydra's loader: where it looks for configurations, and what it leaves to the jobs of a sweep."""

import re
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.types import Override
from hydra.errors import ConfigCompositionException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from lenet.config.identity import run_name
from lenet.config.overrides import parse, set_in_any_case, slip, spelt_out
from lenet.config.schema import CONF, of_run, read_composed
from lenet.data.own import classes_in
from lenet.errors import ConfigError, suggestion
from lenet.formats.layout import RECORD

DEFAULTS = re.compile(rb"^['\"]?defaults['\"]?\s*:", re.MULTILINE)
GLOBAL_GROUPS = ("experiment", "setting")  # their files set keys anywhere in a configuration


def resolve_run_name(_root_: DictConfig) -> str:
    """Return the name of the run that a configuration describes, for ``${run_name:}``."""
    if not of_run(_root_):
        return "<run_name>"  # lenet --cfg hydra --resolve
    return run_name(read_composed(_root_))


OmegaConf.register_new_resolver("run_name", resolve_run_name, replace=True)
OmegaConf.register_new_resolver("classes_in", classes_in, replace=True)


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
            f"lenet-runs rerun {folder} trains it again"
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
        parsed = parse(overrides, self)
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
            list_sweep(cfg, [one for one in parsed if not one.is_hydra_override()], self)
        return cfg

    def get_group_options(
        self,
        group_name: str,
        results_filter: ObjectType | None = ObjectType.CONFIG,
        config_name: str | None = None,
        overrides: list[str] | None = None,
    ) -> list[str]:
        """Return the choices of a group.

        Hydra copies all its sources first, as a configuration or an override may add to them. For a
        help, which asks for every group, that took longer than all else.
        """
        if config_name is None and not overrides:
            return self.repository.get_group_options(group_name, results_filter)
        return super().get_group_options(group_name, results_filter, config_name, overrides)

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
        if problem := slip(override, single=single) or self._slip_of_choice(override):
            raise ConfigCompositionException(f"{override.input_line}: {problem}")

    def _slip_of_choice(self, override: Override) -> str:
        """Return why an override makes no choice, though there are choices of its name."""
        key, value = override.key_or_group, override.value()
        group = key.replace(".", "/") if override.is_hydra_override() else key
        choices = self.get_group_options(group)
        if not choices or override.is_sweep_override():
            return ""
        if group != key:
            return f"a choice is made by {group}=<name>"
        if isinstance(value, str | dict) or (isinstance(value, list) and override.is_add()):
            return ""
        return f"expected the name of a choice{suggestion('', choices)}"

    def _refuse_files_without_header(self, cfg: DictConfig) -> None:
        """Refuse an experiment whose keys have gone below ``experiment``; so for a setting."""
        for group in GLOBAL_GROUPS:
            choice = cfg.hydra.runtime.choices.get(group)
            file = self.repository.load_config(f"{group}/{choice}") if group in cfg else None
            if file and file.header["package"] != "_global_":
                raise ConfigCompositionException(
                    f"{group}/{choice}.yaml: it should begin with the line '# @package _global_'"
                )


def list_sweep(cfg: DictConfig, overrides: list[Override], loader: ConfigLoader) -> None:
    """Put all that a sweep consists of in the place from which Hydra takes it; the last wins.

    Left in ``hydra.sweeper.params``, it would be resolved before there is a job to refer to.
    """
    sweeper = cfg.hydra.sweeper
    params: Any = OmegaConf.to_container(sweeper.get("params") or OmegaConf.create())
    lines = [f"{key}={'null' if value is None else value}" for key, value in params.items()]
    overrides = [*parse(lines, loader), *overrides]
    last = {override.get_key_element(): spelt_out(override) for override in overrides}
    cfg.hydra.overrides.task = list(last.values())
    if params:
        sweeper.params = None
        cfg.hydra.mode = cfg.hydra.mode or RunMode.MULTIRUN


def group_and_choice(file: str) -> tuple[str, str]:
    """Return the parts of a name such as ``setting/optimizers/sgd`` or ``hydra/launcher/ray``."""
    top, _, rest = file.removeprefix("hydra/").partition("/")
    return f"hydra/{top}" if file.startswith("hydra/") else top, rest
