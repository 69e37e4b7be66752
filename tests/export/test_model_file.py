from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from PIL import Image

from tejido.errors import AgreementError, RecipeError
from tejido.export import agreement
from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph, with_metadata
from tejido.export.storage import store
from tejido.imaging.geometry import CentreSquare, ShortSide, Stretch
from tejido.imaging.steps import registry
from tejido.imaging.steps.chain import ImageSteps
from tejido.metrics.calibration import Calibration
from tejido.models.network import Network
from tejido.runtime.classifier import Classifier
from tests.support.pictures import smooth
from tests.support.small_network import small_network
from tests.support.tiny_model import METADATA

META = dataclasses.replace(METADATA, refusal=(), input_size=64)


@pytest.fixture(scope="module")
def module() -> Deployed:
    return Deployed(CentreSquare(64), small_network(0.05), Calibration(0.7, (0.0, -0.5))).eval()


@pytest.fixture(scope="module")
def graph(module: Deployed) -> onnx.ModelProto:
    return export_graph(module)


@pytest.fixture(scope="module")
def pictures(shared: Path) -> list[np.ndarray]:
    real = [np.asarray(Image.open(path)) for path in sorted((shared / "data" / "ham10000_600x450").glob("*.jpg"))[:4]]
    return [*real, *agreement.odd_sizes(real[0])]


def half(graph: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(graph)
    store(copy, "float16")
    return copy


def test_float32_answers_as_pytorch(module: Deployed, graph: onnx.ModelProto, pictures: list[np.ndarray]) -> None:
    found = agreement.check(with_metadata(graph, META), graph, module, pictures)
    assert found.pictures == len(pictures)
    assert found.labels == 1
    session = ort.InferenceSession(graph.SerializeToString())
    for pixels in (picture[100:164, 200:264].copy() for picture in pictures[:4]):  # at the network's size already
        answer = session.run(None, {"image": pixels})
        with torch.no_grad():
            expected = module(torch.from_numpy(pixels.copy()))
        assert [o.name for o in session.get_outputs()] == list(module.outputs)
        assert np.abs(answer[0] - expected[0].numpy()).max() < 1e-5
        assert answer[0].sum() == pytest.approx(1)


@pytest.mark.parametrize("calibration", [Calibration(0.6, (0.0, 0.0)), Calibration((0.5, 1.4), (0.0, -0.5))])
def test_temperature_and_vector_scaling_are_in_the_graph(
    module: Deployed, pictures: list[np.ndarray], calibration: Calibration
) -> None:
    deployed = Deployed(CentreSquare(64), module.network, calibration).eval()
    graph = export_graph(deployed)
    agreement.check(with_metadata(graph, META), graph, deployed, pictures)
    answer = Classifier(with_metadata(graph, META)).predict(pictures[0])
    with torch.no_grad():
        square = module.geometry(torch.from_numpy(pictures[0].copy()).permute(2, 0, 1))[None]
        logits = module.network.logits(module.network.features(square)).numpy()
    assert list(answer.probabilities.values()) == pytest.approx(calibration.apply(logits)[0], abs=1e-4)
    assert {"scale", "bias"} <= {tensor.name for tensor in graph.graph.initializer}  # where recalibration looks


def test_float16_storage_halves_the_file_and_keeps_the_answer(
    module: Deployed, graph: onnx.ModelProto, pictures: list[np.ndarray]
) -> None:
    small = half(graph)
    assert small.ByteSize() < 0.56 * graph.ByteSize()
    agreement.check(with_metadata(small, META), small, module, pictures)
    assert Classifier(with_metadata(small, META)).predict(pictures[0]).heatmap is not None


def test_a_file_that_disagrees_is_refused(module: Deployed, graph: onnx.ModelProto, pictures: list[np.ndarray]) -> None:
    other = Deployed(CentreSquare(64), module.network, Calibration(3.0, (0.0, 1.0))).eval()
    with pytest.raises(AgreementError, match="probabilities differ by"):
        agreement.check(with_metadata(graph, META), graph, other, pictures)


def test_a_resize_that_is_not_pillows_is_refused(
    module: Deployed, graph: onnx.ModelProto, pictures: list[np.ndarray]
) -> None:
    broken = onnx.ModelProto()
    broken.CopyFrom(graph)
    resize = next(node for node in broken.graph.node if node.op_type == "Resize")
    next(a for a in resize.attribute if a.name == "exclude_outside").i = 0
    with pytest.raises(AgreementError, match="pixels off Pillow"):
        agreement.check(with_metadata(broken, META), broken, module, pictures)


def test_not_a_number_is_refused(graph: onnx.ModelProto, pictures: list[np.ndarray], module: Deployed) -> None:
    broken = Deployed(CentreSquare(64), module.network, Calibration(float("nan"), (0.0, 0.0))).eval()
    with pytest.raises(AgreementError):
        agreement.check(with_metadata(graph, META), graph, broken, pictures)


def test_the_file_describes_itself_and_names_no_path_of_the_exporting_machine(graph: onnx.ModelProto) -> None:
    file = with_metadata(graph, META)
    assert Classifier(file).metadata == META
    onnx.checker.check_model(onnx.load_from_string(file), full_check=True)
    assert str(Path(__file__).parents[2]).encode() not in file
    assert b".py" not in file


def test_steps_and_a_crop_after_the_resize_are_part_of_the_file(module: Deployed, shared: Path) -> None:
    steps = registry.build(["crop_border", "remove_hair", "shades_of_gray", {"ben_graham": {"reading": "sigma"}}])
    network = _network(module, steps)
    deployed = Deployed(ShortSide(64, 80), network, Calibration(1.0, (0.0, 0.0))).eval()
    names = ("ISIC_0033969", "ISIC_0027924", "ISIC_0024306")
    pictures = [np.asarray(Image.open(shared / "data" / "ham10000" / "images" / f"{name}.jpg")) for name in names]
    graph = export_graph(deployed)
    agreement.check(with_metadata(graph, META), graph, deployed, pictures)
    plain = Deployed(ShortSide(64, 80), module.network, Calibration(1.0, (0.0, 0.0))).eval()
    image = torch.from_numpy(pictures[0].copy())
    assert (deployed(image)[0] - plain(image)[0]).abs().max() > 1e-3


def test_a_network_that_reads_masks_is_not_exported(module: Deployed) -> None:
    network = _network(module, registry.build(["grey_outside"]))
    with pytest.raises(
        RecipeError, match="grey_outside reads a lesion mask, so a model file needs a segmenter in front"
    ):
        Deployed(CentreSquare(64), network, Calibration(1.0, (0.0, 0.0)))


def test_a_stretched_picture_uses_all_of_it(module: Deployed) -> None:
    stretched = Deployed(Stretch(64), module.network, Calibration(1.0, (0.0, 0.0))).eval()
    graph = export_graph(stretched)
    shapes = [(90, 160), (64, 64), (131, 47), (200, 50), (33, 640), (640, 33)]
    agreement.check(with_metadata(graph, META), graph, stretched, [smooth(*shape) for shape in shapes])


@pytest.mark.parametrize("size", [96, 192])
def test_values_that_lie_halfway_may_be_rounded_either_way(module: Deployed, size: int) -> None:
    """From 128 to 192, every sixth value of either pass lies halfway, and a tenth of the results differ."""
    geometry = CentreSquare(size)
    deployed = Deployed(geometry, module.network, Calibration(1.0, (0.0, 0.0))).eval()
    graph = export_graph(deployed)
    pictures = [smooth(*shape) for shape in ((128, 128), (97, 97), (16, 16), (150, 200), (131, 97))]
    found = agreement.check(with_metadata(graph, META), graph, deployed, pictures)
    assert found.pixels == 0


# binom.sf(k - 1, n, 0.005): 0.008 for 3 of 80; 0.021, 0.004 for 4, 5 of 206; 0.013, 0.005 for 11, 12 of 1,000
@pytest.mark.parametrize(
    ("pictures", "unequal", "passes"),
    [
        (20, 1, True),
        (80, 2, True),
        (80, 3, False),
        (206, 4, True),
        (206, 5, False),
        (1000, 11, True),
        (1000, 12, False),
    ],
)
def test_labels_must_speak_against_the_file(pictures: int, unequal: int, passes: bool) -> None:
    found = agreement.Agreement(pictures, 0.0, 1 - unequal / pictures, 0.0, 0.0, 0.0)
    if passes:
        agreement._enforce(found, agreement.Tolerance())
    else:
        with pytest.raises(AgreementError, match="equal labels"):
            agreement._enforce(found, agreement.Tolerance())


def _network(module: Deployed, steps: ImageSteps) -> Network:
    """The module's network, with these steps in front."""
    plain = module.network
    half = (0.5,) * 3
    return Network(plain.body, plain.head, classes=2, input_size=64, mean=half, std=half, steps=steps)
