from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tejido.report import plots


def history() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    names = ["loss", "auc", "accuracy", "balanced_accuracy"]
    columns = {f"{part}_{name}": rng.random(6) for part in ("train", "val") for name in names}
    return pd.DataFrame({"epoch": range(6), **columns})


@pytest.mark.parametrize(
    ("monitor", "kept", "third"),
    [
        ("val_auc", "argmax", "accuracy"),
        ("val_loss", "argmin", "accuracy"),
        ("val_balanced_accuracy", "argmax", "balanced_accuracy"),
    ],
)
def test_learning_curves_show_training_validation_and_the_epoch_that_was_kept(
    monitor: str, kept: str, third: str
) -> None:
    table = history()
    figure = plots.learning_curves(table, 2, monitor)
    best = getattr(table[monitor], kept)()
    for axis, name in zip(figure.axes, ("loss", "auc", third), strict=True):
        training, validation, dot, stage = axis.lines
        assert np.array_equal(training.get_ydata(), table[f"train_{name}"])
        assert np.array_equal(validation.get_ydata(), table[f"val_{name}"])
        assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (best, table[f"val_{name}"][best])
        assert stage.get_xdata()[0] == 1.5


def test_attention_has_a_line_a_block() -> None:
    table = pd.DataFrame({"epoch": [0, 1, 2], "blocks.1": [0.0, 0.1, 0.2], "blocks.2": [0.0, -0.1, -0.3]})
    axis = plots.attention(table, 0).axes[0]
    lines = {line.get_label(): line.get_ydata() for line in axis.lines}
    assert np.array_equal(lines["blocks.1"], table["blocks.1"])
    assert np.array_equal(lines["blocks.2"], table["blocks.2"])
