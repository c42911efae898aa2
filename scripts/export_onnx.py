"""The command ``lenet-runs export onnx``, as a script."""

from lenet.commands.runs import script

if __name__ == "__main__":
    script("export onnx")
