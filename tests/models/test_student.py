from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tejido.errors import RecipeError
from tejido.models import student, zoo
from tejido.models.inventory import take

# uis2022, table of section 5: two labels, the statistics of batch-norm counted, as Keras does.
PUBLISHED = {1: 37_730, 2: 71_266, 3: 104_802, 4: 138_338, 5: 627_682, 6: 760_290, 7: 892_898, 8: 1_025_506}


@pytest.mark.parametrize("blocks", PUBLISHED)
def test_no_student_is_larger_than_the_published_one(blocks: int) -> None:
    found = take(f"student_k{blocks}").parameters_with_statistics
    filters = [32] * min(blocks, 4) + [64] * max(0, blocks - 4)
    by_hand = 32 * 192 + 4 * 32  # the stem and its batch-norm
    for index, (before, after) in enumerate(zip([32, *filters], filters, strict=False)):
        first = 16 if index < 2 else 9
        by_hand += before * after * first + after * after * 9 + before * after + 3 * 4 * after
    by_hand += 2 * (filters[-1] + 1)
    assert found == by_hand <= PUBLISHED[blocks]


def test_the_depthwise_student_keeps_the_budget_of_three_blocks() -> None:
    assert 0.85 * PUBLISHED[3] < take("student_dw").parameters_with_statistics <= PUBLISHED[3]


def test_the_mobile_student_is_the_front_of_the_published_network(shared: Path) -> None:
    assert 0.85 * PUBLISHED[3] < take("student_mobile").parameters_with_statistics <= PUBLISHED[3]
    weights = shared / "weights" / "mobilenetv1_025.safetensors"
    whole, front = (zoo.build(name, 2, weights=weights).eval() for name in ("mobilenetv1_025", "student_mobile"))
    seen: list[Tensor] = []
    whole.body.blocks[3][-2].register_forward_hook(lambda module, given, answer: seen.append(answer))
    images = torch.randint(0, 256, (2, 3, 128, 128), dtype=torch.uint8)
    with torch.no_grad():
        whole(images)
        found = front.features(images)
    torch.testing.assert_close(found, seen[0])
    assert found.shape == (2, 128, 8, 8)


def test_weights_of_another_network_do_not_fit_the_mobile_student(shared: Path) -> None:
    with pytest.raises(RecipeError, match="tensors do not fit student_mobile"):
        zoo.build("student_mobile", 2, weights=shared / "weights" / "mobilenetv1_050.safetensors")
    with pytest.raises(RecipeError, match="student_mobile cannot take images of 31 pixels"):
        zoo.build("student_mobile", 2, size=31)


@pytest.mark.parametrize("name", student.NAMES)
def test_how_fine_the_map_is_and_that_every_weight_learns(name: str) -> None:
    network = zoo.build(name, 3).train()
    side = {student.DEPTHWISE: 4, "student_k1": 16}.get(name, 8)
    images = torch.randint(0, 256, (4, 3, 128, 128), dtype=torch.uint8)
    features = network.features(images)
    assert features.shape[2:] == (side, side)
    functional.cross_entropy(features.mean((2, 3)), torch.arange(4)).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.body.parameters())
    assert network.heatmap


def test_a_block_is_the_sum_of_its_two_paths() -> None:
    torch.manual_seed(0)
    block = student.ResidualBlock(3, 5, 2).eval()
    image = torch.randn(2, 3, 8, 8)
    # eps is batch-norm's only effect before any training
    scale = (1 + 1e-5) ** -0.5
    first = functional.relu(functional.conv2d(image, block.t1[0].weight, stride=2, padding=1) * scale)
    t1 = functional.conv2d(first, block.t1[3].weight, padding=1) * scale
    t2 = functional.conv2d(image.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5)), block.t2[1].weight) * scale
    torch.testing.assert_close(block(image), functional.relu(t1 + t2))


def test_a_strided_block_moves_nothing() -> None:
    """A picture mirrored in, a map mirrored out, if the weights are mirrored too: no path leans to one side."""
    torch.manual_seed(0)
    block = student.ResidualBlock(3, 5, 2).eval()
    image = torch.randn(1, 3, 16, 16)
    expected = block(image).flip(3)
    for layer in block.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.weight.data = layer.weight.data.flip(3)
    torch.testing.assert_close(block(image.flip(3)), expected)


def test_too_small_a_picture() -> None:
    with pytest.raises(RecipeError, match=r"student_k3 cannot take images of 31 pixels; .* 32"):
        zoo.build("student_k3", 2, size=31)
    assert zoo.build("student_k4", 2, size=32).eval()(torch.zeros(1, 3, 32, 32, dtype=torch.uint8)).shape == (1, 2)
