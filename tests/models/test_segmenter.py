from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch

from tejido.errors import RecipeError
from tejido.models import segmenter

TINY = (32, 24, 16)


def test_a_mask_of_the_pictures_size() -> None:
    network = segmenter.build("mobilenetv1_025", size=64, decoder=TINY)
    logits = network.eval()(torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8))
    assert logits.shape == (2, 1, 64, 64)


def test_a_decoder_with_a_block_less_sees_half_the_size_and_answers_at_the_whole() -> None:
    network = segmenter.build("mobilenetv1_025", size=64, decoder=TINY[:2], depth=3).eval()
    seen = []
    network.head["last"].register_forward_hook(lambda module, given, logits: seen.append(logits))
    logits = network(torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8))
    assert seen[0].shape == (2, 1, 32, 32)
    assert logits.shape == (2, 1, 64, 64)
    # Between two neighbours of a row, a quarter and three quarters of the way (pixel centres, as PIL and torch resize).
    one, other = seen[0][0, 0, 0, :2]
    assert torch.allclose(logits[0, 0, 0, 1:3], torch.stack([0.75 * one + 0.25 * other, 0.25 * one + 0.75 * other]))


def test_the_encoder_is_the_front_of_the_named_network(shared: Path) -> None:
    """With published weights, its maps are those of the whole network at the same depth, and nothing lies behind."""
    weights = shared / "weights" / "tf_efficientnet_lite0.safetensors"
    network = segmenter.build("tf_efficientnet_lite0", size=64, decoder=(32, 24, 16, 8), weights=weights).eval()
    whole = timm.create_model("tf_efficientnet_lite0", features_only=True, checkpoint_path="").eval()
    from timm.models import load_checkpoint

    load_checkpoint(whole, str(weights), strict=False)
    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        maps, expected = network.body(picture), whole(picture)
    assert [one.shape[-1] for one in maps] == [32, 16, 8, 4]
    for one, other in zip(maps, expected, strict=False):
        assert torch.allclose(one, other, atol=1e-5)
    assert sum(p.numel() for p in network.body.parameters()) < sum(p.numel() for p in whole.parameters())


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        ("mobilenetv1_26", TINY, "no network is called 'mobilenetv1_26'; did you mean 'mobilenetv1_125'?"),
        ("vit_tiny_patch16_224", TINY, "vit_tiny_patch16_224 cannot be the encoder of a U-Net"),
        ("upc2020_cnn", TINY, "upc2020_cnn cannot be the encoder of a U-Net"),
    ],
)
def test_encoders_that_cannot_be(encoder: str, decoder: tuple[int, ...], message: str) -> None:
    with pytest.raises(RecipeError, match=message.replace("?", r"\?")):
        segmenter.build(encoder, size=224, decoder=decoder)


def test_weights_of_another_network(shared: Path) -> None:
    weights = shared / "weights" / "mobilenetv1_050.safetensors"
    with pytest.raises(
        RecipeError, match=r"tensors do not fit mobilenetv1_025: conv_stem.weight is 16x3x3x3, not 8x3x3x3"
    ):
        segmenter.build("mobilenetv1_025", size=64, decoder=TINY, weights=weights)
