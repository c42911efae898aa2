"""A stranger's run folder: whatever it names, reading it imports nothing and looks nothing up."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
import yaml
from annotated_types import Ge
from command import lenet, record, run_folders
from fake_runs import fake_run
from PIL import Image
from scripted import SCRIPTS, Script

from lenet.config.compose import configure
from lenet.config.identity import trajectory
from lenet.config.schema import Config
from lenet.errors import ConfigError
from lenet.formats.layout import CONFIG, WEIGHTS
from lenet.formats.weights import write_weights
from lenet.inspection.classifier import Classifier
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.nn.layers import Tanh
from lenet.runs.run import Run
from lenet.sweeps.summary import summarise

QUICK = ["dataset.train_size=64", "dataset.test_size=32", "epochs=1"]
HOSTILE = """
from pathlib import Path
Path(__file__).parents[1].joinpath("imported").touch()
raise SystemExit(0)
"""
PLACES = ["model.py", "runs/gift/model.py", "runs/gift/lenet/evil.py", "lenet/evil.py"]
TARGETS = [
    "runs.gift.model.Tanh",
    "gift.model.Tanh",
    "model.Tanh",
    "test.__main__.Tanh",
    "this.Tanh",
    "os.system",
    "subprocess.Popen",
    "lenet.__main__.main",
    "lenet.commands.train.job",
    "lenet.config.schema.import_module",
    "lenet.nn.layers.MaxPool",
    "lenet.nn.layers.Activation",
    "Tanh",
    "..model.Tanh",
    "model.\x1b[31m\nTanh",
    "",
    None,
    ["model.Tanh"],
]
NOT_READERS = {"benchmark", "from_torch", "plot_schedule", "remove", "textbook"}
READERS = sorted({path.stem for path in SCRIPTS.glob("*.py")} - NOT_READERS)
ARGUMENTS = {"predict": ["picture.png"], "rerun": ["--dry-run"], "diff": ["runs/gift"]}


def change(folder: Path, **keys: Any) -> None:
    """Write other values into a run's configuration."""
    path = folder / CONFIG
    path.write_text(yaml.dump(yaml.safe_load(path.read_text()) | keys))


@pytest.fixture
def gift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run below the current folder, with modules in all places that could be imported from.

    Nothing may have been imported in the end.
    """
    run = fake_run(tmp_path / "runs" / "gift", *QUICK, accuracies=(0.9,))
    write_weights(run.path / WEIGHTS, initial_theta(GlorotUniform(), 0))
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(tmp_path / "picture.png")
    for place in PLACES:
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(HOSTILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    Classifier.read(run.path)  # imports what it needs itself
    yield run.path
    assert not list(tmp_path.rglob("imported"))
    assert not {"model", "runs", "this", "test.__main__"} & set(sys.modules)


def refusal(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        Classifier.read(folder)
    (line,) = str(caught.value).splitlines()
    assert line.isprintable()
    assert line.startswith(f"{folder / CONFIG}: ")
    return line


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_a_class_that_is_none_of_ours_is_refused_unseen(gift: Path, target: Any) -> None:
    change(gift, activation={"_target_": target})
    before = set(sys.modules)
    assert "activation._target_ = " in refusal(gift)
    assert set(sys.modules) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_no_script_imports_what_a_run_names(gift: Path, script: Script, name: str) -> None:
    for target in ("runs.gift.model.Tanh", "this.Tanh"):
        change(gift, activation={"_target_": target})
        said = script(name, gift, *ARGUMENTS.get(name, []))
        assert said.error != "2", "the arguments are not those of the script"


def test_a_class_of_ours_is_meant_wherever_its_module_was(gift: Path) -> None:
    for path in ("lenet.nn.layers.Tanh", "lenet.nn.layers.activation.Tanh", "lenet.evil.Tanh"):
        change(gift, activation={"_target_": path})
        assert Run(gift).config.activation == Tanh()


def test_the_advice_is_to_import_it_on_ones_own_word(gift: Path) -> None:
    change(gift, activation={"_target_": "their.model.Tanh"})
    assert refusal(gift).endswith(
        "is no class of lenet's; if you trust it, say --import their.model to lenet-runs, or "
        "import their.model in Python first"
    )


class Steep(Tanh):
    """A class of the user's own, in a module that the process has imported: this one."""

    def __init__(self, slope: Annotated[float, Ge(0)]) -> None:
        self.slope = slope


def test_a_class_that_the_process_has_imported_itself_is_found(gift: Path) -> None:
    change(gift, activation={"_target_": f"{__name__}.Steep", "slope": 2.0})
    steep = Run(gift).config.activation
    assert isinstance(steep, Steep)
    assert steep.slope == 2
    change(gift, activation={"_target_": f"{__name__}.Steep", "slope": -1})
    assert "activation.slope = -1: should be greater than or equal to 0" in refusal(gift)


def test_a_module_that_the_user_names_is_imported_from_the_current_folder(
    gift: Path, script: Script
) -> None:
    Path("mine.py").write_text("from lenet.nn.layers import Tanh\nclass Mine(Tanh): pass\n")
    change(gift, activation={"_target_": "mine.Mine"})
    assert "is no class of lenet's" in str(script("evaluate", gift).error)
    assert "runs/gift: loss" in script("evaluate", gift, "--import", "mine").text


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise SystemExit(0)", "module 'mine' cannot be imported: SystemExit: 0"),
        ("1 / 0", "module 'mine' cannot be imported: ZeroDivisionError: division by zero"),
        ("import nowhere", "module 'mine' cannot be imported: ModuleNotFoundError: No module"),
        (None, "no module 'mine' is installed, nor in"),
    ],
)
def test_what_stops_an_import_is_said_in_a_line(
    gift: Path, script: Script, source: str | None, reason: str
) -> None:
    if source:
        Path("mine.py").write_text(source)
    with pytest.raises(ConfigError, match=reason):
        configure("optimizer._target_=mine.Lion")
    assert script("evaluate", gift, "--import", "mine").error == "2"


@pytest.mark.parametrize("value", ["${oc.env:SECRET}", "${seed}", "x${nope:}", "${"])
def test_nothing_is_looked_up_for_a_run(
    gift: Path, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "7")
    for keys in (
        {"batch_size": value},
        {"init": {"_target_": "lenet.nn.init.Normal", "std": value}},
    ):
        change(gift, **keys)
        assert f"= {value!r}: should be a value, not a reference to one" in refusal(gift)
    assert summarise([Run(gift)]).is_complete


def test_where_a_run_was_watched_is_nothing_to_its_readers(gift: Path) -> None:
    change(gift, tracker={"_target_": "model.Tracker", "uri": "${oc.env:SECRET}"})
    assert isinstance(Run(gift).config, Config)


def test_a_bomb_of_references_is_refused_at_once(gift: Path) -> None:
    change(gift, a0="x", **{f"a{n}": f"${{a{n - 1}}}${{a{n - 1}}}" for n in range(1, 60)})
    assert "a1 = '${a0}${a0}': should be a value" in refusal(gift)


@pytest.mark.slow
def test_a_run_beside_a_strangers_goes_on_without_it(gift: Path, tmp_path: Path) -> None:
    """Its name and run.json say that it is the same training with fewer epochs."""
    config = configure(*QUICK)
    change(gift, activation={"_target_": "runs.gift.model.Tanh"})
    said = record(gift) | {"trajectory": trajectory(config)}
    (gift / "run.json").write_text(json.dumps(said))
    gift.rename(gift.with_name("strokes-maxpool-tanh-adam-seed0-gift"))
    done = lenet("-m", *QUICK, "seed=0,1", cwd=tmp_path, PYTHONPATH=str(SCRIPTS.parent))
    assert done.returncode == 0, done.stderr
    assert len(run_folders(tmp_path / "runs")) == 3
