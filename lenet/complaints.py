"""What Hydra and OmegaConf complain of, in words that help."""

import sys
from typing import Any, NoReturn, cast

from hydra.errors import MissingConfigException
from omegaconf import OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError

from lenet.config import TARGET, suggestion
from lenet.errors import LenetError

EXTRAS = {
    "hydra/launcher/submitit_slurm": "slurm",
    "hydra/launcher/ray": "ray",
    "hydra/sweeper/optuna": "optuna",
}


def complain(error: Exception) -> NoReturn:
    """Show the user what is wrong with the configuration, without a traceback, and leave."""
    cause: BaseException | None = error
    while cause := cause and cause.__context__:
        if isinstance(cause, KeyboardInterrupt):
            raise cause
    message = str(error) if isinstance(error, LenetError) else explain(error)
    print("\n".join(f"lenet: {line}" for line in message.splitlines() if line), file=sys.stderr)
    sys.exit(2)


def explain(error: Exception) -> str:
    """Return what a refusal by Hydra means, with the nearest valid name where there is one."""
    cause = error.__cause__
    if isinstance(error, MissingConfigException) and error.missing_cfg_file in EXTRAS:
        extra = EXTRAS[error.missing_cfg_file]
        return f"{error.missing_cfg_file} is not installed; pip install -e '.[{extra}]'"
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
