from __future__ import annotations

import functools
import logging
import warnings

import numpy as np
import onnxruntime as ort
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tejido.data.patches import UMA2022, PatchGrid
from tejido.imaging.geometry import CentreSquare, Stretch
from tejido.imaging.patches import Patches
from tests.support.pictures import noise


class Corners(torch.nn.Module):
    """Instead of a geometry: the corner pixels of every patch, so that a test over many sizes is quick."""

    size = 2
    frame = "whole"

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        return torch.stack([patches[:, :, 0, 0], patches[:, :, -1, -1]], dim=-1)


@functools.cache
def session(grid: PatchGrid) -> ort.InferenceSession:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    sides = {1: torch.export.Dim("height", min=grid.height), 2: torch.export.Dim("width", min=grid.width)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Patches(grid, Corners()),  # type: ignore[arg-type]
            (torch.zeros(3, grid.height + 40, grid.width + 60, dtype=torch.uint8),),
            input_names=["image"],
            dynamic_shapes={"image": sides},
            opset_version=18,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return ort.InferenceSession(program.model_proto.SerializeToString(), options)


GRIDS = [PatchGrid(9, 7, 5, 3), PatchGrid(8, 8, 1, 1), PatchGrid(5, 6, 4, 9)]


@given(st.sampled_from(GRIDS), st.integers(0, 300), st.integers(0, 300), st.integers(0, 99))
@settings(max_examples=150)
def test_the_graph_cuts_where_the_tables_say(grid: PatchGrid, more_height: int, more_width: int, seed: int) -> None:
    pixels = noise(grid.height + more_height, grid.width + more_width, seed)
    image = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
    expected = np.stack([np.stack([patch[0, 0], patch[-1, -1]], axis=-1) for patch in grid.cut(pixels)])
    np.testing.assert_array_equal(session(grid).run(None, {"image": image})[0], expected)
    found = Patches(grid, Corners())(torch.from_numpy(image))  # type: ignore[arg-type]
    np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize("geometry", [CentreSquare(225), Stretch(225)])
def test_patches_at_their_own_size_are_the_pixels_themselves(geometry: CentreSquare | Stretch) -> None:
    pixels = noise(460, 700, 3)
    found = Patches(UMA2022, geometry)(torch.from_numpy(pixels).permute(2, 0, 1))
    assert found.shape == (15, 3, 225, 225)
    for patch, expected in zip(found, UMA2022.cut(pixels), strict=True):
        np.testing.assert_array_equal(patch.permute(1, 2, 0).numpy(), expected)


@pytest.mark.parametrize("grid", GRIDS)
def test_a_picture_smaller_than_a_patch_fails_instead_of_wrapping_around(grid: PatchGrid) -> None:
    for height, width in ((grid.height - 1, 50), (50, grid.width - 1), (1, 1)):
        with pytest.raises(Exception, match=r"out of (data )?bounds"):
            session(grid).run(None, {"image": np.zeros((3, height, width), np.uint8)})
