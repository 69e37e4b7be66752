"""What holds for every step: images do not depend on their batch, and ONNX gives what torch gives."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch

from tejido.imaging.steps.registry import STEPS, build

ALL: list[Any] = [
    *STEPS,
    {"ben_graham": {"reading": "sigma"}},
    {"shades_of_gray": {"p": 1.5}},
    {"hide_lesion": {"shape": "box"}},
]
LIMIT = {"macenko": 0.2}
"""Largest difference in levels. Where skin is taken for tissue, Macenko's second stain hangs on few pixels."""


@pytest.fixture
def images(lesions: torch.Tensor, masks: torch.Tensor, framed: torch.Tensor, tissue: torch.Tensor) -> torch.Tensor:
    """``float32[7, 4, 96, 96]``: lesions with their masks, round fields, tissue."""
    rgb = torch.cat([lesions[1:4], framed[:2], tissue[1:3]])
    return torch.cat([rgb, masks], dim=1)


@pytest.mark.parametrize("step", ALL, ids=str)
def test_a_batch_is_its_images(step: Any, images: torch.Tensor) -> None:
    steps = build([step])
    together: torch.Tensor = steps(images)
    assert together.shape == (7, 3, 96, 96)
    assert together.dtype == torch.float32
    assert together.min() >= 0
    assert together.max() <= 255.01
    one_by_one = torch.cat([steps(image[None]) for image in images])
    assert (together - one_by_one).abs().max() < 1e-2
    assert (together - images[:, :3]).abs().mean() > 0.5
    other_layout = steps(images.to(memory_format=torch.channels_last))
    assert (together - other_layout).abs().max() < LIMIT.get(str(step), 1e-2)


@pytest.mark.parametrize("step", ["macenko", "ben_graham", "remove_hair", "crop_border"])
def test_training_in_16_bits_leaves_the_steps_exact(step: str, images: torch.Tensor) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result: torch.Tensor = build([step])(images)
    assert torch.equal(result, build([step])(images))


class Each(torch.nn.Module):
    """All steps on the same images, for one export. Chains: tests/export/test_model_file.py."""

    def __init__(self) -> None:
        super().__init__()
        self.each = torch.nn.ModuleList(build([step]) for step in ALL)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(steps(images) for steps in self.each)


@pytest.mark.filterwarnings("ignore")  # deprecations inside the exporter
def test_onnx_gives_what_torch_gives(images: torch.Tensor) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    module = Each().eval()
    program = torch.onnx.export(
        module, (images,), input_names=["images"], opset_version=18, dynamo=True, external_data=False, verbose=False
    )
    assert program is not None
    session = ort.InferenceSession(program.model_proto.SerializeToString(), providers=["CPUExecutionProvider"])
    answers = session.run(None, {"images": images.numpy()})
    expected = module(images)
    names = [str(step) for step in ALL]
    assert len(answers) == len(expected) == len(names)
    for name, answer, wanted in zip(names, answers, expected, strict=True):
        assert np.abs(answer - wanted.numpy()).max() < LIMIT.get(name, 1e-2), name
