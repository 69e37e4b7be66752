"""A model file that knows when a picture is not of its kind: a gate fitted to it, and built into it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from torch import Tensor

from tejido.data import manifest as manifests
from tejido.data.splitting import splits
from tejido.errors import AgreementError, DataError, ModelFileError
from tejido.experiments.gating import look as looking
from tejido.experiments.gating.look import Look
from tejido.experiments.pictures import pixels_of
from tejido.export.gating import OUTPUT, with_gate
from tejido.export.graph import with_metadata
from tejido.files import replacing
from tejido.imaging.strangers import FAMILIES
from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.scores import share
from tejido.models.gate import MODALITIES, NAMES, Fitted, Gate, distances, standardised
from tejido.runtime.classifier import Classifier
from tejido.runtime.metadata import RefusalRule

OWN = 3000
"""Training images of the model that are looked at, each as it is, augmented, and as another camera may show it."""
STRANGERS = 300
"""Of each source and modality, drawn by lot."""
DIRECTIONS = 32
"""In which training images differ most; what lies beside them counts together."""
CERTAIN = 0.9
"""Probability of another modality from which it is named."""
LEFT = 0.005
"""Share of validation images that a gate may always refuse, even where blur and the like take all."""
_SHARES = (0.8, 0.1, 0.1)
"""How the share of false refusals is divided: foreign, and the two ways of being strange."""
_HIDDEN = 32
_EPOCHS = 30
_DECAY = 1.0
_RARE = 0.5
"""How much more a picture of a rare diagnosis weighs: by this power of how rare it is."""
_AGREE = 1e-3
_CODES = {"clinical": "clinical_photo", "dermoscopy": "dermoscopy", "histology": "histology", "other": "no_lesion"}


@dataclass(frozen=True)
class Gated:
    """What came of it.

    Attributes:
        fitted: pictures that were learned from, by family.
        own: share of the model's own pictures that are refused now, of ``val`` and ``test``, and of each diagnosis in
            test as ``test, melanoma``.
    """

    fitted: dict[str, int]
    own: dict[str, Estimate]


@dataclass(frozen=True)
class _Looked:
    """Pictures as a gate sees them."""

    family: str
    modality: str
    values: Tensor  # [N, D]


def fit_gate(
    model: Path,
    manifest: Path,
    split: Path,
    strangers: Sequence[tuple[Path, Path | None]],
    output: Path,
    *,
    anything: Sequence[Path] = (),
    false_refusal: float = 0.05,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Gated:
    """Write a copy of a model file that refuses pictures of another kind.

    It learns from the model's training images, from ``strangers``, from made-up pictures, and, where masks are known,
    from skin without lesion. Its limits are those at which ``false_refusal`` of the validation images, which it has not
    seen, would be refused, with those that the file refuses already for their capture.

    Args:
        model: the file; its probabilities stay as they are.
        manifest: of the images that it was trained on.
        split: of that manifest.
        strangers: manifests of pictures of other modalities, each with a split of which the ``train`` side is learned
            from, or None for all.
        output: where the copy is written.
        anything: folders of pictures that show no patient: photos, drawings, documents.
        false_refusal: share of validation images; at least ``LEFT`` of them are the gate's.
        seed: of augmentation and parts.
        progress: called with how many pictures were looked at, and of how many.

    Raises:
        DataError: a manifest or folder has no picture of use, two folders have the same name, or a stranger is of the
            model's own modality.
        ModelFileError: the file judges patches, has a gate, or computes its head in int8.
        AgreementError: the copy does not answer as the original and its gate do; nothing is written.
        TejidoError: a table or a picture cannot be read.
    """
    classifier = Classifier(model)
    metadata = classifier.metadata
    if metadata.patches is not None:
        raise ModelFileError(f"{metadata.name} judges patches; a gate is for whole pictures")
    if metadata.modality not in MODALITIES:
        raise ModelFileError(f"{metadata.name} is for pictures of any kind, so there is nothing to refuse")
    if metadata.gate:
        raise ModelFileError("it has a gate already; start from the file that has none")
    look = Look(model.read_bytes(), seed, progress)
    rows = _own(manifest, split, metadata.modality)
    sides = {name: rows[rows["split"] == name] for name in ("train", "val", "test")}
    train = sides["train"].sample(min(OWN, len(sides["train"])), random_state=seed)
    foreign = [_strangers(path, side, metadata.modality, seed) for path, side in strangers]
    look.usual = int(train[["width", "height"]].min(axis=1).median())
    look.total = 3 * len(train) + 2 * len(sides["val"]) + len(sides["test"]) + len(FAMILIES) * looking.MADE_UP
    folders = [(folder.resolve().name, looking.files_in(folder, STRANGERS, seed)) for folder in anything]
    if len({name for name, _ in folders}) < len(folders):
        raise DataError("two folders of pictures have the same name, under which they would be counted; rename one")
    families = [*(count for part in foreign for count in part.groupby(["source", "modality"]).size())]
    families += [len(paths) for _, paths in folders]
    look.total += sum(looking.looks(count) for count in families) + looking.SKIN
    own = look.own(train)
    looked = [_Looked(f"made up: {name}", "other", look.made_up(name)) for name in FAMILIES]
    for part in foreign:
        for (source, modality), some in part.groupby(["source", "modality"], sort=True):
            looked.append(_Looked(f"{modality}: {source}", str(modality), look.whole_and_parts(some)))
    looked += [_Looked(f"anything: {name}", "other", look.files_and_parts(paths)) for name, paths in folders]
    if metadata.modality != "histology" and train["mask_path"].notna().sum() >= 50:
        looked.append(_Looked("skin without lesion", "other", look.skin(train)))
    val = look.own_elsewhere(sides["val"])
    rare = train.groupby("diagnosis", dropna=False)["image_id"].transform("size").to_numpy(float) ** -_RARE
    weights = np.tile(rare / rare.mean(), len(own) // len(train))  # each picture is there several times
    captures = {rule.code for rule in metadata.refusal if rule.output == "quality"}
    already = [classifier.predict(pixels).reason in captures for pixels in pixels_of(sides["val"])]
    left = max(false_refusal - float(np.mean(already)), LEFT)
    gate, limit = _fit(own, weights, looked, val, MODALITIES.index(metadata.modality), left, seed)
    rules = _rules(metadata.modality, limit)
    facts = {
        "false_refusal": false_refusal,
        "learned_from": {one.family: len(one.values) for one in looked},
        "own": {"images": len(train), "augmented": len(own) - len(train)},
    }
    graph = onnx.load(model)
    file = with_metadata(
        with_gate(graph, gate, (1, 3, look.side, look.side), look.features),
        replace(
            metadata,
            # Which other modality it is says more than a bad capture, and that it is none or strange says less.
            refusal=(*rules[:-3], *metadata.refusal, *rules[-3:]),
            gate=NAMES,
            derivation={**metadata.derivation, "gate": facts},
        ),
    )
    _agree(classifier, Classifier(file), gate, look, sides["val"].head(50))
    found = {"val": _refused(gate.judge(val[: len(sides["val"])]), rules, sides["val"])}
    if len(sides["test"]):
        test = gate.judge(look.all(sides["test"]))
        found["test"] = _refused(test, rules, sides["test"])
        for label, part in sides["test"].reset_index(drop=True).groupby("diagnosis", sort=True):
            found[f"test, {label}"] = _refused(test[part.index.tolist()], rules, part)
    with replacing(output) as temporary:
        temporary.write_bytes(file)
    return Gated({"own": len(own), **{one.family: len(one.values) for one in looked}}, found)


def _own(manifest: Path, split: Path, modality: str) -> pd.DataFrame:
    rows = manifests.read(manifest)
    rows = rows.assign(split=splits.load(split, rows))
    rows = rows[rows["modality"] == modality].reset_index(drop=True)
    for side in ("train", "val"):
        if (rows["split"] == side).sum() < 100:
            raise DataError(f"{manifest}: a gate needs 100 {modality} pictures in {side}")
    return rows


def _strangers(manifest: Path, split: Path | None, modality: str, seed: int) -> pd.DataFrame:
    rows = manifests.read(manifest)
    if split is not None:
        rows = rows[splits.load(split, rows) == "train"]
    same = rows["modality"] == modality
    if same.any():
        raise DataError(f"{manifest}: {rows['image_id'][same].iloc[0]} is of the model's own modality, {modality}")
    rows = rows[rows["modality"].isin(MODALITIES)]
    if rows.empty:
        raise DataError(f"{manifest}: no picture says of which modality it is")
    drawn = rows.sample(frac=1, random_state=seed).groupby(["source", "modality"], sort=True).head(STRANGERS)
    return drawn.sort_values("image_id").reset_index(drop=True)


def _fit(
    own: Tensor,
    own_weights: NDArray[np.float64],
    looked: list[_Looked],
    val: Tensor,
    place: int,
    share_of: float,
    seed: int,
) -> tuple[Gate, float]:
    """The gate, and the probability of any other modality from which a picture is foreign."""
    mean, spread = own.mean(0), own.std(0) + 1e-3
    scaled = standardised(own, mean, spread)
    rows, classes, weights = [scaled], [np.full(len(own), place)], [own_weights]
    present = [one for one in looked if len(one.values)]
    for one in present:
        count = len(one.values)
        rows.append(standardised(one.values, mean, spread))
        classes.append(np.full(count, MODALITIES.index(one.modality)))
        # Each family weighs as much as any other, and all of them one and a half times as much as the own.
        weights.append(np.full(count, 1.5 * len(own) / len(present) / count))
    layers = _classifier(torch.cat(rows).numpy(), np.concatenate(classes), np.concatenate(weights), seed)
    centre = scaled.mean(0)
    _, values, directions = torch.linalg.svd(scaled - centre, full_matrices=False)
    kept = min(DIRECTIONS, len(values) // 2)
    directions = directions[:kept].half().float().contiguous()
    variances = values[:kept].square() / len(scaled)
    parts = distances(standardised(val, mean, spread), centre, directions, variances).numpy()
    limits = [float(np.quantile(parts[:, k], 1 - share_of * _SHARES[k + 1], method="higher")) for k in range(2)]
    fitted = Fitted(place, mean, spread, *layers, centre, directions, variances, (limits[0], limits[1]))
    gate = Gate(fitted).eval()
    with torch.inference_mode():
        foreign = gate.judge(val)[:, NAMES.index("foreign")].numpy()
    return gate, float(np.quantile(foreign, 1 - share_of * _SHARES[0], method="higher"))


def _classifier(
    values: NDArray[np.float32], classes: NDArray[np.intp], weights: NDArray[np.float64], seed: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Weights and biases of both layers, matrices as the file keeps them."""
    network = MLPClassifier(
        (_HIDDEN,), alpha=_DECAY, batch_size=256, learning_rate_init=0.002, max_iter=_EPOCHS, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many epochs, and no more
        network.fit(values, classes, weights)
    hidden, last = (torch.from_numpy(one.T.copy()) for one in network.coefs_)
    hidden_bias, last_bias = (torch.from_numpy(one.copy()) for one in network.intercepts_)
    if len(network.classes_) == 2:  # one logit, of the second
        last, last_bias = torch.cat([0 * last, last]), torch.cat([0 * last_bias, last_bias])
    weight, bias = torch.zeros(len(MODALITIES), _HIDDEN), torch.full((len(MODALITIES),), -30.0)
    weight[network.classes_], bias[network.classes_] = last.float(), last_bias.float()
    return hidden.half().float(), hidden_bias.float(), weight.half().float(), bias


def _rules(own: str, limit: float) -> tuple[RefusalRule, ...]:
    """Modalities that are certain, first; then, last of all, what is foreign or strange."""
    named = [
        RefusalRule(_CODES[name], OUTPUT, NAMES.index(name), max(CERTAIN, limit)) for name in MODALITIES if name != own
    ]
    foreign = RefusalRule("novelty", OUTPUT, NAMES.index("foreign"), limit)
    return (*named, foreign, RefusalRule("novelty", OUTPUT, NAMES.index("strange"), 1.0))


@torch.inference_mode()
def _refused(said: Tensor, rules: Sequence[RefusalRule], rows: pd.DataFrame) -> Estimate:
    hit = np.any([said[:, rule.index].numpy() > rule.above for rule in rules], axis=0)
    groups = rows["group_id"].reset_index(drop=True)
    return GroupBootstrap(groups).estimate(share(hit, np.ones(len(hit), bool)))


@torch.inference_mode()
def _agree(before: Classifier, after: Classifier, gate: Gate, look: Look, rows: pd.DataFrame) -> None:
    for pixels, values in zip(pixels_of(rows), look.all(rows), strict=True):
        old, new = before.run(pixels), after.run(pixels)
        apart = max(float(np.abs(old[name] - new[name]).max()) for name in old)
        gated = float(np.abs(new[OUTPUT] - gate.judge(values[None])[0].numpy()).max())
        if not max(apart, gated) <= _AGREE:
            raise AgreementError(f"the copy differs by {max(apart, gated):.2g} (limit {_AGREE:g}); nothing was written")
