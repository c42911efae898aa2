"""A checkpoint gives back what was put into it, or says that it cannot."""

import json
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lenet.errors import DataError
from lenet.nn.architecture import LENET5
from lenet.training.checkpoints import Checkpoint, checksum, read_checkpoint, write_checkpoint
from lenet.training.evaluation import Score
from lenet.training.state import Metrics, Step, TrainingState

RNG = np.random.default_rng(0)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def vector() -> np.ndarray:
    return RNG.normal(size=LENET5.size).astype(np.float32)


def a_checkpoint(**changes: object) -> Checkpoint:
    state = TrainingState(vector(), {"m": vector(), "v": vector()}, best=vector())
    state.steps = [Step(0.1, 1e-3, 2.5), Step(1 / 3, 1e-3, 0.1 + 0.2)]
    state.metrics = [Metrics(1, 0.5, 0.9, 0.25, 0.95, 1 / 3, 0.94, 1e-3, 4.0, 0.5)]
    state.running = Score(12.3, 7, 32)
    for name, value in changes.items():
        setattr(state, name, value)
    return Checkpoint(state, "an identity", {"images": "a checksum"})


def same(one: Checkpoint, other: Checkpoint) -> bool:
    """Whether two checkpoints are equal, bit for bit."""
    texts = [
        json.dumps(asdict(checkpoint), default=lambda array: array.tobytes().hex())
        for checkpoint in (one, other)
    ]
    return texts[0] == texts[1]


@given(
    steps=st.lists(st.builds(Step, FINITE, FINITE, FINITE), max_size=5),
    running=st.builds(Score, FINITE, st.integers(0, 10**6), st.integers(0, 10**6)),
    seconds=FINITE,
    best=st.sampled_from([None, vector()]),
    optimizer=st.sampled_from([{}, {"v": vector()}, {"m": vector(), "v": vector()}]),
)
@settings(max_examples=25)
def test_what_is_written_is_read(tmp_path: Path, **changes: object) -> None:
    """Numbers to the last bit, as a run that goes on is to end with the same bits."""
    written = a_checkpoint(**changes)
    write_checkpoint(tmp_path / "c.npz", written)
    assert same(read_checkpoint(tmp_path / "c.npz"), written)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("content") / "c.npz"
    write_checkpoint(path, CHECKPOINT)
    return path.read_bytes()


CHECKPOINT = a_checkpoint()


def arrays_of(content: bytes) -> dict[str, np.ndarray]:
    with np.load(BytesIO(content)) as arrays:
        return dict(arrays)


@given(data=st.data())
@settings(max_examples=100)
def test_damage_is_found(tmp_path: Path, content: bytes, data: st.DataObject) -> None:
    """Bytes that are changed, lost or added: the checkpoint is refused, or was not hurt."""
    start = data.draw(st.integers(0, len(content) - 1), "start")
    end = data.draw(st.integers(start, min(start + 8, len(content))), "end")
    damage = data.draw(st.binary(max_size=8), "damage")
    path = tmp_path / "c.npz"
    path.write_bytes(content[:start] + damage + content[end:])
    try:
        found = read_checkpoint(path)
    except DataError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:
        assert same(found, CHECKPOINT)


@given(length=st.integers(0, 10**6))
@settings(max_examples=30)
def test_a_file_cut_short_is_refused(tmp_path: Path, content: bytes, length: int) -> None:
    path = tmp_path / "c.npz"
    path.write_bytes(content[: length % len(content)])
    with pytest.raises(DataError, match=r"c\.npz"):
        read_checkpoint(path)


def test_every_byte_of_a_number_counts(tmp_path: Path, content: bytes) -> None:
    """A single flipped bit in theta, too, where zip has no eyes if its own checksum is forged."""
    changed = arrays_of(content)
    changed["theta"].view(np.uint32)[1234] ^= 1
    np.savez(tmp_path / "c.npz", **changed)
    with pytest.raises(DataError, match="checksum"):
        read_checkpoint(tmp_path / "c.npz")


def test_a_checkpoint_of_another_format_is_refused(tmp_path: Path, content: bytes) -> None:
    changed = arrays_of(content)
    del changed["sha256"]
    meta = json.loads(changed["meta"].tobytes()) | {"format": 2}
    changed["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    np.savez(tmp_path / "c.npz", **changed, sha256=checksum(changed))
    with pytest.raises(DataError, match="expected format 1, found 2"):
        read_checkpoint(tmp_path / "c.npz")


@pytest.mark.parametrize(
    "meta",
    [
        b"[" * 10**5,
        b'{"format": 1}',
        b'{"format": 1, "identity": %s}' % (b"9" * 10**4),
        b"[]",
        b"1",
        b"",
    ],
    ids=lambda meta: meta[:30],
)
def test_what_is_said_of_a_training_must_be_what_is_written(
    tmp_path: Path, content: bytes, meta: bytes
) -> None:
    """However deep or long it is, also where the checksum fits."""
    check_that_it_is_refused(tmp_path / "c.npz", arrays_of(content), meta)


@pytest.mark.parametrize(
    "change",
    [
        {"identity": 5},
        {"data": [1]},
        {"data": {"images": None}},
        {"metrics": [{"epoch": 1}]},
        {"metrics": "none"},
        {"running": {"loss": "low", "correct": 1, "images": 2}},
        {"seconds": "9"},
    ],
    ids=str,
)
def test_each_value_that_is_said_of_a_training_has_its_type(
    tmp_path: Path, content: bytes, change: dict[str, object]
) -> None:
    arrays = arrays_of(content)
    meta = json.dumps(json.loads(arrays["meta"].tobytes()) | change)
    check_that_it_is_refused(tmp_path / "c.npz", arrays, meta.encode())


def check_that_it_is_refused(path: Path, arrays: dict[str, np.ndarray], meta: bytes) -> None:
    del arrays["sha256"]
    arrays["meta"] = np.frombuffer(meta, np.uint8)
    np.savez(path, **arrays, sha256=checksum(arrays))
    with pytest.raises(DataError, match=r"c\.npz: expected a checkpoint"):
        read_checkpoint(path)


@pytest.mark.parametrize("without", ["theta", "steps", "meta", "sha256"])
def test_a_part_that_is_missing_is_noticed(tmp_path: Path, content: bytes, without: str) -> None:
    changed = arrays_of(content)
    del changed[without]
    changed.pop("sha256", None)
    if without != "sha256":
        changed["sha256"] = checksum(changed)
    np.savez(tmp_path / "c.npz", **changed)
    with pytest.raises(DataError, match=r"c\.npz"):
        read_checkpoint(tmp_path / "c.npz")


def test_weights_are_no_checkpoint(tmp_path: Path) -> None:
    np.savez(tmp_path / "weights.npz", theta=vector())
    with pytest.raises(DataError, match="expected a checkpoint"):
        read_checkpoint(tmp_path / "weights.npz")
