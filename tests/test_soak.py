"""Run after run, a process holds no more than before (make soak does this for an hour)."""

import pytest
from soak import Sample, growth, soak


@pytest.mark.thorough
def test_memory_files_and_threads_stay_flat() -> None:
    assert growth(list(soak(minutes=0.3))) == []


def test_growth_is_seen() -> None:
    flat = [Sample(i, i, 100.0, 6, 2, 190.0) for i in range(20)]
    assert growth(flat) == []
    leaking = [sample._replace(files=6 + i) for i, sample in enumerate(flat)]
    assert growth(leaking) == ["files: from 16 to 25"]
