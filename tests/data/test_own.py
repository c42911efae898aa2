"""Data of a user's own: read in every form, and refused in a line where something is wrong."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lenet.config.compose import configure
from lenet.data import Csv, Data, Dataset, Folder, Npz, Split, Strokes
from lenet.data.own import classes_in
from lenet.errors import ConfigError, DataError
from lenet.training.loop import train
from lenet.training.state import TrainingState

DRAWN = Strokes(train_size=60, test_size=60, validation=0, seed=0).load(0)
REST: dict[str, Any] = {"train_size": None, "test_size": None, "validation": 0}
DIGITS = [str(digit) for digit in range(10)]


def folder(root: Path, *names: str, **changes: Any) -> Folder:
    keys = {"size": [28, 28], "channels": 1, "characters": True, "test_share": 0.25, **REST}
    return Folder(**keys | {"root": str(root), "class_names": list(names)} | changes)


def npz(root: Path, **changes: Any) -> Npz:
    keys = {"size": [28, 28], "channels": 1, "characters": True, "test_share": 0.25, **REST}
    return Npz(**keys | {"root": str(root), "class_names": DIGITS} | changes)


def table(root: Path, **changes: Any) -> Csv:
    keys = {"size": [28, 28], "channels": 1, "characters": True, "test_share": 0.25, **REST}
    return Csv(**keys | {"root": str(root), "class_names": DIGITS} | changes)


def write_pictures(split: Split, root: Path) -> None:
    """Dark on light, three times as large, in a folder for each digit."""
    for number, (image, label) in enumerate(zip(split.images, split.labels, strict=True)):
        path = root / str(label) / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - image).resize((84, 84)).save(path)


def write_table(split: Split, path: Path, *, head: bool = True, labels: bool = True) -> None:
    names = ["label", *(f"pixel{k}" for k in range(784))][0 if labels else 1 :]
    lines = [",".join(names)] if head else []
    for image, label in zip(split.images, split.labels, strict=True):
        lines.append(",".join(map(str, [*([label] if labels else []), *image.ravel()])))
    path.write_text("\n".join(lines) + "\n")


def refusal(dataset: Dataset) -> str:
    with pytest.raises((DataError, ConfigError)) as caught:
        dataset.load(0)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def assert_same(found: Split, expected: Split) -> None:
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_array_equal(found.labels, expected.labels)


def test_folders_of_pictures_are_classes(tmp_path: Path) -> None:
    """They are brought into the form of MNIST's digits, which drawn ones have already."""
    write_pictures(DRAWN.train, tmp_path)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "0" / "Thumbs.db").write_text("")
    assert classes_in(str(tmp_path)) == DIGITS
    data = folder(tmp_path, *DIGITS).load(0)
    assert (len(data.train), len(data.test)) == (45, 15)
    everything = np.concatenate([data.train.images, data.test.images]).astype(float)
    assert everything.shape == (60, 28, 28)
    order = np.argsort(DRAWN.train.labels, kind="stable")
    labels = np.concatenate([data.train.labels, data.test.labels])
    assert sorted(labels) == sorted(DRAWN.train.labels[order])
    for label in range(10):
        expected = DRAWN.train.images[DRAWN.train.labels == label].mean(axis=0)
        assert np.abs(everything[labels == label].mean(axis=0) - expected).mean() < 12


def test_pictures_to_test_may_be_apart(tmp_path: Path) -> None:
    write_pictures(DRAWN.train, tmp_path / "train")
    write_pictures(DRAWN.test, tmp_path / "test")
    assert classes_in(str(tmp_path)) == DIGITS
    data = folder(tmp_path, *DIGITS).load(0)
    assert (len(data.train), len(data.test)) == (60, 60)
    assert sorted(data.test.labels) == sorted(DRAWN.test.labels)


def test_what_is_tested_is_the_same_for_all_seeds_and_what_is_set_aside_is_not(
    tmp_path: Path,
) -> None:
    write_pictures(DRAWN.train, tmp_path)
    dataset = folder(tmp_path, *DIGITS, validation=10)
    first, second = dataset.load(0), dataset.load(1)
    assert_same(first.test, second.test)
    assert first.validation is not None
    assert second.validation is not None
    assert not np.array_equal(first.validation.images, second.validation.images)
    assert first.checksums == second.checksums


def test_the_checksum_follows_names_and_content(tmp_path: Path) -> None:
    write_pictures(DRAWN.train, tmp_path)
    before = folder(tmp_path, *DIGITS).load(0).checksums
    (first, *_) = sorted((tmp_path / "0").iterdir())
    first.rename(first.with_name("zzz.png"))
    assert folder(tmp_path, *DIGITS).load(0).checksums != before


def test_pictures_to_test_may_be_missing_or_of_more_classes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_pictures(DRAWN.train, tmp_path / "train")
    assert classes_in(str(tmp_path)) == DIGITS
    assert len(folder(tmp_path, *DIGITS).load(0).test) == 15
    write_pictures(DRAWN.test, tmp_path / "test")
    (tmp_path / "test" / "ten").mkdir()
    assert len(folder(tmp_path, *DIGITS).load(0).test) == 60
    assert f"{tmp_path}/test/ten is no class of dataset.class_names" in caplog.text


def test_train_beside_others_is_a_class(tmp_path: Path) -> None:
    for name in ("plane", "train"):
        write_pictures(DRAWN.train[:1], tmp_path / name)
    assert classes_in(str(tmp_path)) == ["plane", "train"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_names": ["a", "a"]}, "expected a name of its own for each class"),
        ({"size": [28, 33]}, r"dataset\.size = \[28, 33\]: expected sides of at most 32"),
    ],
)
def test_keys_that_no_images_could_have_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        npz(Path("images.npz"), **changes)


def test_colour_is_kept_where_there_are_three_channels(tmp_path: Path) -> None:
    for name, colour in (("blue", (0, 0, 255)), ("red", (255, 0, 0))):
        (tmp_path / name).mkdir()
        for number in range(4):
            Image.new("RGB", (40, 30), colour).save(tmp_path / name / f"{number}.jpg")
    dataset = folder(tmp_path, "blue", "red", channels=3, characters=False, size=[32, 32])
    data = dataset.load(0)
    assert data.train.images.shape[1:] == (3, 32, 32)
    means = data.train.images.mean(axis=(2, 3))
    assert (means.argmax(axis=1) == np.where(data.train.labels == 0, 2, 0)).all()


@pytest.mark.parametrize("fault", ["broken", "text", "empty", "blank", "one", "missing"])
def test_what_is_wrong_in_a_folder_is_said_in_a_line(tmp_path: Path, fault: str) -> None:
    write_pictures(DRAWN.train, tmp_path)
    names, one = DIGITS, sorted((tmp_path / "3").iterdir())[0]
    match fault:
        case "broken":
            one.write_bytes(one.read_bytes()[:80])
            expected = f"{one}: expected an intact picture"
        case "text":
            (tmp_path / "3" / "notes.txt").write_text("digits")
            expected = f"{tmp_path}/3/notes.txt: expected a picture, found a file of another kind"
        case "empty":
            (tmp_path / "ten").mkdir()
            names = [*DIGITS, "ten"]
            expected = f"{tmp_path}/ten: expected pictures of a class, found none"
        case "blank":
            Image.new("L", (50, 50), 255).save(one)
            expected = f"{one}: "
        case "one":
            for path in tmp_path.rglob("*.png"):
                if path != one:
                    path.unlink()
            names = ["3"]
            expected = f"{tmp_path}: expected images to train on beside 1 to test, found 1"
        case "missing":
            names = ["eleven"]
            expected = f"{tmp_path}/eleven: expected pictures of a class, found none"
    assert refusal(folder(tmp_path, *names)).startswith(expected)


def test_a_place_without_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a folder of pictures for each class"):
        classes_in(str(tmp_path))
    with pytest.raises(
        ConfigError, match=r"dataset\.class_names: dataset\.root=.*expected a folder"
    ):
        configure("dataset=folder", f"dataset.root={tmp_path / 'nowhere'}")
    with pytest.raises(ConfigError, match=r"dataset\.root"):
        configure("dataset=folder")


def arrays(data: Data) -> dict[str, Any]:
    return {
        "x_train": data.train.images,
        "y_train": data.train.labels,
        "x_test": data.test.images,
        "y_test": data.test.labels,
    }


@pytest.mark.parametrize("form", ["as it is", "flat", "with a channel", "columns of labels"])
def test_npz_files_as_keras_has_them(tmp_path: Path, form: str) -> None:
    content = arrays(DRAWN)
    for name in ("x_train", "x_test"):
        match form:
            case "flat":
                content[name] = content[name].reshape(-1, 784)
            case "with a channel":
                content[name] = content[name][..., None]
    if form == "columns of labels":
        content |= {name: content[name][:, None].astype(np.int64) for name in ("y_train", "y_test")}
    np.savez_compressed(tmp_path / "mnist.npz", **content)
    data = npz(tmp_path / "mnist.npz").load(0)
    assert_same(data.train, DRAWN.train)
    assert_same(data.test, DRAWN.test)
    assert list(data.checksums) == ["mnist.npz"]


def test_an_npz_file_without_images_to_test_is_divided(tmp_path: Path) -> None:
    content = arrays(DRAWN)
    np.savez(tmp_path / "a.npz", x_train=content["x_train"], y_train=content["y_train"])
    data = npz(tmp_path / "a.npz").load(0)
    assert (len(data.train), len(data.test)) == (45, 15)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"x_train": DRAWN.train.images / 255}, "expected uint8 images"),
        ({"y_train": DRAWN.train.labels + 5}, "expected 60 integers from 0 to 9"),
        ({"y_train": DRAWN.train.labels[1:]}, "expected 60 integers"),
        ({"x_train": DRAWN.train.images[:, :20]}, "expected uint8 images (N, 28, 28)"),
        ({"y_test": None}, "expected arrays x_train and y_train"),
        ({"y_train": np.array(3)}, "expected 60 integers"),
    ],
)
def test_what_is_wrong_in_an_npz_file_is_said_in_a_line(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    content = {name: a for name, a in (arrays(DRAWN) | changes).items() if a is not None}
    np.savez(tmp_path / "a.npz", **content)
    assert expected in refusal(npz(tmp_path / "a.npz"))


@pytest.mark.parametrize("head", [True, False])
def test_tables_as_kaggle_has_them(tmp_path: Path, head: bool) -> None:
    write_table(DRAWN.train, tmp_path / "mnist_train.csv", head=head)
    write_table(DRAWN.test, tmp_path / "mnist_test.csv", head=head)
    data = table(tmp_path).load(0)
    assert_same(data.train, DRAWN.train)
    assert_same(data.test, DRAWN.test)
    alone = table(tmp_path / "mnist_train.csv").load(0)
    assert (len(alone.train), len(alone.test)) == (45, 15)


@pytest.mark.parametrize("quoted", [False, True])
def test_a_first_line_of_numbers_is_an_image_however_it_is_written(
    tmp_path: Path, quoted: bool
) -> None:
    """As spreadsheets write it: with a byte order mark, and perhaps between quotes."""
    path = tmp_path / "train.csv"
    write_table(DRAWN.train, path, head=False)
    text = path.read_text()
    path.write_text(re.sub(r"(\d+)", r'"\1"', text) if quoted else text, encoding="utf-8-sig")
    data = table(path).load(0)
    assert len(data.train) + len(data.test) == len(DRAWN.train)


def test_the_channels_of_a_flat_image_in_colour_are_not_guessed(tmp_path: Path) -> None:
    colours = {"x_train": np.zeros((9, 48), np.uint8), "y_train": np.arange(9, dtype=np.uint8)}
    np.savez(tmp_path / "a.npz", **colours)
    of_colour = npz(tmp_path / "a.npz", size=[4, 4], channels=3, characters=False)
    assert "expected uint8 images (N, 3, 4, 4)" in refusal(of_colour)


def test_images_that_are_all_to_be_tested_are_too_few(tmp_path: Path) -> None:
    content = arrays(DRAWN)
    few = {name: content[name][:3] for name in ("x_train", "y_train")}
    np.savez(tmp_path / "a.npz", **few)
    message = refusal(npz(tmp_path / "a.npz", test_share=0.9))
    assert "expected images to train on beside 3 to test, found 3 in all" in message


def test_a_table_without_labels_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_table(DRAWN.train, tmp_path / "train.csv")
    write_table(DRAWN.test, tmp_path / "test.csv", labels=False)
    data = table(tmp_path).load(0)
    assert (len(data.train), len(data.test)) == (45, 15)
    assert "has no labels, and is left out" in caplog.text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "expected a table of whole numbers"),
        ("label,pixel0\n", "expected rows, found none"),
        ("label,pixel0\n1,2\n", "expected a label and 784 pixels in each line, found 2 numbers"),
        ("label,pixel0\n1,x\n", "expected a table of whole numbers"),
        ("label,pixel0\n1,\n", "expected a table of whole numbers"),
        ("1," + ",".join(["256"] * 784), "expected pixels from 0 to 255"),
        ("11," + ",".join(["1"] * 784), "expected 1 integers from 0 to 9"),
    ],
)
def test_what_is_wrong_in_a_table_is_said_in_a_line(
    tmp_path: Path, content: str, expected: str
) -> None:
    (tmp_path / "a.csv").write_text(content)
    assert expected in refusal(table(tmp_path / "a.csv"))


def test_files_that_are_not_there_are_refused(tmp_path: Path) -> None:
    for dataset in (npz(tmp_path / "a.npz"), table(tmp_path / "a.csv")):
        assert "expected a file at" in refusal(dataset)
    assert "expected one file *train.csv, found none" in refusal(table(tmp_path))


def test_characters_have_the_form_of_mnists() -> None:
    with pytest.raises(ValueError, match="characters=true needs channels=1"):
        folder(Path("a"), channels=3)


def test_a_run_knows_its_classes_where_the_pictures_are_gone(tmp_path: Path) -> None:
    """They are in its configuration, and pictures of any size can be read."""
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(4):
            Image.new("L", (40, 30), 40 * number).save(tmp_path / name / f"{number}.png")
    recipe = configure(
        "dataset=folder", f"dataset.root={tmp_path}", "dataset.characters=false", "epochs=1"
    )
    assert recipe.dataset.class_names == ["cat", "dog"]
    assert recipe.architecture.classes == 2
    state = TrainingState.initial(recipe)
    for _ in train(recipe, recipe.load(), state):
        pass
    assert state.metrics[-1].test_accuracy >= 0
