"""Model files that take age, sex and site."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
import pytest
import torch

from tejido.context import SITES, sex_code, site_code
from tejido.data.patches import PatchGrid
from tejido.errors import AgreementError
from tejido.experiments.describe import _inputs
from tejido.export import agreement
from tejido.export.aggregate import Aggregate
from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph, with_metadata
from tejido.export.storage import store
from tejido.imaging.geometry import CentreSquare
from tejido.imaging.patches import Patches
from tejido.metrics.calibration import Calibration
from tejido.models.network import Network
from tejido.runtime import metadata
from tejido.runtime.classifier import Classifier
from tests.support.pictures import noise, smooth
from tests.support.small_network import small_network
from tests.support.tiny_model import METADATA

META = dataclasses.replace(METADATA, refusal=(), input_size=32, inputs=_inputs())
PICTURES = [noise(150, 200), smooth(60, 90)]


@pytest.fixture(scope="module")
def network() -> Network:
    return small_network(0.3, metadata=True)


@pytest.fixture(scope="module")
def module(network: Network) -> Deployed:
    return Deployed(CentreSquare(32), network, Calibration(0.7, (0.0, 0.3))).eval()


@pytest.fixture(scope="module")
def graph(module: Deployed) -> onnx.ModelProto:
    return export_graph(module)


def test_known_and_unknown_values_answer_as_pytorch(network: Network, module: Deployed, graph: onnx.ModelProto) -> None:
    file = with_metadata(graph, META)
    found = agreement.check(file, graph, module, PICTURES)
    assert found.pictures == 2 * len(PICTURES)
    classifier = Classifier(file)
    square = module.geometry(torch.from_numpy(PICTURES[0]).permute(2, 0, 1)).unsqueeze(0)
    answers = set()
    for age, sex, site in [(None, None, None), (55, None, None), (None, "female", "back"), (3, "male", SITES[-1].name)]:
        answer = classifier.predict(PICTURES[0], age=age, sex=sex, site=site).probabilities["bright"]
        row = [np.nan if age is None else age, sex_code(sex), site_code(site)]
        with torch.no_grad():
            logits = network(square, torch.tensor([row], dtype=torch.float32)).numpy()
        # the resize may be one level off, see agreement.Tolerance
        assert answer == pytest.approx(Calibration(0.7, (0.0, 0.3)).apply(logits)[0, 1], abs=1e-3)
        answers.add(round(answer, 4))
    assert len(answers) == 4
    # Nothing known is the same as a network that is told nothing.
    with torch.no_grad():
        logits = network(square).numpy()
    unknown = classifier.predict(PICTURES[0]).probabilities["bright"]
    assert unknown == pytest.approx(Calibration(0.7, (0.0, 0.3)).apply(logits)[0, 1], abs=1e-3)


def test_a_file_that_muddles_its_inputs_is_refused(module: Deployed, graph: onnx.ModelProto) -> None:
    swapped = onnx.ModelProto()
    swapped.CopyFrom(graph)
    for node in swapped.graph.node:
        for number, name in enumerate(node.input):
            node.input[number] = {"sex": "site", "site": "sex"}.get(name, name)
    with pytest.raises(AgreementError, match="probabilities differ by"):
        agreement.check(with_metadata(swapped, META), swapped, module, PICTURES)


def test_patches_and_metadata_together_with_float16_weights(network: Network) -> None:
    grid = PatchGrid(50, 40, 3, 2)
    module = Deployed(
        Patches(grid, CentreSquare(32)), network, Calibration(1.0, (0.0, 0.0)), aggregate=Aggregate("mean", positive=1)
    ).eval()
    graph = export_graph(module)
    store(graph, "float16")
    meta = dataclasses.replace(META, frame="whole", patches=metadata.Patches(50, 40, 3, 2, "mean", None))
    file = with_metadata(graph, meta)
    agreement.check(file, graph, module, PICTURES)
    classifier = Classifier(file)
    told, untold = classifier.predict(PICTURES[0], age=80, site="face"), classifier.predict(PICTURES[0])
    assert told.probabilities["bright"] != pytest.approx(untold.probabilities["bright"], abs=1e-4)
