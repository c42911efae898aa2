"""The command line: Hydra composes a configuration, a network is trained, a run folder fills.

No other file knows Hydra.
"""

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NoReturn, cast

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import MissingConfigException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError

from lenet.config import CONF, TARGET, Config, read_config, suggestion
from lenet.errors import LenetError
from lenet.init import initial_theta
from lenet.model import LeNet5
from lenet.runs import METRICS, RunFolder, provenance, relative
from lenet.training import Metrics, train

log = logging.getLogger("lenet")


def run(config: Config, folder: RunFolder) -> None:
    """Carry out one experiment; what comes of it goes to the folder as it comes."""
    data = config.dataset.load(config.seed)
    folder.note(data=data.checksums)
    sizes = {"train": data.train, "test": data.test, "validation": data.validation}
    splits = {name: split for name, split in sizes.items() if split}
    images = ", ".join(f"{len(split):,} {name} images" for name, split in splits.items())
    log.info("%s, seed %d", images, config.seed)
    network = LeNet5(initial_theta(config.init, config.seed), config.pooling, config.activation)
    log.info(table_head(list(splits)))
    for metrics in train(
        network,
        config.optimizer,
        config.schedule,
        data,
        epochs=config.epochs,
        batch_size=config.batch_size,
        parts=config.parts,
        threads=config.threads,
        seed=config.seed,
    ):
        folder.append(metrics)
        log.info(table_row(metrics, list(splits)))
    folder.save_weights(network)
    log.info("wrote %s", relative(folder.path / METRICS))


def table_head(splits: list[str]) -> str:
    """Return the line that is logged above those of the epochs."""
    columns = [f"{split} {measure}" for split in splits for measure in ("loss", "accuracy")]
    return "   ".join(["epoch", *columns, "seconds"])


def table_row(metrics: Metrics, splits: list[str]) -> str:
    """Return the line that is logged for an epoch."""
    cells = [f"{metrics.epoch:5}"]
    for split in splits:
        loss, accuracy = (getattr(metrics, f"{split}_{name}") for name in ("loss", "accuracy"))
        cells += [f"{loss:{len(split) + 5}.4f}", f"{accuracy:{len(split) + 9}.2%}"]
    return "   ".join([*cells, f"{metrics.train_seconds + metrics.eval_seconds:7.1f}"])


class JobFailedError(LenetError):
    """A run has ended before its time; the user has been told why."""


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def job(cfg: DictConfig) -> None:
    """Carry out the experiment that Hydra has composed, in the folder that it has chosen."""
    config = read_config(cfg)
    hydra_config = HydraConfig.get()
    path = Path(hydra_config.runtime.output_dir)
    overrides = list(hydra_config.overrides.task)
    record = {"seed": config.seed, "overrides": overrides, **provenance()}
    try:
        folder = RunFolder(path, OmegaConf.to_yaml(cfg), **record)
    except LenetError as error:
        print(f"lenet: {error}", file=sys.stderr)
        raise JobFailedError from error
    try:
        with folder:
            run(config, folder)
    except LenetError as error:
        log.error("%s", error)
        raise JobFailedError from error
    except Exception as error:
        log.exception("the run has failed")
        raise JobFailedError from error


class Check(Callback):
    """Refuses a configuration, of every job in a sweep, before anything runs or is written."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check the configuration of a single run."""
        self._check([config])

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check the configuration of each job."""
        self._check(sweep_configs(config))

    def _check(self, configs: Iterable[DictConfig]) -> None:
        """Hydra turns exceptions in a callback into warnings, but lets SystemExit through."""
        try:
            for config in configs:
                read_config(
                    OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
                )
        except Exception as error:
            complain(error)


def sweep_configs(config: DictConfig) -> Iterator[DictConfig]:
    """Compose each job of a sweep over lists of values; values from ranges are not among them."""
    loader = GlobalHydra.instance().config_loader()
    params = config.hydra.sweeper.get("params") or {}
    lines = [*(f"{key}={value}" for key, value in params.items()), *config.hydra.overrides.task]
    choices: dict[str, list[str]] = {}
    for override in OverridesParser.create(config_loader=loader).parse_overrides(lines):
        key = override.get_key_element()
        if not override.is_sweep_override():
            choices[key] = [f"{key}={override.get_value_element_as_str()}"]
        elif override.is_discrete_sweep():
            choices[key] = [f"{key}={value}" for value in override.sweep_string_iterator()]
    for overrides in product(*choices.values()):
        yield loader.load_sweep_config(config, list(overrides))


def complain(error: Exception) -> NoReturn:
    """Show the user what is wrong with the configuration, without a traceback, and leave."""
    message = str(error) if isinstance(error, LenetError) else explain(error)
    print("\n".join(f"lenet: {line}" for line in message.splitlines() if line), file=sys.stderr)
    sys.exit(2)


def explain(error: Exception) -> str:
    """Return what a refusal by Hydra means, with the nearest valid name where there is one."""
    cause = error.__cause__
    if isinstance(error, MissingConfigException) and error.options and error.missing_cfg_file:
        group, _, name = error.missing_cfg_file.rpartition("/")
        return f"{group} = {name!r}: no such choice{suggestion(name, error.options)}"
    if isinstance(cause, ConfigKeyError | ConfigAttributeError) and cause.parent_node is not None:
        valid = keys(cast(dict[Any, Any], OmegaConf.to_container(cause.parent_node)))
        return f"{cause.full_key}: no such key{suggestion(str(cause.key), valid)}"
    return str(error)


def keys(node: dict[Any, Any]) -> list[str]:
    """Return the keys of a node as they are typed, those that lie deeper first."""
    names = [str(key) for key in node if key not in ("hydra", TARGET)]
    deeper = [
        f"{name}.{key}"
        for name in names
        for key in (keys(node[name]) if isinstance(node.get(name), dict) else [])
    ]
    return deeper + names


def main() -> None:
    """Run the command line; what goes wrong before a job begins is the configuration's fault.

    Hydra is told to raise its errors, so that they can be shown in a few words. Who sets
    HYDRA_FULL_ERROR=1 sees Hydra's whole.
    """
    wants_traceback = os.environ.get("HYDRA_FULL_ERROR") == "1"
    os.environ["HYDRA_FULL_ERROR"] = "1"
    logging.raiseExceptions = False  # a terminal that is gone is no reason for a traceback
    try:
        job()
    except JobFailedError:
        sys.exit(1)
    except Exception as error:
        if wants_traceback:
            raise
        complain(error)
    except KeyboardInterrupt:
        sys.exit(130)
