"""Errors of Hydra and OmegaConf, in words that help."""

import re
import sys
from traceback import walk_tb
from typing import Any, NoReturn

from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    ConfigTypeError,
    OmegaConfBaseException,
)
from yaml import MarkedYAMLError

from lenet.config.loader import group_and_choice
from lenet.config.syntax import misread
from lenet.errors import LenetError, printable, suggestion
from lenet.formats.keys import TARGET

EXTRAS = {
    "hydra/launcher/submitit_slurm": "slurm",
    "hydra/launcher/ray": "ray",
    "hydra/sweeper/optuna": "optuna",
}
COMPOSING = re.compile(r"\w+ raised while composing config: ")
LIST_AND_KEYS = "Cannot merge DictConfig with ListConfig"
NO_MERGE = "a list and keys with values cannot be merged"
REPHRASED = {
    r"Multiple values for (\S+)\. To override": "{0} has a choice already; type {0}=<name>",
    r"^(\S+) appears more than once in the final": "{0} has a choice already; type {0}=<name>",
    r"force-add of config groups .*: '\+\+(.*)'": "++{0}: type {0}",
    r"An item is already at .*\s+Either remove \+ prefix: '(.*)'": "+{0}: type {0}",
    r"^Could not override '([^/']+)'\. No match in": "{0} is in no defaults list; type +{0}=<name>",
    r"^Could not override '(?!hydra/)([^/']+)/(.+)'\. No match in": "{0}/{1}: type {0}={1}/<name>",
    r"Cannot find primary config '([^']*)'": "--config-name {0}: there is no {0}.yaml",
    r"In '(.*)': Could not load '(.*)'": "{0}.yaml: there is no {1}.yaml",
}
LINE_LENGTH = 400  # characters of a line
FULL_KEY = "full_key:"
ASIDES = (FULL_KEY, "object_type=", "reference_type=", "To append to your default list use +")


def complain(error: Exception) -> NoReturn:
    """Show the user what is wrong with the configuration, without a traceback, and leave."""
    cause: BaseException | None = error
    while cause := cause and cause.__context__:
        if isinstance(cause, KeyboardInterrupt):
            raise cause
    message = str(error) if isinstance(error, LenetError) else explain(error)
    message = message or f"{type(error).__name__}; HYDRA_FULL_ERROR=1 shows where"
    for line in filter(None, message.splitlines()):
        print(f"lenet: {in_brief(printable(line))}", file=sys.stderr)
    sys.exit(2)


def in_brief(line: str) -> str:
    """Return a line without its middle, if it is too long to be read."""
    return (
        line
        if len(line) <= LINE_LENGTH
        else f"{line[: LINE_LENGTH // 2]} ... {line[-LINE_LENGTH // 2 :]}"
    )


def explain(error: Exception) -> str:
    """Return what a refusal by Hydra means, with the nearest valid name where there is one."""
    cause = error.__cause__
    if isinstance(error, MissingConfigException) and error.missing_cfg_file in EXTRAS:
        extra = EXTRAS[error.missing_cfg_file]
        return f"{error.missing_cfg_file} is not installed; pip install -e '.[{extra}]'"
    if isinstance(error, MissingConfigException) and error.options and error.missing_cfg_file:
        group, choice = group_and_choice(error.missing_cfg_file)
        return f"{group} = {choice!r}: no such choice{suggestion(choice, error.options)}"
    if isinstance(cause, ConfigKeyError | ConfigAttributeError) and cause.parent_node is not None:
        valid = keys(OmegaConf.to_container(cause.parent_node))
        return f"{cause.full_key}: no such key{suggestion(str(cause.key), valid)}"
    if isinstance(cause, ConfigTypeError) and isinstance(cause.parent_node, DictConfig):
        valid = keys(OmegaConf.to_container(cause.parent_node) or {})
        return f"{cause.full_key}: should be set key by key{suggestion('', valid)}"
    if isinstance(error, OverrideParseException):
        return misread(error)
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        return f"{error.problem_mark.name}, line {error.problem_mark.line + 1}: {error.problem}"
    if cause and (merged := re.match(r"Error merging override \+*([^=]*)", str(error))):
        return f"{merged[1]}: {str(cause).splitlines()[0].replace(LIST_AND_KEYS, NO_MERGE)}"
    for pattern, words in REPHRASED.items():
        if found := re.search(pattern, str(error)):
            return words.format(*found.groups())
    reason = cause if isinstance(cause, OmegaConfBaseException) else error
    return in_one_line(str(reason), file_being_read(error))


def file_being_read(error: Exception) -> str:
    """Return the path of the YAML file that Hydra was reading when the error arose, if any."""
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code.co_name == "load_config" and "full_path" in frame.f_locals:
            return str(frame.f_locals["full_path"])
    return ""


def in_one_line(message: str, file: str) -> str:
    """Return a message of Hydra or OmegaConf, after the file or else the key that it is about.

    Lines that say which key it is, of which types nodes are, and how to get past the check go.
    """
    lines = [line.strip() for line in message.splitlines()]
    named = [line.removeprefix(FULL_KEY).strip() for line in lines if line.startswith(FULL_KEY)]
    said = COMPOSING.sub("", " ".join(line for line in lines if not line.startswith(ASIDES)))
    said = said.replace(LIST_AND_KEYS, NO_MERGE)
    said = said.partition("; use sys.")[0]  # Python's advice on numbers of too many digits
    place = file or (named[0] if named else "")
    return f"{place}: {said}" if place else said


def keys(node: Any) -> list[str]:
    """Return the keys of a node as they are typed, those that lie deeper first."""
    names = [str(key) for key in node if key not in ("hydra", TARGET)]
    deeper = [
        f"{name}.{key}"
        for name in names
        for key in (keys(node[name]) if isinstance(node.get(name), dict) else [])
    ]
    return deeper + names
