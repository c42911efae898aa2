"""Reading run folders: which runs there are, what they have in common, and what can be wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_runs import fake_run
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from lenet.errors import ConfigError, DataError, LenetError
from lenet.formats.layout import CONFIG, RECORD, WEIGHTS
from lenet.formats.weights import write_weights
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.nn.layers import MaxPool, Tanh
from lenet.nn.model import LeNet5
from lenet.runs.find import all_runs, find_runs
from lenet.runs.groups import by_setting, over_seeds
from lenet.runs.run import Run


def names(runs: list[Run]) -> list[str]:
    return [run.path.name for run in runs]


def test_runs_are_found_at_and_below_the_folders_in_the_order_of_a_sweep(tmp_path: Path) -> None:
    for job in (0, 1, 2, 10):
        fake_run(tmp_path / "sweep" / str(job), seed=job)
    single = fake_run(tmp_path / "single")
    assert names(find_runs([tmp_path])) == ["single", "0", "1", "2", "10"]
    assert find_runs([single.path]) == [single]
    assert names(find_runs([single.path, tmp_path / "sweep", single.path])) == [
        "single", "0", "1", "2", "10",
    ]  # fmt: skip


def test_runs_that_did_not_finish_are_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    finished = fake_run(tmp_path / "a")
    fake_run(tmp_path / "b", status="diverged")
    fake_run(tmp_path / "c")
    (tmp_path / "c" / RECORD).write_text("")
    assert find_runs([tmp_path]) == [finished]
    assert caplog.messages == [
        f"{tmp_path / 'b'} left out: its status is diverged",
        f"{tmp_path / 'c'} left out: its status is unknown",
    ]


def test_without_folders_the_newest_finished_run_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fake_run(tmp_path / "runs" / "b", finished="2026-01-01T00:00:00+00:00")
    fake_run(tmp_path / "runs" / "a", finished="2026-02-01T00:00:00+00:00")
    fake_run(tmp_path / "runs" / "c", finished="2026-03-01T00:00:00+00:00", status="failed")
    monkeypatch.chdir(tmp_path)
    assert find_runs([]) == [Run(Path("runs/a"))]
    assert not caplog.messages


def test_no_finished_run_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LenetError, match="no finished run in runs: train one"):
        find_runs([])
    fake_run(tmp_path / "a", status="running")
    with pytest.raises(LenetError, match="no finished run in a"):
        find_runs([Path("a")])


def test_a_folder_without_a_run_is_an_error_also_beside_others(tmp_path: Path) -> None:
    """Else a slip in a name would be drawn as if it had not been given."""
    fake_run(tmp_path / "a")
    with pytest.raises(LenetError, match=r"there is no run in .*b"):
        find_runs([tmp_path / "a", tmp_path / "b"])


def test_a_list_names_runs_relative_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        fake_run(tmp_path / "runs" / name)
    view = tmp_path / "runs" / "sweeps" / "x"
    view.mkdir(parents=True)
    (view / "runs.txt").write_text("../../a\n\n../../c\n../../gone\n")
    monkeypatch.chdir(tmp_path)
    assert find_runs([Path("runs/sweeps/x")]) == [Run(Path("runs/a")), Run(Path("runs/c"))]
    assert names(all_runs([view])) == ["a", "c", "gone"]
    assert names(all_runs([Path("runs/sweeps/x"), Path("runs")])) == ["a", "b", "c", "gone"]


def test_runs_put_aside_are_found_by_their_name_only(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "a")
    aside = fake_run(tmp_path / "a.aside-1")
    assert all_runs([tmp_path]) == [run]
    assert find_runs([aside.path]) == [aside]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.sampled_from(
        ["1e-3", "1e3", "1.5e3", "1_0", "2026-01-01", "yes", "null", ".5", "~", "1:30"]
    ),
    st.text("abc: #", max_size=5),
)


@given(st.dictionaries(st.sampled_from("abcde"), SCALARS | st.dictionaries(st.just("f"), SCALARS)))
def test_configurations_are_read_as_omegaconf_reads_them(
    tmp_path_factory: pytest.TempPathFactory, config: dict[str, Any]
) -> None:
    run = Run(tmp_path_factory.mktemp("run"))
    (run.path / CONFIG).write_text(OmegaConf.to_yaml(OmegaConf.create(config)))
    expected = OmegaConf.to_container(OmegaConf.load(run.path / CONFIG))
    assert run.written == expected


@pytest.mark.parametrize("text", ["1e-3", "1e3", "1.5e3", "1.5E-3", ".5", "-1e+5", "1_0.5", "1.e3"])
def test_numbers_written_by_hand_are_read_as_omegaconf_reads_them(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / CONFIG).write_text(f"lr: {text}\nday: 2026-01-01\n")
    expected = OmegaConf.to_container(OmegaConf.load(tmp_path / CONFIG))
    written = Run(tmp_path).written
    assert written == expected
    assert isinstance(written["lr"], float)


def test_settings_are_the_configuration_without_the_seed(tmp_path: Path) -> None:
    settings = fake_run(tmp_path, "dataset=mnist", "optimizer=sgd", seed=3).settings
    assert settings["dataset"] == "MNIST"
    assert settings["dataset.train_size"] is None
    assert settings["optimizer"] == "SGD"
    assert settings["optimizer.momentum"] == 0.0
    assert "seed" not in settings


def test_runs_that_differ_in_their_seed_only_are_one_setting(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / str(seed), seed=seed) for seed in range(3)]
    assert by_setting(runs) == {"": runs}


def test_a_seed_counts_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    newer = fake_run(tmp_path / "a", finished="2026-02-01T00:00:00+00:00")
    older = fake_run(tmp_path / "b", finished="2026-01-01T00:00:00+00:00")
    other = fake_run(tmp_path / "c", "pooling=avg")
    assert list(by_setting([newer, older, other]).values()) == [[newer], [other]]
    assert caplog.messages == [f"{older.path} left out: {newer.path} is a newer run of the same"]


def test_over_seeds(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / str(seed), seed=seed, accuracies=accuracies)
        for seed, accuracies in enumerate([(0.25, 0.5), (0.5, 0.5), (0.75, 0.5)])
    ]
    first, second = over_seeds(runs, "test_accuracy").to_dict("index").values()
    assert first == {"count": 3, "mean": 0.5, "std": 0.25, "min": 0.25, "max": 0.75}
    assert second == {"count": 3, "mean": 0.5, "std": 0.0, "min": 0.5, "max": 0.5}
    alone = over_seeds(runs[:1], "test_accuracy")
    assert np.isnan(alone["std"]).all()
    assert list(alone.index) == [1, 2]


def test_metrics_are_indexed_by_epoch(tmp_path: Path) -> None:
    metrics = fake_run(tmp_path, accuracies=(0.5, 0.75)).metrics
    assert metrics["test_accuracy"].to_dict() == {1: 0.5, 2: 0.75}
    assert "validation_loss" not in metrics


def test_a_run_before_1998_had_come_is_a_sample_of_the_same_setting(tmp_path: Path) -> None:
    """Earlier versions had no keys c3, output, input and reshuffle."""
    older, newer = (fake_run(tmp_path / name) for name in ("older", "newer"))
    written = OmegaConf.load(older.path / CONFIG)
    for key in ("c3", "output", "input", "reshuffle"):
        del written[key]
    OmegaConf.save(written, older.path / CONFIG)
    assert Run(older.path).settings == newer.settings
    assert Run(older.path).words == newer.words
    assert Run(older.path).config.architecture == newer.config.architecture


def test_a_configuration_of_another_version(tmp_path: Path) -> None:
    run = fake_run(tmp_path)
    with (tmp_path / "config.yaml").open("a") as file:
        file.write("colour: blue\n")
    with pytest.raises(ConfigError, match=f"{tmp_path / CONFIG}: colour: no such key"):
        _ = run.config


def network(seed: int = 0) -> LeNet5:
    return LeNet5(initial_theta(GlorotUniform(), seed), MaxPool(), Tanh())


def test_the_network_has_the_weights_of_the_run(tmp_path: Path) -> None:
    run = fake_run(tmp_path, "activation=relu", "pooling=avg")
    theta = network(seed=5).theta
    write_weights(tmp_path / WEIGHTS, theta)
    restored = run.network()
    np.testing.assert_array_equal(restored.theta, theta)
    assert {type(layer).__name__ for layer in restored.layers.values()} >= {"ReLU", "AveragePool"}


def test_weights_that_cannot_be_read(tmp_path: Path) -> None:
    run = fake_run(tmp_path)
    with pytest.raises(DataError, match=r"weights\.npz: expected .* found: No such file"):
        run.network()


def test_the_data_is_that_of_the_run(tmp_path: Path) -> None:
    run = fake_run(tmp_path, "dataset.train_size=16", "dataset.test_size=8")
    data = run.data()
    assert (len(data.train), len(data.test)) == (16, 8)
