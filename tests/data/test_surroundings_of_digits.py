"""What is around a digit is taken away to the pixel, and nothing of the digit with it."""

import numpy as np
import pytest
from scipy import ndimage

from lenet.data.pictures.crossing import with_what_crosses
from lenet.data.pictures.lines import without_lines

SIDE = 100
WHITE, GREY, BLACK = 1.0, 0.6, 0.0


@pytest.fixture
def page() -> np.ndarray:
    page = np.zeros((SIDE, SIDE), bool)
    page[22:72, 22:72] = True
    return page


@pytest.fixture
def line(page: np.ndarray) -> np.ndarray:
    """Two pixels wide, around the page."""
    return ndimage.binary_dilation(page, np.ones((3, 3)), iterations=2) & ~page


def stroke_down_to(row: int) -> np.ndarray:
    stroke = np.zeros((SIDE, SIDE), bool)
    stroke[40:row, 45:51] = True
    return stroke


def test_a_stroke_goes_on_beyond_the_line_around_its_page(
    page: np.ndarray, line: np.ndarray
) -> None:
    stroke = stroke_down_to(85)
    found = with_what_crosses(page, line | stroke)
    assert found[stroke | page].all()
    assert not found[line & ~ndimage.binary_dilation(stroke, np.ones((3, 3)), iterations=6)].any()


def test_what_is_beyond_the_line_and_meets_no_stroke_is_left_out(
    page: np.ndarray, line: np.ndarray
) -> None:
    stroke, word, other_box = stroke_down_to(60), np.zeros_like(page), np.zeros_like(page)
    word[78:84, 40:60] = True
    other_box[74:, :] = True
    for beyond in (word, other_box):
        found = with_what_crosses(page, line | stroke | beyond)
        assert (found == page).all()


def test_paper_beyond_the_line_is_added_where_a_stroke_touches_it(
    page: np.ndarray, line: np.ndarray
) -> None:
    found = with_what_crosses(page, line | stroke_down_to(72))
    assert not found[line].any()
    assert found[75, 48]


@pytest.mark.parametrize("pitch", [8, 12, 16, 24, 25])
def test_squared_paper_is_white_whatever_its_pitch(pitch: int) -> None:
    """Also where its lines would be met by every sample of the ground."""
    picture = np.full((240, 240), WHITE, np.float32)
    picture[::pitch] = picture[:, ::pitch] = GREY
    picture[80:160, 100:120] = BLACK
    cleared = without_lines(picture)
    assert cleared[84:156, 104:116].mean() < 0.1
    beside = np.r_[20:90, 130:220]
    assert cleared[:, beside].min() > 0.9


@pytest.mark.parametrize("across", [True, False])
def test_of_ruled_lines_one_may_run_through_a_digit_for_most_of_its_way(across: bool) -> None:
    picture = np.full((200, 200), WHITE, np.float32)
    picture[20::40] = picture[21::40] = GREY
    picture[92:106, 30:150] = BLACK
    cleared = without_lines(picture if across else picture.T)
    cleared = cleared if across else cleared.T
    assert cleared[94:104, 32:148].max() < 0.1
    assert cleared[:, 160:].min() > 0.9


def test_a_line_above_goes_and_a_bar_that_is_the_digits_own_stays() -> None:
    """A 5 whose bar is apart reaches no farther than the rest, on one side at least."""
    for left, is_line in ((20, True), (62, False)):
        picture = np.full((200, 200), WHITE, np.float32)
        picture[40:46, left:180] = BLACK
        picture[60:160, 60:140] = BLACK
        cleared = without_lines(picture)
        assert (cleared[40:46, left + 4 : 176].min() > 0.9) == is_line
