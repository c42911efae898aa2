"""Checks of datasets, images and labels, where they come in.

A network takes any numbers, and learns nothing from wrong ones. So whatever a user's own dataset
gives is held against what the network was made for, and a message says how to make it so.
"""

from math import prod
from typing import Any, NoReturn

import numpy as np

from lenet.data.base import Data, Dataset, Split
from lenet.errors import DataError
from lenet.nn.input import INPUT_SIDE, fits
from lenet.nn.losses import NONE


def check_dataset(dataset: Dataset) -> None:
    """Raise ValueError unless a dataset says all that a network for it has to know."""
    names: Any = getattr(dataset, "class_names", None)
    size: Any = getattr(dataset, "size", None)
    channels = dataset.channels
    if not (isinstance(names, tuple | list) and names and all(isinstance(n, str) for n in names)):
        _refuse_attribute(dataset, "class_names", "a tuple of a name for each class", names)
    if not _are_integers(size, 2) or not fits(size):
        expected = f"height and width of the images in pixels, at most {INPUT_SIDE}"
        _refuse_attribute(dataset, "size", expected, size)
    if not _are_integers((channels,), 1) or channels < 1:
        _refuse_attribute(dataset, "channels", "how many there are, 1 for grey images", channels)


def check_data(data: Data, dataset: Dataset) -> None:
    """Raise DataError unless data is what a dataset says that it gives."""
    if not isinstance(data, Data):
        _refuse("the data", "lenet.data.Data(train, test, class_names)", type(data).__name__)
    classes = len(dataset.class_names)
    if len(data.class_names) != classes:
        _refuse("the data", f"{classes} class_names", str(len(data.class_names)))
    height, width = dataset.size
    splits = {"train": data.train, "test": data.test, "validation": data.validation}
    for name, split in splits.items():
        if name != "validation" or split is not None:
            lowest = NONE if name == "train" and dataset.has_none else 0
            check_split(split, dataset.channels, classes, (height, width), name, lowest)
    if data.train.images.max() == 1:
        _refuse("train.images", "pixels up to 255", "none above 1", "multiply by 255")


def check_split(
    split: Any,
    channels: int,
    classes: int,
    size: tuple[int, int] | None = None,
    name: str = "the split",
    lowest: int = 0,
) -> None:
    """Raise DataError unless there are images of so many channels, with a label for each.

    ``size`` is that of the images, None for any that a network takes; ``name`` is for the message;
    ``lowest`` is NONE if an image may be of none of the classes.
    """
    if not isinstance(split, Split):
        _refuse(name, "lenet.data.Split(images, labels)", type(split).__name__)
    _check_images(f"{name}.images", split.images, channels, size)
    _check_labels(f"{name}.labels", split.labels, len(split.images), classes, lowest)


def _check_images(name: str, images: Any, channels: int, size: tuple[int, int] | None) -> None:
    """Raise DataError unless pixels are bytes, in the order that a network reads them in."""
    sides = size or ("H", "W")
    form = ", ".join(map(str, ("N", *sides) if channels == 1 else ("N", channels, *sides)))
    expected = f"uint8 images ({form})"
    if not isinstance(images, np.ndarray):
        _refuse(name, expected, type(images).__name__, "np.asarray makes an array of much")
    if images.dtype != np.uint8:
        _refuse(name, expected, _described(images), _how_to_bytes(images))
    H, W = images.shape[-2:] if images.ndim in (3, 4) else (0, 0)
    fitting = fits((H, W)) and size in (None, (H, W))
    between = images.shape[1:-2]
    if not fitting or not (between == (channels,) or (between == () and channels == 1)):
        _refuse(name, expected, _described(images), _how_to_order(images.shape, channels, size))
    if images.size == 0:
        _refuse(name, "at least one image", "none")


def _how_to_bytes(images: np.ndarray[Any, Any]) -> str:
    """Return what makes bytes from 0 to 255 of pixels."""
    if images.dtype.kind not in "biuf" or images.size == 0:
        return ""
    low, high = images.min(), images.max()
    if low >= 0 and high <= 1:
        return "multiply by 255, as in (255 * images).round().astype(np.uint8)"
    if low >= 0 and high <= 255:
        return "images.round().astype(np.uint8) makes them so"
    return "bring them to 0 to 255 first"


def _how_to_order(shape: tuple[int, ...], channels: int, size: tuple[int, int] | None) -> str:
    """Return what puts images into the right order, where the shape tells how they are ordered."""
    if size is None:
        return ""
    form = size if channels == 1 else (channels, *size)
    if shape[1:] == (*size, channels):
        return "the channels come first: np.moveaxis(images, -1, 1) puts them there"
    if shape[:-1] == form:
        return "the images come first: np.moveaxis(images, -1, 0) puts them there"
    if shape == form:
        return "images[None] makes one image a split of one"
    if shape[1:] == (prod(form),):
        return f"images.reshape(-1, {', '.join(map(str, form))}) makes them so"
    return ""


def _check_labels(name: str, labels: Any, count: int, classes: int, lowest: int) -> None:
    """Raise DataError unless there is the number of a class for each image."""
    expected = f"{count} integers from 0 to {classes - 1}, one for each image"
    if not isinstance(labels, np.ndarray):
        _refuse(name, expected, type(labels).__name__, "np.asarray makes an array of a list")
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        _refuse(name, expected, _described(labels), _how_to_integers(labels, count, classes))
    low, high = labels.min(), labels.max()
    if low < lowest or high >= classes:
        remedy = "subtract 1" if (low, high) == (1, classes) else ""
        _refuse(name, expected, f"{low} to {high}", remedy)


def _how_to_integers(labels: np.ndarray[Any, Any], count: int, classes: int) -> str:
    """Return what makes labels of something else, where its shape tells what that is."""
    if labels.shape == (count, classes):
        return "labels.argmax(axis=1) makes them of one-hot rows"
    if labels.shape == (count, 1):
        return "labels[:, 0] makes them so"
    if labels.shape == (count,) and labels.dtype.kind == "f":
        return "labels.astype(np.uint8) makes them so"
    return ""


def _described(array: np.ndarray[Any, Any]) -> str:
    """Return the type and the shape of an array, and from where to where its numbers go."""
    values = ""
    if array.dtype.kind in "iuf" and array.size:
        values = f" in [{array.min():.3g}, {array.max():.3g}]"
    return f"{array.dtype} {array.shape}{values}"


def _are_integers(values: Any, count: int) -> bool:
    """Return whether there are so many whole numbers."""
    return (
        isinstance(values, tuple | list)
        and len(values) == count
        and all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    )


def _refuse_attribute(dataset: Dataset, name: str, expected: str, found: Any) -> NoReturn:
    there = "none" if found is None else repr(found)
    raise ValueError(
        f"dataset = {type(dataset).__name__}: expected an attribute {name} of the class, "
        f"{expected}; found {there}"
    )


def _refuse(name: str, expected: str, found: str, remedy: str = "") -> NoReturn:
    raise DataError(f"{name}: expected {expected}, found {found}{remedy and f': {remedy}'}")
