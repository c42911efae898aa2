"""Attribution: which pixels of an image a network's answer depends on."""

import numpy as np

from lenet.data.base import Split
from lenet.nn.input import Images, network_input, without_margin
from lenet.nn.layers import Array
from lenet.nn.model import LeNet5
from lenet.training.evaluation import chunks, logits_of

GREY = 128  # of 255


def saliency(network: LeNet5, images: Images) -> Array:
    """Return |d logit / d pixel| (N, H, W), the largest of a pixel's channels.

    Args:
        network: whose logit of the class that it takes an image for is meant.
        images: (N, H, W) or (N, C, H, W); a pixel is a number in [0, 1].

    The saliency map of Simonyan, Vedaldi and Zisserman (2013), section 3.

    """
    x = network_input(images, network.theta.dtype)
    dx = network.input_gradient(x, network.logits(x).argmax(axis=0))
    dx = without_margin(dx, *images.shape[-2:])
    return np.moveaxis(np.abs(dx).max(axis=0), -1, 0)


def occlusion(network: LeNet5, image: Images, side: int) -> Array:
    """Return the logits (classes, H, W) while a grey square hides a part of an image.

    Args:
        network: that is asked.
        image: (H, W) or (C, H, W).
        side: of the square in pixels, whose middle is at each pixel in turn.

    Occlusion sensitivity, after Zeiler and Fergus (2014), section 4.2.

    """
    H, W = image.shape[-2:]
    images: Images = image[None].repeat(H * W, axis=0)
    for hidden, (row, column) in zip(images, np.ndindex(H, W), strict=True):
        top, left = row - side // 2, column - side // 2
        hidden[..., max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = GREY
    unlabelled = Split(images, np.zeros(len(images), np.uint8))
    logits = [logits_of(network, chunk) for chunk in chunks(unlabelled)]
    return np.concatenate(logits, axis=1).reshape(-1, H, W)
