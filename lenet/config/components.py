"""Classes that configurations name, and on whose word they are imported.

What a user types, or keeps among his own configuration files, may name any class: it is imported.
What is read back from a folder may be a stranger's, and imports nothing: a name there means a class
of this package, wherever in it that may be by now, or one that the process has imported already.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from inspect import isabstract
from types import ModuleType
from typing import Any

from lenet.errors import ConfigError, suggestion

PACKAGE = __name__.partition(".")[0]

Find = Callable[[str, type], type]


def imported(path: str, base: type, folders: Iterable[str] = ()) -> type:
    """Return the class at a dotted path, from a module that is installed or in one of the folders.

    Raises:
        ConfigError: there is none, or it is no ``base`` that could be used.

    """
    name, _, attribute = path.rpartition(".")
    try:
        module = import_from(folders, name)
    except ConfigError as error:
        raise ConfigError(f"there is no such class ({error})") from error
    if not hasattr(module, attribute):
        found = getattr(module, "__file__", None) or name
        raise ConfigError(f"there is no such class (none in {found})")
    return usable(getattr(module, attribute), base)


def import_from(folders: Iterable[str], name: str) -> ModuleType:
    """Import a module on the user's word; one that is not installed may be in one of the folders.

    They are the last that Python looks into, so that no file of theirs stands in for a library.

    Raises:
        ConfigError: there is no such module, or it cannot be imported.

    """
    places = list(dict.fromkeys(folders))
    try:
        try:
            return import_module(name)
        except ModuleNotFoundError:
            sys.path += [place for place in places if place not in sys.path]
            return import_module(name)
    except (Exception, SystemExit) as error:  # importing may do anything
        raise ConfigError(reason(error, name, places)) from error


def reason(error: BaseException, name: str, places: list[str]) -> str:
    """Say why a module could not be imported."""
    if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
        where = "".join(f", nor in {place}" for place in places)
        return f"no module {error.name!r} is installed{where}"
    if not name.strip("."):
        return "expected the name of a module"
    said = " ".join(str(error).split())
    return f"module {name!r} cannot be imported: {type(error).__name__}: {said}"


def known(path: str, base: type) -> type:
    """Return the class that a file which is read back means by a path, without any import.

    Raises:
        ConfigError: it is neither of this package nor imported already, or no ``base`` to use.

    """
    module, _, name = path.rpartition(".")
    if module.partition(".")[0] == PACKAGE:
        return own(name, base)
    if isinstance(loaded := sys.modules.get(module), ModuleType):
        return usable(vars(loaded).get(name), base)
    if not module or not all(part.isidentifier() for part in path.split(".")):
        raise ConfigError("there is no such class")
    raise ConfigError(
        f"is no class of {PACKAGE}'s; if you trust it, say --import {module} to lenet-runs, or "
        f"import {module} in Python first"
    )


def own(name: str, base: type) -> type:
    """Return the class of this package that has a name, in whatever module."""
    kinds: dict[str, type] = {kind.__name__: kind for kind in family(base) if is_own(kind)}
    if name not in kinds:
        raise ConfigError(f"there is no such {base.__name__}{suggestion(name, kinds)}")
    return kinds[name]


def is_own(kind: type) -> bool:
    """Return whether a class is one of this package's."""
    return kind.__module__.partition(".")[0] == PACKAGE


def family(base: type) -> Iterator[type]:
    """Yield the classes that can be used where ``base`` is asked for, as far as they are loaded."""
    if not isabstract(base):
        yield base
    subclasses: list[type] = base.__subclasses__()
    for kind in subclasses:
        yield from family(kind)


def usable(found: Any, base: type) -> type:
    """Return what was found, if it is a class that can be used where ``base`` is asked for."""
    if not (isinstance(found, type) and issubclass(found, base)) or isabstract(found):
        raise ConfigError(f"is no {base.__name__} to use")
    return found
