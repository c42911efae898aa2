"""The command line, to which signals come just before it touches a file for the n-th time.

    python crashing.py FOLDER N:SIGNAL,... ARGUMENTS...

Counts what Python opens, renames, removes and makes below the folder, and prints how many there
were. The signals are numbers; 9 ends the process at once.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from lenet.commands.train import main

FOLDER = str(Path(sys.argv[1]).resolve())
PLAN = dict(map(int, each.split(":")) for each in sys.argv[2].split(",") if each)
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir"}
count = 0


def send_signals(event: str, arguments: tuple[Any, ...]) -> None:
    global count
    if event not in EVENTS or not isinstance(arguments[0], str | os.PathLike):
        return
    if str(Path(arguments[0]).absolute()).startswith(FOLDER):
        count += 1
        if count in PLAN:
            os.kill(os.getpid(), PLAN[count])


signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["lenet", *sys.argv[3:]]
sys.addaudithook(send_signals)
main()
print(f"{count} files were touched")
