"""The page as one file: HTML with its style, its scripts and all their data in it.

It needs no network and is refused any: its policy allows those scripts alone, by their hashes.
"""

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from lenet.figures.page.content import Shown, content
from lenet.inspection.predictions import Predictions

HERE = Path(__file__).parent
SCRIPTS = (  # in the order in which one needs the other
    "elements", "packing", "activations", "network", "fields", "arithmetic", "resampling",
    "strokes", "preparation", "colours", "pad", "cards", "answers", "sums", "learning", "link",
    "view", "tools", "page",
)  # fmt: skip
NOT_IN_HTML = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


def page(runs: Sequence[Shown], found: Sequence[Predictions | None]) -> str:
    """Return the page of one or two runs, with examples from what each makes of its test images."""
    style = read("page.css")
    scripts = [read(f"{name}.js") for name in SCRIPTS]
    parts = {
        "policy": policy(style, scripts),
        "title": escape(title(runs)),
        "style": style,
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
        "data": as_json(content(runs, found)),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], read("page.html"))


def read(name: str) -> str:
    """Return the text of a file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def title(runs: Sequence[Shown]) -> str:
    """Return what the page is about."""
    return "Two networks, number by number" if len(runs) > 1 else "LeNet-5, number by number"


def policy(style: str, scripts: Sequence[str]) -> str:
    """Return the Content-Security-Policy: these scripts, this style, and nothing from outside."""
    allowed = " ".join(map(hash_of, scripts))
    return (
        f"default-src 'none'; script-src {allowed}; style-src {hash_of(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def hash_of(text: str) -> str:
    """Return the hash of an inline script or style, as a policy names it."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def as_json(data: Any) -> str:
    """Return data as JSON, in ASCII, that nothing in a page takes for markup."""
    return json.dumps(data, allow_nan=False).translate(NOT_IN_HTML)
