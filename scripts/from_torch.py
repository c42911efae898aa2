"""The command ``lenet-runs from-torch``, as a script."""

from lenet.commands.runs import script

if __name__ == "__main__":
    script("from-torch")
