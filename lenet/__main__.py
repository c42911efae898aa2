"""``python -m lenet``, and the command ``lenet``."""

import os
import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is still being imported ends it without a word."""
    let_no_file_here_stand_for_a_library()
    import signal

    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from lenet.runs.process import prepare_streams

    prepare_streams()
    from lenet.commands import train as command_line

    command_line.main()


def let_no_file_here_stand_for_a_library() -> None:
    """Have the current folder searched last where ``python -m`` has put it first.

    A process that is started with ``python -m``, as the workers of a sweep are, does not search it.
    """
    if __name__ == "__main__" and not sys.flags.safe_path:
        sys.path.append(sys.path.pop(0))
    os.environ["PYTHONSAFEPATH"] = "1"


if __name__ == "__main__":
    main()
