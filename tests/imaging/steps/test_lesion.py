from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_dilation, map_coordinates

from tejido.errors import RecipeError
from tejido.imaging.steps import box
from tejido.imaging.steps.lesion import CropToLesion, GreyOutside, HideLesion, SolidOutside
from tejido.imaging.steps.registry import build


def sampled(image: np.ndarray, left: float, top: float, side: float) -> np.ndarray:
    """A square in pixels, enlarged to the image's size, by SciPy's linear interpolation."""
    count = image.shape[-1]
    places = ((np.arange(count) + 0.5) * side / count - 0.5).clip(0, side - 1)  # nothing from around it
    grid = np.meshgrid(top + places, left + places, indexing="ij")
    return np.stack([map_coordinates(channel, grid, order=1, mode="nearest") for channel in image.astype(float)])


def test_outside_equals_numpy(lesions: torch.Tensor, masks: torch.Tensor) -> None:
    grey = np.tensordot([0.299, 0.587, 0.114], lesions.numpy().transpose(1, 0, 2, 3), axes=1)[:, None]
    for step, outside in ((GreyOutside(), grey), (SolidOutside(), 128.0)):
        expected = np.where(masks.numpy() == 255, lesions.numpy(), outside)
        assert np.abs(step(lesions, masks).numpy() - expected).max() < 1e-3


def test_what_is_hidden_equals_scipy(lesions: torch.Tensor, masks: torch.Tensor) -> None:
    reach = round(0.05 * lesions.shape[-1])
    square = np.ones((2 * reach + 1,) * 2, bool)
    hidden = np.stack([binary_dilation(mask > 0, square) for mask in masks.numpy()[:, 0]])[:, None]
    expected = np.where(hidden, 128.0, lesions.numpy())
    assert (HideLesion(0.05)(lesions, masks).numpy() == expected).all()
    assert (HideLesion(0)(lesions, masks).numpy() == np.where(masks.numpy() == 255, 128.0, lesions.numpy())).all()


def test_a_box_hides_everything_from_edge_to_edge(lesions: torch.Tensor, masks: torch.Tensor) -> None:
    """Also two lesions, which lie in one box; without a lesion nothing is hidden."""
    several = masks.clone()
    several[0] = 0
    several[0, 0, 10:20, 5:9] = several[0, 0, 60:70, 40:50] = 255
    several[1] = 0
    hidden = HideLesion(0, "box")(lesions, several).numpy()
    for image, mask, found in zip(lesions.numpy(), several.numpy()[:, 0], hidden, strict=True):
        expected = image.copy()
        ys, xs = np.nonzero(mask)
        if len(ys):
            expected[:, ys.min() : ys.max() + 1, xs.min() : xs.max() + 1] = 128
        assert (found == expected).all()
    with pytest.raises(RecipeError, match=r"hide_lesion.shape is outline or box, not 'circle'"):
        HideLesion(shape="circle")


def test_the_crop_holds_every_lesion() -> None:
    """By hand: two lesions, from 10 to 30 and from 50 to 60 across, all between 20 and 40 down."""
    mask = torch.zeros(1, 1, 80, 80)
    mask[0, 0, 20:40, 10:30] = mask[0, 0, 25:30, 50:60] = 255
    box_of_both = (CropToLesion(0).box(torch.zeros(1, 3, 80, 80), mask) + 1) * 40
    assert box_of_both[0].tolist() == pytest.approx([10, 5, 60, 55], abs=1e-3)


def test_the_crop_equals_numpy_and_scipy(lesions: torch.Tensor, masks: torch.Tensor) -> None:
    result = build([{"crop_to_lesion": {"margin": 0.15}}])(torch.cat([lesions, masks], 1)).numpy()
    side = lesions.shape[-1]
    smaller = 0
    for image, mask, cropped in zip(lesions.numpy(), masks.numpy()[:, 0], result, strict=True):
        ys, xs = np.nonzero(mask)
        top, bottom, left, right = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
        width = min(side, max(side / 8, 1.3 * max(right - left, bottom - top)))
        corner = [min(max((a + b) / 2 - width / 2, 0), side - width) for a, b in ((left, right), (top, bottom))]
        assert np.abs(cropped - sampled(image, *corner, width)).max() < 0.05
        smaller += width < side
    assert smaller >= 4


def test_the_crop_by_hand() -> None:
    mask = torch.zeros(4, 1, 80, 80)
    mask[0, :, 20:40, 30:50] = 255  # 20 x 20, with a tenth more on every side 24 x 24
    mask[1, :, 0:8, 0:40] = 255  # at the corner: moved inside
    mask[2, :, 7, 7] = 255  # a single pixel: at least an eighth
    boxes = (CropToLesion().box(torch.zeros(4, 3, 80, 80), mask) + 1) * 40
    assert boxes.tolist() == [
        pytest.approx([28, 18, 52, 42], abs=1e-3),
        pytest.approx([0, 0, 48, 48], abs=1e-3),
        pytest.approx([2.5, 2.5, 12.5, 12.5], abs=1e-3),
        pytest.approx([0, 0, 80, 80]),  # no lesion
    ]


def test_after_a_crop_the_mask_still_fits() -> None:
    """What is painted grey outside is what lies outside in the cropped picture."""
    image = torch.zeros(1, 4, 64, 64)
    image[:, 0] = 200  # red skin
    image[:, 0, 20:36, 20:36] = 0
    image[:, 1, 20:36, 20:36] = 90  # green lesion
    image[:, 3, 20:36, 20:36] = 255
    result = build(["crop_to_lesion", "solid_outside"])(image)
    inside = (result != 128).any(1)[0]
    assert inside.float().mean().item() == pytest.approx(1 / 1.2**2, abs=0.03)
    assert inside[8:56, 8:56].all()
    assert (result[0, 1] > 0).all()  # no red skin is left


@pytest.mark.parametrize("where", [(-0.5, -1.0, 0.5, 0.0), (0.1, -0.3, 0.7, 0.3), (-1.0, -1.0, 1.0, 1.0)])
def test_what_is_cut_can_be_placed_again(lesions: torch.Tensor, where: tuple[float, ...]) -> None:
    smooth = torch.nn.functional.avg_pool2d(lesions, 15, 1, 7)
    boxes = torch.tensor(where).expand(len(smooth), 4)
    again = box.place(box.cut(smooth, boxes), boxes)
    left, top, right, bottom = (round((edge + 1) * 48) for edge in where)
    inner = (..., slice(top + 2, bottom - 2), slice(left + 2, right - 2))
    assert (again - smooth)[inner].abs().max() < 2
    outside = again.clone()
    outside[..., max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1] = 0
    assert not outside.any()


def test_a_margin_out_of_range() -> None:
    with pytest.raises(RecipeError, match=r"crop_to_lesion\.margin is a number from 0 to 2, not -1"):
        CropToLesion(margin=-1)
