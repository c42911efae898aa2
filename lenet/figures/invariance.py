"""The figure of invariance: errors by how far images are distorted, a panel for each way."""

from collections.abc import Mapping, Sequence

import numpy as np

from lenet.figures.drawing import Figure
from lenet.figures.legends import figure_with_legend, setting_looks
from lenet.figures.style import entitle
from lenet.inspection.invariance import Distortion
from lenet.nn.layers import Array

HEIGHT = 3.2  # inches of a row of panels
ABREAST = 2


def draw(
    distortions: Sequence[Distortion], errors: Mapping[str, Sequence[Array]], images: int
) -> Figure:
    """Return a line for each setting in each panel, its mean over seeds, in %.

    Args:
        distortions: a panel for each.
        errors: fractions (seeds, amounts) for each distortion, by the label of the setting.
        images: on how many they were measured.

    """
    figure = figure_with_legend(errors)
    rows = len(distortions) // ABREAST
    figure.set_figheight(figure.get_figheight() + HEIGHT * (rows - 1))
    panels = list(figure.subplots(rows, ABREAST, sharey=True).flat)
    for place, (axes, distortion) in enumerate(zip(panels, distortions, strict=True)):
        for limit in distortion.limits:
            axes.axvline(limit, color="0.7", linestyle="--", zorder=1)
        for of_setting, look in zip(errors.values(), setting_looks(), strict=False):
            axes.plot(distortion.amounts, 100 * np.mean(of_setting[place], axis=0), **look)
        axes.set(xlabel=distortion.what, ylabel="Error (%)" if place % ABREAST == 0 else "")
    panels[0].set_ylim(0, None)  # of all of them
    entitle(
        figure,
        f"Errors on {images:,} distorted test images",
        "dashed: about how far LeCun et al. (1998) found digits to be recognized",
    )
    return figure
