"""``python -m lenet``, and the command ``lenet``."""

import signal


def main() -> None:
    """Run the command line; Ctrl-C while it is still being imported ends it without a word."""
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from lenet.pipes import open_closed_streams

    open_closed_streams()
    from lenet import main as command_line

    command_line.main()


if __name__ == "__main__":
    main()
