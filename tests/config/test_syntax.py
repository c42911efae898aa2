"""Overrides that cannot be read: the user is told what to mend, in one line that fits."""

import shlex

import pytest
from hydra.errors import OverrideParseException
from hypothesis import given
from hypothesis import strategies as st

from lenet.config.overrides import parse
from lenet.config.syntax import misread

SLIPS = {
    "seed=rang(3)": "there is no function rang(); did you mean 'range'?",
    "seed=nothing(3)": "there is no function nothing(); there are bool, choice, float, glob, int",
    "clip_norm=choice(null,1.0)": "expected choice(a, b, ...), or a,b,... where null is among them",
    "seed=range(a,b)": "expected range(stop) or range(start, stop, step) of numbers",
    "seed=range(begin=3)": "expected range(stop)",
    "optimizer.lr=interval(1)": "expected interval(lowest, highest) of two numbers",
    "optimizer=glob()": "expected glob(pattern), such as glob(*)",
    "seed=int(x)": "int(x): invalid literal for int()",
    "seed=range(3": "a ) is missing",
    "optimizer.lr=interval(1,2": "a ) is missing",
    "seed=[1,2": "a ] is missing",
    "seed=1)": "there is a ) too many",
    "seed=(1]": "there is a ] too many",
    "dataset.root='(a": "a quote ' is not closed",
    "dataset.root=it's": "a quote ' is not closed",
    "seed=1,": "a value is missing before or after a comma",
    "seed=range(1,,2)": "a value is missing before or after a comma",
    "dataset.root=a=b": """needs quotes: 'dataset.root="a=b"'""",
    "dataset.root=a (copy)": """needs quotes: 'dataset.root="a (copy)"'""",
    "dataset.root='a'b": "needs quotes",
    "epochs": "expected key=value, without spaces",
    "": "expected key=value",
    "epochs==3": "expected key=value",
    "learning rate=3": "expected key=value, without spaces",
    "1st=3": "expected key=value",
}


def what_is_said(text: str) -> str:
    with pytest.raises(OverrideParseException) as caught:
        parse([text])
    return misread(caught.value)


@pytest.mark.parametrize("text", SLIPS)
def test_what_is_said_fits_the_slip(text: str) -> None:
    said = what_is_said(text)
    assert said.startswith(f"{text!r}: ")
    assert SLIPS[text] in said
    assert ("quotes" in said) == ("quotes" in SLIPS[text])


SIGNS = st.sampled_from(
    ["a", "1", "é", " ", "=", ",", "'", '"', "\\", "(", ")", "[", "{", "$", "#"]
)


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.lists(SIGNS).map("".join))
def test_whatever_cannot_be_read_is_answered_by_one_line_whose_advice_can_be_followed(
    value: str,
) -> None:
    try:
        parse([f"dataset.root={value}"])
    except OverrideParseException as error:
        said = misread(error)
        assert len(said.splitlines()) == 1
        _, needed, advice = said.rpartition("needs quotes: ")
        if needed and "a=b" not in advice:
            (override,) = parse(shlex.split(advice))
            assert override.value() == value
