"""The command ``lenet-runs plot features``, as a script."""

from lenet.commands.runs import script

if __name__ == "__main__":
    script("plot features")
