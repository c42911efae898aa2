"""Random streams: one seed, and independent generators by name."""

from lenet.nn.random import stream


def test_same_name_same_numbers() -> None:
    assert stream(0, "order", 1).random() == stream(0, "order", 1).random()


def test_seeds_and_names_give_different_numbers() -> None:
    streams = [(0, "order", 1), (0, "order", 2), (0, "init"), (1, "order", 1), (0, "order", 11)]
    assert len({stream(*name).random() for name in streams}) == len(streams)
