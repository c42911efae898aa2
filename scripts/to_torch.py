"""The command ``lenet-runs export torch``, as a script."""

from lenet.commands.runs import script

if __name__ == "__main__":
    script("export torch")
