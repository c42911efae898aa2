"""Overrides that Hydra cannot read, and what is wrong with their text."""

import re
import shlex

from hydra.core.override_parser.overrides_parser import create_functions
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import OverrideParseException

from lenet.errors import suggestion

FORMS = {
    "choice": "choice(a, b, ...), or a,b,... where null is among them",
    "range": "range(stop) or range(start, stop, step) of numbers, step not 0",
    "interval": "interval(lowest, highest) of two numbers",
    "glob": "glob(pattern), such as glob(*)",
    "shuffle": "shuffle(a, b, ...) or shuffle(range(stop))",
    "sort": "sort(a, b, ...) or sort(range(stop)) of one type",
    "tag": "tag(name, interval(lowest, highest))",
}
KEY = re.compile(r"(\+\+?|~)?[a-z_$][\w$-]*([./@][\w$-]+)*", re.ASCII | re.IGNORECASE)
CALL = re.compile(r" while evaluating '(?P<call>(?P<function>\w+)\((?s:.*?))': (?P<reason>.*)")
QUOTED = re.compile(r"'(\\.|[^'\\])*'|\"(\\.|[^\"\\])*\"", re.DOTALL)
CLOSING = {"(": ")", "[": "]", "{": "}"}


def misread(error: OverrideParseException) -> str:
    """Return what to mend in an override, such as ``'seed=rang(3)': there is no function ...``."""
    key, equals, value = error.override.partition("=")
    return f"{error.override!r}: {_misread(key, value if equals else None, str(error))}"


def _misread(key: str, value: str | None, hydra_says: str) -> str:
    if value is None or not KEY.fullmatch(key) or value.startswith("="):
        return "expected key=value, without spaces; lenet --help shows the keys"
    if call := CALL.search(hydra_says):
        return misused(**call.groupdict())
    return unbalanced(value) or beside_a_comma(value) or f"needs quotes: {in_quotes(key, value)}"


def misused(call: str, function: str, reason: str) -> str:
    """Return what a function in an override should look like."""
    functions = create_functions().definitions
    if function not in functions:
        return f"there is no function {function}(){suggestion(function, functions)}"
    return f"expected {FORMS[function]}" if function in FORMS else f"{call}: {reason}"


def unbalanced(value: str) -> str:
    """Return which quote or bracket of a value has no partner; nothing if each has one."""
    expected: list[str] = []
    for character in QUOTED.sub("", value):
        if character in "'\"":
            return f"a quote {character} is not closed"
        if character in CLOSING:
            expected.append(CLOSING[character])
        elif character in CLOSING.values() and (not expected or character != expected.pop()):
            return f"there is a {character} too many"
    return f"a {expected[-1]} is missing" if expected else ""


def beside_a_comma(value: str) -> str:
    """Return that a list of values has a gap, if that is so."""
    gap = re.search(r"(^|[,(\[{])\s*,|,\s*($|[)\]}])", QUOTED.sub("x", value))
    return "a value is missing before or after a comma" if gap else ""


def in_quotes(key: str, value: str) -> str:
    """Return an override as a shell takes it, with quotes for Hydra within those for the shell."""
    text = f"{key}={QuotedString(value, Quote.double).with_quotes()}"
    return shlex.quote(text) if text.isprintable() else "key='\"a=b\"'"
