"""LeNet-5 written from scratch in NumPy, trained from Hydra configs."""
