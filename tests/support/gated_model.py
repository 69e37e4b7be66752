"""A model file that refuses by a gate and by novelty, with random weights and limits between its own answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
import torch

from tejido.export.deployed import Deployed
from tejido.export.gating import OUTPUT, Insides, with_gate
from tejido.export.graph import export_graph, with_metadata
from tejido.imaging.geometry import CentreSquare
from tejido.metrics.calibration import Calibration
from tejido.models.gate import NAMES, Fitted, Gate
from tejido.runtime.classifier import Classifier
from tejido.runtime.metadata import RefusalRule
from tests.support.small_network import small_network
from tests.support.tiny_model import METADATA

SIDE, FEATURES = 64, 32


def random_gate(features: int) -> Gate:
    """A gate of random numbers, always the same."""
    generator = torch.Generator().manual_seed(0)
    length = 136 + features

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    directions = torch.linalg.qr(draw(length, 5)).Q.T.half().float().contiguous()  # as the file keeps them
    hidden, weight = (0.1 * draw(7, length)).half().float(), draw(4, 7).half().float()
    layers = hidden, draw(7), weight, draw(4)
    scale, spread = draw(length), draw(length).abs() + 0.5
    fitted = Fitted(1, scale, spread, *layers, draw(length), directions, draw(5).abs() + 0.5, limits=(40.0, 700.0))
    return Gate(fitted).eval()


def gated_model(pictures: Iterable[bytes]) -> bytes:
    """Two labels and one class for what has none; each of two rules refuses some of these pictures."""
    network = small_network(0.3, classes=3)
    graph = export_graph(Deployed(CentreSquare(SIDE), network, Calibration(0.7, (0.0, 0.3)), labels=2))
    gate = random_gate(len(Insides(graph.SerializeToString())(np.zeros((SIDE, SIDE, 3), np.uint8))[1]))
    gated = with_gate(graph, gate, (1, 3, SIDE, SIDE), FEATURES)
    metadata = dataclasses.replace(METADATA, name="gated", refusal=(), input_size=SIDE, gate=NAMES)
    model = Classifier(with_metadata(gated, metadata))
    answers = [model.predict(one) for one in pictures]
    strange = _between([answer.gate["strange"] for answer in answers])
    unlabelled = _between([float(answer.novelty or 0) for answer in answers])
    rules = (
        RefusalRule("novelty", OUTPUT, NAMES.index("strange"), strange),
        RefusalRule("unlabelled", "novelty", 0, unlabelled),
    )
    return with_metadata(gated, dataclasses.replace(metadata, refusal=rules))


def _between(values: list[float]) -> float:
    """The middle of the widest gap among the upper middle of the values, so that rounding decides nothing."""
    ordered = np.sort(values)
    part = ordered[len(ordered) // 2 : 4 * len(ordered) // 5 + 1]
    place = int(np.argmax(np.diff(part)))
    return float((part[place] + part[place + 1]) / 2)
