"""Starts commands of Python for the tests, by forks of a process that has imported modules already.

Its arguments name the modules. A line of JSON asks for a start: the command, its folder and
environment, and files for what it says; a line with the exit code answers. All but the imports
happens anew, in a process of its own.
"""

import json
import os
import runpy
import signal
import sys
from importlib import import_module
from typing import Any

SECONDS = 600  # after which a start hangs


def become(
    command: list[str], cwd: str, environment: dict[str, str], stdout: str, stderr: str
) -> None:
    """Do what ``python`` would do with this command: ``-m`` and a module, or a file."""
    signal.alarm(SECONDS)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate((os.devnull, stdout, stderr)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    sys.path[0] = cwd
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


def fork(start: dict[str, Any]) -> int:
    """Return the exit code of a fork that does what ``become`` says."""
    child = os.fork()
    if child == 0:
        become(**start)
        sys.exit()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    for module in sys.argv[1:]:
        import_module(module)
    for line in sys.stdin:
        print(fork(json.loads(line)), flush=True)
