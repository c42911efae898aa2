"""Make optimizers.json: ten steps of PyTorch's optimizers, in float64 (pip install torch==2.13.0).

python tests/gold/make_optimizers.py
"""

import json
from pathlib import Path

import torch

CASES = {
    "SGD": [
        (torch.optim.SGD, {"lr": 0.05, "momentum": 0.0, "nesterov": False}),
        (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": False}),
        (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ],
    "RMSprop": [(torch.optim.RMSprop, {"lr": 0.01, "decay": 0.9, "eps": 1e-6})],
    "Adam": [(torch.optim.Adam, {"lr": 0.01, "beta1": 0.8, "beta2": 0.95, "eps": 1e-8})],
    "AdamW": [
        (
            torch.optim.AdamW,
            {"lr": 0.01, "beta1": 0.8, "beta2": 0.95, "eps": 1e-8, "weight_decay": 0.1},
        )
    ],
}


MUON = {"lr": 0.02, "weight_decay": 0.1, "momentum": 0.9}  # and AdamW's, which are not in use here
ADAMW = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "adamw_lr": 0.001}


def muon_case(rows: int, columns: int) -> dict[str, object]:
    """Return ten steps of a matrix by PyTorch's Muon, without its rounding to bfloat16."""
    torch.Tensor.bfloat16 = lambda self: self.clone()  # type: ignore[method-assign,assignment]
    theta0 = torch.randn(rows, columns, dtype=torch.float64)
    gradients = torch.randn(10, rows, columns, dtype=torch.float64)
    theta = theta0.clone().requires_grad_()
    optimizer = torch.optim.Muon([theta], **MUON)
    steps = []
    for gradient in gradients:
        theta.grad = gradient.clone()
        optimizer.step()
        steps.append(theta.tolist())
    return {
        "optimizer": "Muon",
        "hyperparameters": MUON | ADAMW,
        "theta0": theta0.tolist(),
        "gradients": gradients.tolist(),
        "theta": steps,
    }


def torch_names(ours: dict[str, float]) -> dict[str, object]:
    """Return the same hyperparameters as PyTorch calls them."""
    theirs: dict[str, object] = dict(ours)
    if "beta1" in theirs:
        theirs["betas"] = (theirs.pop("beta1"), theirs.pop("beta2"))
    if "decay" in theirs:
        theirs["alpha"] = theirs.pop("decay")
    return theirs


def main() -> None:
    torch.manual_seed(0)
    theta0 = torch.randn(5, dtype=torch.float64)
    gradients = torch.randn(10, 5, dtype=torch.float64) * torch.logspace(-3, 1, 5)
    cases = []
    for name, settings in CASES.items():
        for optimizer_class, hyperparameters in settings:
            theta = theta0.clone().requires_grad_()
            optimizer = optimizer_class([theta], **torch_names(hyperparameters))
            steps = []
            for gradient in gradients:
                theta.grad = gradient.clone()
                optimizer.step()
                steps.append(theta.tolist())
            cases.append({"optimizer": name, "hyperparameters": hyperparameters, "theta": steps})
    cases += [muon_case(2, 5), muon_case(4, 3)]
    gold = {
        "torch": torch.__version__,
        "theta0": theta0.tolist(),
        "gradients": gradients.tolist(),
        "cases": cases,
    }
    Path(__file__).with_name("optimizers.json").write_text(json.dumps(gold, indent=1) + "\n")


if __name__ == "__main__":
    main()
