"""A user's own pictures, brought into the form of MNIST's digits."""
