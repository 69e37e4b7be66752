"""Trainings with every kind of guide, on networks of a few dozen weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from tejido.errors import RecipeError
from tejido.models.network import Network
from tejido.recipe import Augmentation, Recipe
from tejido.training.distil.guides import Feature, Guide, Itself, Online, Relation, Response, Softness
from tejido.training.distil.losses import hint_loss, response_loss, similarity_loss, soft_targets
from tejido.training.distil.module import DistilModule
from tejido.training.fit import Teaching, fit, logits_of
from tests.support.stub_network import images, network
from tests.training.plan import recipe
from tests.training.test_resume import InterruptedTrainingError

SOFT = Softness(3.0)


def teacher(seed: int = 7) -> Network:
    """Not the student: other weights, a head that has an opinion."""
    made = network(seed=seed)
    nn.init.normal_(made.head.weight)
    return made


def guide(kind: str, student: Network) -> Guide:
    if kind == "feature":
        return Feature(teacher(), student, {"0": "0", "": "1"}, images(1).images)
    made: dict[str, Guide] = {
        "response": Response([teacher(), teacher(8)], SOFT),
        "relation": Relation(teacher()),
        "online": Online(teacher(), SOFT),
        "self": Itself(student, 1, SOFT),
    }
    return made[kind]


def train(kind: str, settings: Recipe, folder: Path, *, views: int = 0, stop_at: int | None = None) -> Tensor:
    """Train the stub student; raise in the middle of a step; returns its weights."""
    student = network()
    torch.manual_seed(5)
    steps = iter(range(10**6))
    with pytest.MonkeyPatch.context() as patch:
        real = DistilModule.learn

        def learn(*arguments: Any) -> Any:
            if next(steps) == stop_at:
                raise InterruptedTrainingError
            return real(*arguments)

        patch.setattr(DistilModule, "learn", learn)
        teaching = Teaching(guide(kind, student), 0.3, 0.7, views, folder.parent / "answers" if views else None)
        trained = fit(student, images(72), images(40, 1), settings, folder, teaching)
    return torch.cat([value.flatten().double() for value in trained.state_dict().values()])


@pytest.mark.parametrize(
    ("kind", "views"), [("response", 0), ("response", 2), ("feature", 0), ("relation", 0), ("online", 0), ("self", 0)]
)
def test_it_changes_the_training_and_an_interruption_does_not(kind: str, views: int, tmp_path: Path) -> None:
    settings = recipe(epochs=3)
    calm = train(kind, settings, tmp_path / "calm", views=views)
    for stop_at in (6, 5):
        with pytest.raises(InterruptedTrainingError):
            train(kind, settings, tmp_path / "stormy", views=views, stop_at=stop_at)
    assert torch.equal(train(kind, settings, tmp_path / "stormy", views=views), calm)
    tables = [pd.read_csv(tmp_path / name / "metrics.csv") for name in ("calm", "stormy")]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    alone = fit(network(), images(72), images(40, 1), settings, tmp_path / "alone")
    assert not torch.equal(torch.cat([value.flatten().double() for value in alone.state_dict().values()]), calm)
    saved = torch.load(tmp_path / "calm" / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert not any("teacher" in key for key in saved)


def losses_of(kind: str, *, squared: bool = False) -> tuple[DistilModule, tuple[Tensor, Tensor], float]:
    """A module, a batch, and what ``training_step`` says of it."""
    student = network().eval()
    nn.init.normal_(student.head.weight, generator=torch.Generator().manual_seed(2))
    if kind == "response" and squared:
        made: Guide = Response([teacher()], Softness(3.0, squared=True))
    else:
        made = guide(kind, student)
    module = DistilModule(made, 0.3, 0.7, student, lambda batch, _: batch, recipe().training, [12, 4], 0)
    module.log = module.log_dict = lambda *a, **k: None  # type: ignore[method-assign]
    module.eval()
    data = images(16)
    return module, (data.images, data.labels), module.training_step((data.images, data.labels), 0).item()


def test_the_sum_of_uis2022_by_hand() -> None:
    module, (pixels, labels), found = losses_of("response")
    own = module.network(pixels)
    theirs = torch.stack([teacher().eval()(pixels), teacher(8).eval()(pixels)])
    expected = 0.3 * nn.functional.cross_entropy(own, labels)
    expected -= 0.7 * ((theirs / 3).softmax(2).mean(0) * (own / 3).log_softmax(1)).sum(1).mean()
    assert found == pytest.approx(expected.item(), rel=1e-5)
    module, _, squared = losses_of("response", squared=True)
    alone = 0.3 * nn.functional.cross_entropy(own, labels).item()
    guided = response_loss(own, soft_targets(theirs[:1], 3.0), 3.0).item()
    assert squared == pytest.approx(alone + 0.7 * 9 * guided, rel=1e-5)


def test_features_and_relations_are_those_of_the_layers() -> None:
    module, (pixels, labels), found = losses_of("feature")
    body, other = module.network.body, teacher().eval().body
    image = (pixels.float() - module.network.mean) / module.network.std
    first, last = body[0](image), body(image)
    maps = other[0](image), other[1](other[0](image))
    adapters = module.guide.adapters
    hints = (hint_loss(adapters[0](first), maps[0]) + hint_loss(adapters[1](last), maps[1])) / 2
    labelled = nn.functional.cross_entropy(module.network(pixels), labels)
    assert found == pytest.approx((0.3 * labelled + 0.7 * hints).item(), rel=1e-5)
    module, _, found = losses_of("relation")
    likeness = similarity_loss(last, other(image))
    assert found == pytest.approx((0.3 * labelled + 0.7 * likeness).item(), rel=1e-5)


def test_peers_learn_from_each_other() -> None:
    module, (pixels, labels), found = losses_of("online")
    peer = module.guide.peer
    assert peer is not None
    own, theirs = module.network(pixels), peer(pixels)
    expected = 0.3 * (nn.functional.cross_entropy(own, labels) + nn.functional.cross_entropy(theirs, labels))
    expected += 0.7 * (response_loss(own, soft_targets(theirs[None], 3.0), 3.0))
    expected += 0.7 * (response_loss(theirs, soft_targets(own[None], 3.0), 3.0))
    assert found == pytest.approx(expected.item(), rel=1e-5)
    before = [value.clone() for value in peer.state_dict().values()]
    names = {name for name, _ in module.named_parameters()}
    assert {name.split(".")[0] for name in names} == {"network", "guide"}
    optimizer = torch.optim.SGD([p for part in module.trained for p in part.parameters()], lr=1.0)
    module.training_step((pixels, labels), 0).backward()
    optimizer.step()
    assert not all(torch.equal(*pair) for pair in zip(before, peer.state_dict().values(), strict=True))


def test_the_student_of_before_teaches_once_there_is_one() -> None:
    module, (pixels, labels), found = losses_of("self")
    assert isinstance(module.guide, Itself)
    labelled = nn.functional.cross_entropy(module.network(pixels), labels).item()
    assert found == pytest.approx(labelled)  # nobody teaches yet: the labels count fully
    module.guide.every = 2
    module.guide.epoch_ends(0, module.network)
    assert not module.guide.known
    module.guide.epoch_ends(1, module.network)
    taught = module.network(pixels).detach()
    module.network.head.weight.data += 1
    module.network.head.weight.data[0] -= 3
    own = module.network(pixels)
    expected = 0.3 * nn.functional.cross_entropy(own, labels)
    expected += 0.7 * response_loss(own, soft_targets(taught[None], 3.0), 3.0)
    module.train()  # the copy stays as it is: no dropout, no new statistics
    assert not module.guide.before.training
    module.network.eval()
    assert module.training_step((pixels, labels), 0).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_good_teacher_is_copied(tmp_path: Path) -> None:
    """With labels that say nothing, what the student knows it knows from its teacher."""
    made = teacher()
    noise = images(96)
    noise.labels = noise.labels[torch.randperm(96, generator=torch.Generator().manual_seed(1))]
    quiet = Augmentation(rotation=0, zoom=1, shift=0, flip=False, brightness=0, contrast=0, saturation=0, temperature=0,
                         blur=0, sharpen=0, jpeg=0)  # fmt: skip
    settings = recipe(head_epochs=0, epochs=15, balance="none").model_copy(update={"augmentation": quiet})
    student = network()
    with torch.no_grad():
        opinion = logits_of(made.eval(), noise.images).argmax(1)
    fit(student, noise, images(64, 1), settings, tmp_path, Teaching(Response([made], Softness(1.0)), 0.0, 1.0))
    agreed = (logits_of(student, noise.images).argmax(1) == opinion).float().mean()
    assert agreed > 0.9


@pytest.mark.parametrize(
    ("hints", "message"),
    [
        ({"9": "0"}, r"the student has no layer '9'"),
        ({"0": "7"}, r"the teacher has no layer '7'"),
    ],
)
def test_layers_that_do_not_exist(hints: dict[str, str], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        Feature(teacher(), network(), hints, images(1).images)
