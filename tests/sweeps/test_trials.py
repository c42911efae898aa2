"""A CSV file as a sweep: what it means, and what is wrong with it, in one line."""

from pathlib import Path

import pandas as pd
import pytest
from command import lenet, record, run_folders
from refused import Refused

from lenet.config.compose import configure
from lenet.config.identity import run_name

QUICK = ["dataset.train_size=256", "dataset.test_size=64", "epochs=1"]
TABLE = """\
optimizer,optimizer.lr,batch_size,dataset.validation
adam,0.003,,
sgd, 0.1 ,64,

sgd,0.1,64,${batch_size}
,,,
"""
MEANT = [
    ["optimizer=adam", "optimizer.lr=0.003"],
    ["optimizer=sgd", "optimizer.lr=0.1", "batch_size=64"],
    ["optimizer=sgd", "optimizer.lr=0.1", "batch_size=64", "dataset.validation=64"],
    [],
]


@pytest.mark.thorough
def test_each_line_is_a_setting_and_each_cell_is_what_would_be_typed(tmp_path: Path) -> None:
    """With a byte order mark, and the line ends of another system, as spreadsheets write them."""
    content = "\ufeff" + TABLE.replace("\n", "\r\n")
    (tmp_path / "trials.csv").write_text(content, encoding="utf-8", newline="")
    done = lenet("-m", *QUICK, "settings=trials.csv", "seed=0,1", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 settings, 8 of 8 runs finished" in done.stdout
    singles = [configure(*QUICK, *said, f"seed={seed}") for said in MEANT for seed in (0, 1)]
    assert {folder.name for folder in run_folders(tmp_path)} == set(map(run_name, singles))
    for folder in run_folders(tmp_path):
        assert "settings" not in (folder / "config.yaml").read_text()
        assert not any(one.startswith("settings") for one in record(folder)["overrides"])
    (path,) = tmp_path.rglob("settings.csv")
    table = pd.read_csv(path).sort_values(["optimizer", "batch_size", "dataset.validation"])
    assert list(table["optimizer"]) == ["adam", "adam", "sgd", "sgd"]
    assert list(table["optimizer.lr"]) in ([0.001, 0.003, 0.1, 0.1], [0.003, 0.001, 0.1, 0.1])
    assert list(table["dataset.validation"]) == [0, 0, 0, 64]
    again = lenet("-m", *QUICK, "settings=trials.csv", "seed=0,1", cwd=tmp_path)
    assert "8 runs, 8 of them finished already" in again.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "t.csv: expected keys, and a line for each setting, found 0 lines"),
        (b"\n\n", "t.csv: expected keys, and a line for each setting, found 0 lines"),
        (b"seed\n", "t.csv: expected keys, and a line for each setting, found 1 line"),
        (b"seed,seed\n1,2\n", "t.csv: 2 columns are called seed"),
        (b"seed,+seed\n1,2\n", "t.csv: 2 columns are called seed"),
        (b"seed,\n1,2\n", "t.csv: column 2: expected a key such as optimizer.lr, found ''"),
        (b"0.1,0.2\n1,2\n", "t.csv: column 1: expected a key such as optimizer.lr, found '0.1'"),
        (b"seed;epochs\n1;2\n", "t.csv: column 1: expected a key such as optimizer.lr, found "
                                "'seed;epochs'"),
        (b"retries\n1\n", "t.csv: retries: has one value, for the sweep as a whole; type it"),
        (b"hydra.job.name\nx\n", "t.csv: hydra.job.name: has one value, for the sweep as a whole; "
                                 "type it"),
        (b"epochs\n2\n", "epochs: is a column of t.csv, and typed as well"),
        (b"seed\n1\n\n2,3\n", "t.csv, line 4: expected 1 cell, as there are keys, found 2"),
        (b"seed,parts\n1\n", "t.csv, line 2: expected 2 cells, as there are keys, found 1"),
        (b'seed\n"1,2"\n', "t.csv, line 2: seed=1,2: one value is expected in a cell"),
        (b"seed\nrange(3)\n", "t.csv, line 2: seed=range(3): one value is expected in a cell"),
        (b"seed\n[1\n", "t.csv, line 2: 'seed=[1': a ] is missing"),
        (b"optimizer.lrr\n1\n", "t.csv, line 2: optimizer.lrr: no such key; did you mean 'lr'?"),
        (b"optimiser\nsgd\n", "t.csv, line 2: optimiser: no such key; did you mean 'optimizer'?"),
        (b"lr\n0.1\n", "t.csv, line 2: lr: no such key; did you mean 'optimizer.lr'?"),
        (b"optimizer\nsdg\n", "t.csv, line 2: optimizer = 'sdg': no such choice; did you mean "
                              "'sgd'?"),
        (b"optimizer.lr\n0.1\n-1\n", "t.csv, line 3: optimizer.lr = -1: should be greater than 0"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_said_before_anything_runs(
    refused: Refused, content: bytes, message: str
) -> None:
    (refused.folder / "t.csv").write_bytes(content)
    assert refused("-m", "settings=t.csv", "epochs=1") == f"lenet: {message}\n"


def test_a_reference_leads_to_a_value_there_is(refused: Refused) -> None:
    (refused.folder / "t.csv").write_text("optimizer.lr\n${eval:1e-3*2}\n")
    said = refused("-m", "settings=t.csv")
    assert said == "lenet: t.csv, line 2: optimizer.lr: Unsupported interpolation type eval\n"
    assert refused("optimizer.lr=${eval:1e-3*2}") == said.replace("t.csv, line 2: ", "")


@pytest.mark.slow
def test_what_refers_to_a_swept_key_follows_it_in_names_and_tables(tmp_path: Path) -> None:
    follows = "dataset.validation=${batch_size}"
    assert lenet("-m", *QUICK, follows, "batch_size=32,64", cwd=tmp_path).returncode == 0
    (path,) = tmp_path.rglob("settings.csv")
    table = pd.read_csv(path).set_index("batch_size")
    assert table["dataset.validation"].to_dict() == {32: 32, 64: 64}
    single = lenet(*QUICK, follows, "batch_size=32", cwd=tmp_path)
    assert "is finished already" in single.stdout
    assert (
        "finished already"
        in lenet(*QUICK, "dataset.validation=32", "batch_size=32", cwd=tmp_path).stdout
    )


@pytest.mark.parametrize("content", [b"seed\n\xff\n", b'seed\n"1\n', b'seed\n"1"2\n'])
def test_what_is_no_table_is_named(refused: Refused, content: bytes) -> None:
    (refused.folder / "t.csv").write_bytes(content)
    (line,) = refused("-m", "settings=t.csv").splitlines()
    assert line.startswith("lenet: t.csv: expected a table of settings, found it damaged: ")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["-m", "settings=none.csv"], "none.csv: expected a table of settings, found: No such"),
        (["-m", "settings=."], ".: expected a table of settings, found: Is a directory"),
        (["-m", "settings=5"], "settings = 5: should be a valid string"),
        (["-m", "settings=a.csv,b.csv"], "settings=a.csv,b.csv: has one value, for the sweep as"),
        (["settings=none.csv"], "settings: is for a sweep; lenet -m carries one out"),
    ],
)
def test_what_is_no_file_of_settings_is_refused(
    refused: Refused, overrides: list[str], message: str
) -> None:
    (line,) = refused(*overrides).splitlines()
    assert line.startswith(f"lenet: {message}")


def test_too_many_settings_are_refused(refused: Refused) -> None:
    (refused.folder / "t.csv").write_text("parts\n" + "1\n" * 1001)
    assert "lenet: 10,010 runs: at most 10,000" in refused("-m", "settings=t.csv", "seed=range(10)")
