"""The command line that dies, as by kill -9, just before it touches a file for the n-th time.

    python crashing.py FOLDER N ARGUMENTS...

Counts what Python opens, renames, removes and makes below the folder. With N = 0 it lives, and
prints how many there were.
"""

import os
import sys
from pathlib import Path
from typing import Any

from lenet.main import main

FOLDER, N = str(Path(sys.argv[1]).resolve()), int(sys.argv[2])
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir"}
count = 0


def die_at_the_nth(event: str, arguments: tuple[Any, ...]) -> None:
    global count
    if event not in EVENTS or not isinstance(arguments[0], str | os.PathLike):
        return
    if str(Path(arguments[0]).absolute()).startswith(FOLDER):
        count += 1
        if count == N:
            os._exit(137)


sys.argv = ["lenet", *sys.argv[3:]]
sys.addaudithook(die_at_the_nth)
main()
print(f"{count} files were touched")
