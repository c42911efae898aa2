"""A signal is obeyed when it is the right moment, a second one at once."""

import signal
import threading

import pytest

from lenet.runs.process import end_by_exceptions, held_back

EXIT_CODES = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129}


@pytest.fixture(autouse=True)
def handlers() -> object:
    """Leave the signals as they were."""
    before = {number: signal.getsignal(number) for number in EXIT_CODES}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def exit_code(error: BaseException) -> object:
    return error.code if isinstance(error, SystemExit) else 130


@pytest.mark.parametrize("number", EXIT_CODES)
def test_a_signal_is_obeyed_when_asked(number: signal.Signals) -> None:
    with held_back() as stop:
        stop.obey()
        assert not stop.asked
        signal.raise_signal(number)
        assert stop.asked
        with pytest.raises((KeyboardInterrupt, SystemExit)) as caught:
            stop.obey()
        stop.signal = None
    assert exit_code(caught.value) == EXIT_CODES[number]


@pytest.mark.parametrize("number", EXIT_CODES)
def test_a_second_signal_ends_at_once(number: signal.Signals) -> None:
    end_by_exceptions()
    with held_back() as stop:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises((KeyboardInterrupt, SystemExit)) as caught:
            signal.raise_signal(number)
        stop.signal = None
    assert exit_code(caught.value) == EXIT_CODES[number]


@pytest.mark.parametrize("number", EXIT_CODES)
def test_a_signal_that_nobody_asks_for_is_obeyed_at_the_end(number: signal.Signals) -> None:
    def get_one() -> None:
        with held_back():
            signal.raise_signal(number)

    with pytest.raises((KeyboardInterrupt, SystemExit)) as caught:
        get_one()
    assert exit_code(caught.value) == EXIT_CODES[number]


def test_what_was_there_before_is_there_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with held_back():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_a_signal_that_is_ignored_stays_so() -> None:
    """nohup has SIGHUP ignored, a shell's & SIGINT."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end_by_exceptions()
    with held_back() as stop:
        signal.raise_signal(signal.SIGHUP)
        assert not stop.asked


def test_a_thread_other_than_the_main_one_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    found = []

    def work() -> None:
        end_by_exceptions()
        with held_back():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [before]
