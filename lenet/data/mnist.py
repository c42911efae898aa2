"""MNIST and its kin: four IDX files each, compressed as they are published, or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lenet.data.base import Split
from lenet.data.folders import names_in
from lenet.data.idx import read_images, read_labels
from lenet.data.published import NOT_READ, PublishedDataset, checksums_of
from lenet.errors import DataError

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
UNPACKED = tuple(file.removesuffix(".gz") for file in FILES)


@dataclass(frozen=True)
class IdxDataset(PublishedDataset):
    """A dataset of four IDX files; a subclass says which."""

    size = (28, 28)
    files: ClassVar[tuple[str, str, str, str]] = FILES
    sha256: ClassVar[tuple[str, ...]]  # of FILES, and then of UNPACKED where it is known
    lengths: ClassVar[tuple[int, ...]]  # of FILES, in bytes

    @property
    def _published(self) -> Mapping[str, str]:
        """The SHA-256 of the files by their names."""
        return dict(zip(FILES + UNPACKED, self.sha256, strict=False))

    @property
    def _lengths(self) -> Mapping[str, int]:
        """The length of the files that are published, by their names."""
        return dict(zip(FILES, self.lengths, strict=True))

    def _files(self, folder: Path) -> Sequence[str]:
        """Return the names of the four files, each in a form that there is, or as published."""
        there = self._forms_in(folder)
        return [in_its_form(there, file) for file in self.files]

    def _forms_in(self, folder: Path) -> list[str]:
        """Return the files in a folder that may be one of the four.

        Some programs unpack a file into a folder of its name; that is looked into.
        """
        known = {original(file) for file in self.files}
        forms = [name for name in names_in(folder) if original(name) in known]
        forms += [f"{name}/{inner}" for name in forms for inner in names_in(folder / name)]
        return [form for form in forms if (folder / form).is_file()]

    def _published_as(self, file: str) -> str:
        """Return the name that a file was published by, packed or unpacked as it is."""
        return original(file) + (".gz" if file.lower().endswith(".gz") else "")

    def _is_ours(self, folder: Path) -> bool:
        """Return whether files have the checksums: MNIST and its kin have the same names."""
        checksums = checksums_of(folder, self._files(folder))
        published = self._published
        return all(
            published.get(self._published_as(file)) == sha256 for file, sha256 in checksums.items()
        )

    def _read(self, paths: Sequence[Path]) -> tuple[Split, Split]:
        """Return the training and the test images."""
        train, test = (self._read_pair(*pair) for pair in (paths[:2], paths[2:]))
        return train, test

    def _read_pair(self, images_path: Path, labels_path: Path) -> Split:
        """Return the images and labels of two files; DataError if they do not go together."""
        images, labels = read_images(images_path), read_labels(labels_path)
        if len(images) != len(labels):
            raise DataError(
                f"{images_path} holds {len(images)} images, "
                f"but {labels_path} holds {len(labels)} labels"
            )
        if images.shape[1:] != self.size:
            expected, found = ("{} x {}".format(*size) for size in (self.size, images.shape[1:]))
            raise DataError(f"{images_path}: expected images of {expected} pixels, found {found}")
        self._check_labels(labels_path, labels)
        return Split(images, labels - self.first_label)


def original(form: str) -> str:
    """Return the name of what was published, unpacked, from which a program may have made a form.

    Such as train-images-idx3-ubyte for train-images.idx3-ubyte, with or without .gz.
    """
    return form.rpartition("/")[2].lower().removesuffix(".gz").replace(".idx", "-idx")


def in_its_form(there: Sequence[str], file: str) -> str:
    """Return the form of a .gz file that is there: best as published, then unpacked, then other."""
    forms = [form for form in there if original(form) == original(file)]
    return min(forms, key=lambda form: (form != file, form != original(file)), default=file)


@dataclass(frozen=True)
class MNIST(IdxDataset):
    """Handwritten digits: 60,000 to train on and 10,000 to test (LeCun, Cortes and Burges)."""

    name = "mnist"
    other_names = ("MNIST",)
    other_forms = dict.fromkeys(("mnist.npz", "mnist.pkl.gz", "mnist_train.csv"), NOT_READ)
    shows_characters = True
    class_names = tuple("0123456789")
    mirrors = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    )
    sha256 = (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    )
    lengths = (9_912_422, 28_881, 1_648_877, 4_542)


@dataclass(frozen=True)
class FashionMNIST(IdxDataset):
    """Ten kinds of clothing in the format of MNIST (Xiao, Rasul and Vollgraf 2017)."""

    name = "fashion-mnist"
    other_names = ("fashion_mnist", "FashionMNIST")
    other_forms = dict.fromkeys(("fashion-mnist_train.csv",), NOT_READ)
    class_names = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
    mirrors = (
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
    )
    sha256 = (
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    )
    lengths = (26_421_880, 29_515, 4_422_102, 5_148)


@dataclass(frozen=True)
class KMNIST(IdxDataset):
    """Ten cursive Japanese characters (Kuzushiji) in the format of MNIST (Clanuwat et al. 2018)."""

    name = "kmnist"
    other_names = ("KMNIST",)
    other_forms = dict.fromkeys(("kmnist-train-imgs.npz",), NOT_READ)
    class_names = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
    mirrors = ("https://codh.rois.ac.jp/kmnist/dataset/kmnist/",)
    sha256 = (
        "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
        "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
        "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
        "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
    )
    lengths = (18_165_135, 29_497, 3_041_136, 5_120)
