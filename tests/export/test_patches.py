from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from PIL import Image

from tejido.data.geometry import Steps
from tejido.data.patches import PatchGrid
from tejido.errors import AgreementError
from tejido.export import agreement
from tejido.export.aggregate import Aggregate
from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph, with_metadata
from tejido.imaging.geometry import CentreSquare
from tejido.imaging.patches import Patches
from tejido.metrics.aggregate import RULES, aggregate
from tejido.metrics.calibration import Calibration
from tejido.runtime import metadata
from tejido.runtime.classifier import Classifier
from tests.support.pictures import noise, smooth
from tests.support.small_network import small_network
from tests.support.tiny_model import METADATA

GRID = PatchGrid(50, 40, 4, 3)
META = dataclasses.replace(
    METADATA, refusal=(), input_size=32, frame="whole", patches=metadata.Patches(50, 40, 4, 3, "vote", None)
)


@pytest.fixture(scope="module")
def module() -> Deployed:
    rule = Aggregate("vote", positive=1)
    return Deployed(
        Patches(GRID, CentreSquare(32)), small_network(2.0), Calibration(0.7, (0.0, 0.3)), aggregate=rule
    ).eval()


@pytest.fixture(scope="module")
def graph(module: Deployed) -> onnx.ModelProto:
    return export_graph(module)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [noise(150, 200), smooth(40, 50), *agreement.odd_sizes(smooth(160, 200), (50, 40))]


def test_one_picture_in_one_answer_out(module: Deployed, graph: onnx.ModelProto, pictures: list[np.ndarray]) -> None:
    found = agreement.check(with_metadata(graph, META), graph, module, pictures)
    assert found.pictures == len(pictures)
    classifier = Classifier(with_metadata(graph, META))
    shares = set()
    for pixels in pictures:
        outputs = classifier.run(pixels)
        assert outputs["heatmap"].shape == (2, 3, 4)
        votes = (outputs["heatmap"][1] >= 0.5).sum()
        assert outputs["probabilities"][1] == pytest.approx(votes / 12, abs=1e-6)
        shares.add(int(votes))
        # The tables' patches, one by one through the plain network.
        squares = torch.from_numpy(Steps("centre_square", 32, GRID)(Image.fromarray(pixels))).permute(0, 3, 1, 2)
        with torch.no_grad():
            logits = module.network(squares).numpy()
        expected = Calibration(0.7, (0.0, 0.3)).apply(logits)[:, 1].reshape(3, 4)
        # resizing may differ by one level, see agreement.Tolerance
        np.testing.assert_allclose(outputs["heatmap"][1], expected, atol=5e-3)
        with torch.no_grad():
            quality = module.quality(squares).mean(0).numpy()
        np.testing.assert_allclose(outputs["quality"], quality, atol=5e-3)
    assert len(shares) > 1


def test_a_rule_that_is_not_that_of_the_file_is_refused(
    module: Deployed, graph: onnx.ModelProto, pictures: list[np.ndarray]
) -> None:
    other = Deployed(
        module.geometry, module.network, Calibration(0.7, (0.0, 0.3)), aggregate=Aggregate("mean", positive=1)
    ).eval()
    with pytest.raises(AgreementError, match="probabilities differ by"):
        agreement.check(with_metadata(graph, META), graph, other, pictures[:2])


def test_patches_cut_elsewhere_are_refused(
    module: Deployed, graph: onnx.ModelProto, pictures: list[np.ndarray]
) -> None:
    grid = PatchGrid(48, 40, 4, 3)
    other = Deployed(
        Patches(grid, CentreSquare(32)), module.network, Calibration(0.7, (0.0, 0.3)), aggregate=module.aggregate
    )
    with pytest.raises(AgreementError, match="pixels off Pillow"):
        agreement.check(with_metadata(graph, META), graph, other.eval(), pictures[:2])


@pytest.mark.parametrize("positive", [None, 1])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_in_the_graph(rule: str, positive: int | None) -> None:
    labels = 3 if positive is None else 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the exporter
        program = torch.onnx.export(
            Aggregate(rule, positive=positive, top_k=4).eval(),
            (torch.full((15, labels), 1 / labels),),
            input_names=["patches"],
            opset_version=18,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    session = ort.InferenceSession(program.model_proto.SerializeToString())
    random = np.random.default_rng(0)
    for _ in range(20):
        patches = random.dirichlet(np.full(labels, 0.5), 15).astype(np.float32)
        expected = aggregate(patches[None], rule, positive=positive, top_k=4)[0]
        np.testing.assert_allclose(session.run(None, {"patches": patches})[0], expected, atol=1e-6)
