"""LeNet-5 written from scratch in NumPy, trained from Hydra configs."""

__version__ = "0.2.0"
