"""What a trained network makes of a user's pictures: in Python, and told by the script."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from command import lenet
from damaged import refusal
from PIL import Image

from lenet.config.compose import configure
from lenet.data.strokes import draw
from lenet.figures.sheet import sheet
from lenet.formats.layout import BEST, WEIGHTS
from lenet.formats.weights import read_weights, write_weights
from lenet.inspection.classifier import Classifier
from lenet.inspection.reader import READER
from lenet.nn.random import stream

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "scripts" / "predict.py"
LABELS = np.arange(10, dtype=np.uint8)
DIGITS = 255 - draw(LABELS, stream(1, "pictures"))  # black on white


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of ``lenet`` that has learnt something."""
    folder = tmp_path_factory.mktemp("trained")
    sizes = ["dataset.train_size=6000", "dataset.test_size=32"]
    lenet("dataset=strokes", *sizes, "epochs=2", cwd=folder).check_returncode()
    (path,) = (folder / "runs").iterdir()
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of pictures, one of each digit."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for label, array in zip(LABELS, DIGITS, strict=True):
        Image.fromarray(array).resize((140, 140)).save(folder / f"{label}.png")
    return folder


def predict(*arguments: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error", SCRIPT, *map(str, arguments)],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


# In Python


def test_paths_and_arrays_get_the_same_predictions(run: Path, pictures: Path) -> None:
    classifier = Classifier.read(run / WEIGHTS)
    paths = sorted(pictures.iterdir())
    arrays = [np.asarray(Image.open(path)) for path in paths]
    by_path, by_array = classifier.predict(paths), classifier.predict(arrays)
    for first, last in zip(by_path, by_array, strict=True):
        assert first.top(3) == last.top(3)
    right = [p.top(1)[0][0] == str(label) for p, label in zip(by_path, LABELS, strict=True)]
    assert sum(right) >= 8


def test_the_top_are_the_likeliest_first(run: Path) -> None:
    (prediction,) = Classifier.read(run).predict([DIGITS[3]])
    assert prediction.image.shape == (28, 28)
    top = prediction.top(10)
    assert {name for name, _ in top} == set("0123456789")
    probabilities = [probability for _, probability in top]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1)
    assert prediction.top(3) == top[:3]


def test_any_file_of_weights_in_a_run_folder_will_do(run: Path) -> None:
    write_weights(run / BEST, np.zeros_like(read_weights(run / WEIGHTS)))
    (prediction,) = Classifier.read(run / BEST).predict([DIGITS[3]])
    assert prediction.top(1) == [("0", pytest.approx(0.1))]


def test_weights_without_a_configuration_are_refused(run: Path, tmp_path: Path) -> None:
    alone = tmp_path / WEIGHTS
    alone.write_bytes((run / WEIGHTS).read_bytes())
    assert refusal(lambda: Classifier.read(alone), tmp_path / "config.yaml")


@pytest.mark.parametrize("name", ["strokes", "mnist", "fashion_mnist"])
def test_each_dataset_prepares_pictures_as_its_own_images(name: str) -> None:
    image = configure(f"dataset={name}").dataset.prepare(np.stack(3 * [DIGITS[3]], axis=2))
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert not image[[0, -1]].any()


# The script


def test_a_line_for_each_picture_and_a_sheet(run: Path, pictures: Path) -> None:
    done = predict(run / WEIGHTS, pictures, "--reject=0", "--output=out", cwd=pictures.parent)
    assert done.returncode == 0
    assert done.stderr == ""
    *lines, png, svg = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [f"{pictures}/{label}.png" for label in LABELS]
    assert {len(line.split()) for line in lines} == {7}
    assert len({len(line) for line in lines}) == 1
    assert (png, svg) == ("out/sheet.png", "out/sheet.svg")
    with Image.open(pictures.parent / png) as image:
        image.verify()


def test_names_that_forge_lines_or_formulas_are_told_and_drawn(run: Path, tmp_path: Path) -> None:
    names = ["bad\udcff.png", "$\\frac{x$.png", "x\ny.png  7 100.0%.png", "\x1b[31m漢字.png"]
    for name in names:
        Image.fromarray(DIGITS[3]).save(tmp_path / name)
    done = predict(run, *(tmp_path / name for name in names), "--output", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    *lines, png, svg = done.stdout.splitlines()
    assert len(lines) == len(names)
    assert all(line.isprintable() and line.startswith(str(tmp_path)) for line in lines)
    assert len({line.index("  3 ") for line in lines if "  3 " in line}) == 1
    assert (tmp_path / png).is_file()
    ElementTree.parse(tmp_path / svg)


def test_a_bad_picture_does_not_lose_the_others(run: Path, pictures: Path) -> None:
    Image.new("L", (40, 40), 255).save(pictures / "blank.png")
    (pictures / "cut.png").write_bytes((pictures / "3.png").read_bytes()[:200])
    (pictures / "notes.txt").write_text("no picture")
    done = predict(
        run, "pictures", "nowhere.png", "--reject=0", "--output=out", cwd=pictures.parent
    )
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 11 + 2 + 1
    assert lines[-1] == "1 of 13 pictures refused"
    assert "pictures/blank.png  refused: no ink" in lines
    cut, nowhere, *ends = done.stderr.splitlines()
    assert cut.startswith("predict.py: pictures/cut.png: expected an intact picture, found: ")
    assert nowhere == "predict.py: nowhere.png: expected a picture, found no such file"
    assert ends == ["predict.py: 2 of 13 pictures could not be used"]


def test_a_row_of_digits_has_a_line_for_each(run: Path, tmp_path: Path) -> None:
    page = np.pad(np.hstack(list(DIGITS[[1, 4, 7]])), 4, constant_values=255)
    Image.fromarray(page).resize((4 * page.shape[1], 4 * page.shape[0])).save(tmp_path / "row.png")
    one = predict(run, "row.png", "--reject", "0", "--output", "out", cwd=tmp_path)
    assert one.returncode == 0
    assert one.stdout.splitlines()[0] == "row.png  refused: several digits"
    done = predict(run, "row.png", "--several", "--reject", "0", "--output", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    *lines, _, _ = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == 3 * [["row.png", "x"]]


@pytest.mark.parametrize("reject", ["2", "-0.1", "nan", "much"])
def test_what_is_refused_is_less_probable_than_a_share(run: Path, reject: str) -> None:
    done = predict(run, "a.png", f"--reject={reject}", cwd=run)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(f"expected a number from 0 to 1, found {reject}")


def test_a_folder_without_pictures_is_said_in_a_line(run: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = predict(run, "empty", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "predict.py: empty: expected a picture, found a folder without any",
        "predict.py: 1 of 1 pictures could not be used",
    ]
    assert not (run / "sheet.png").exists()


def test_without_weights_those_of_the_reader_are_used_and_named(pictures: Path) -> None:
    done = predict("pictures", "pictures/3.png", cwd=pictures.parent)
    assert done.returncode == 0, done.stderr
    *lines, png, svg, weights = done.stdout.splitlines()
    read = [line.split()[1] for line in lines]
    assert sum(label == one for label, one in zip([*"0123456789", "3"], read, strict=True)) >= 10
    assert (png, svg) == ("sheet.png", "sheet.svg")
    assert weights.startswith("read with the weights of experiment=reader, ")
    assert Path(pictures.parent, weights.rpartition(" ")[2]).samefile(READER)


def test_weights_alone_are_no_picture(run: Path) -> None:
    for weights in (run, run / WEIGHTS):
        done = predict(weights, cwd=run)
        assert done.returncode == 1
        said = f"predict.py: {weights}: expected pictures after the weights, found none\n"
        assert (done.stdout, done.stderr) == ("", said)


def test_the_sheet_goes_to_the_run_folder(run: Path, pictures: Path) -> None:
    done = predict(run / WEIGHTS, pictures / "3.png", cwd=pictures.parent)
    assert done.stdout.splitlines()[1:] == [str(run / "sheet.png"), str(run / "sheet.svg")]


def test_the_sheet_shows_the_first_pictures_beside_what_the_network_has_seen(run: Path) -> None:
    (prediction,) = Classifier.read(run).predict([DIGITS[3]])
    figure = sheet({Path("a$.png"): [prediction], Path(99 * "b"): [prediction]}, 7)
    left, right, *_ = (axes.images[0].get_array() for axes in figure.get_axes())
    np.testing.assert_array_equal(left, prediction.picture)
    np.testing.assert_array_equal(right, prediction.image)
    assert "the first 2 of 7 pictures" in figure.get_suptitle()
