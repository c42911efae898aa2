"""Configurations as files: keys and plain values."""

import re
from pathlib import Path
from typing import Any

import yaml

from lenet.errors import DataError
from lenet.formats.files import damage, plain

MOST_BYTES = 2**14  # bytes of a configuration; deeply nested ones of more could overflow the stack
LONGEST_NUMBER = 1000  # characters, in whatever notation
TARGET = "_target_"


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads YAML as OmegaConf does, in a tenth of the time: 1e-3 is a number, no date is one."""


def whole_number(loader: Loader, node: yaml.ScalarNode) -> int:
    """Return the whole number that YAML has; ValueError for one too long to be shown."""
    if len(node.value) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(node.value)} characters")
    return int(loader.construct_yaml_int(node))


FLOAT, DATE = "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp"
Loader.add_constructor("tag:yaml.org,2002:int", whole_number)
Loader.add_implicit_resolver(
    FLOAT, re.compile(r"[-+]?[0-9]+(_[0-9]+)*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), "-+0123456789"
)
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != DATE]
    for first, resolvers in Loader.yaml_implicit_resolvers.items()
}


def read_keys(path: Path) -> dict[str, Any]:
    """Return the keys of a YAML file and their values, which hold no aliases.

    Raises:
        DataError: the file is missing, or is no mapping.

    """
    expected = f"{path}: expected a configuration"
    with damage(expected):
        with open(path, "rb", opener=plain) as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise DataError(f"{expected}, found more than {MOST_BYTES} bytes")
        if b"*" in content and has_alias(content):
            raise DataError(f"{expected}, found an alias in it")
        keys = yaml.load(content, Loader)  # a safe loader
    if not isinstance(keys, dict):
        raise DataError(f"{expected}, found no keys")
    return keys


def has_alias(content: bytes) -> bool:
    """Return whether YAML refers to a part of itself, which could make it grow without end."""
    return any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(content, Loader))
