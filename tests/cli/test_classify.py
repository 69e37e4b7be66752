"""``tejido classify``: the same answers as Python, for programs and for people."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import tejido as package
from tejido.cli.classify import percentage
from tejido.runtime.overlay import draw
from tests.cli.conftest import tejido
from tests.support.context_model import context_model
from tests.support.pictures import encode, noise, with_orientation
from tests.support.tiny_model import METADATA, tiny_model, with_metadata

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Result


def test_json_is_what_python_says(run: Callable[..., Result], model: Path, tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    path.write_bytes(encode(noise(), "JPEG", exif=with_orientation(6)))
    result = run("classify", "--json", "--model", model, path)
    prediction = package.load(model).predict(path)
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out) == {
        "image": str(path),
        "label": prediction.label,
        "probabilities": prediction.probabilities,
        "refused": False,
        "reason": None,
        "quality": prediction.quality,
        "possible": None,
        "model": "tiny",
    }


def test_json_has_one_line_for_each_picture_in_order(
    run: Callable[..., Result], model: Path, pictures: dict[str, Path]
) -> None:
    result = run("classify", "--model", model, *pictures.values(), "--json")
    answers = [json.loads(line) for line in result.out.splitlines()]
    assert [answer["image"] for answer in answers] == [str(path) for path in pictures.values()]
    assert [answer["label"] for answer in answers[:2]] == ["dark", "bright"]
    assert [answer["reason"] for answer in answers] == [None, None, "darkness", "glare"]


def test_a_person_reads_names_and_whole_per_cent(
    run: Callable[..., Result], model: Path, pictures: dict[str, Path]
) -> None:
    result = run("classify", "--model", model, pictures["bright"], pictures["black"], pictures["white"])
    assert result.code == 0
    assert result.out.splitlines() == [
        str(pictures["bright"]),
        "  bright",
        "    dark    ████░░░░░░░░░░░░░░░░   20 %",
        "    bright  ████████████████░░░░   80 %",
        str(pictures["black"]),
        "  cannot be judged: too dark",
        str(pictures["white"]),
        "  cannot be judged: too much glare",
    ]
    assert "not a medical device" in result.err
    assert result.err.count("\n") == 1


def test_what_cannot_be_excluded(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "sets.onnx").write_bytes(
        tiny_model(operating={"sets": {"coverage": 0.9, "least": {"dark": 0.35, "bright": 0.55}}})
    )
    levels = {"both": 0.6, "one": 0.2, "none": 0.5}
    for name, level in levels.items():
        Image.new("RGB", (40, 40), (round(255 * level),) * 3).save(tmp_path / f"{name}.png")
    paths = [tmp_path / f"{name}.png" for name in levels]
    said = run("classify", "--model", tmp_path / "sets.onnx", *paths).out
    assert [line.strip() for line in said.splitlines() if "coverage" in line] == [
        "with 90 % coverage: dark or bright",
        "with 90 % coverage: dark",
        "with 90 % coverage: dark",
    ]
    lines = run("classify", "--json", "--model", tmp_path / "sets.onnx", *paths).out.splitlines()
    assert [json.loads(line)["possible"] for line in lines] == [
        {"coverage": 0.9, "labels": ["dark", "bright"]},
        {"coverage": 0.9, "labels": ["dark"]},
        {"coverage": 0.9, "labels": ["dark"]},
    ]


def test_nothing_is_possible(run: Callable[..., Result], pictures: dict[str, Path], tmp_path: Path) -> None:
    sets = {"coverage": 0.8, "least": {"dark": 0.99, "bright": 0.99}}
    (tmp_path / "sets.onnx").write_bytes(tiny_model(operating={"sets": sets}))
    said = run("classify", "--model", tmp_path / "sets.onnx", pictures["bright"]).out
    assert "with 80 % coverage: none of its labels" in said


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0, "<1 %"), (0.009, "<1 %"), (0.01, "1 %"), (0.426, "43 %"), (0.99, "99 %"), (0.991, ">99 %"), (1, ">99 %")],
)
def test_percentages_never_claim_certainty(probability: float, text: str) -> None:
    assert percentage(probability) == text


def test_a_bad_picture_does_not_stop_the_others(
    run: Callable[..., Result], model: Path, pictures: dict[str, Path]
) -> None:
    result = run("classify", "--json", "--model", model, "missing.jpg", pictures["dark"])
    first, second = map(json.loads, result.out.splitlines())
    assert first == {"image": "missing.jpg", "error": "no such file"}
    assert second["label"] == "dark"
    assert (result.code, result.err) == (1, "tejido: missing.jpg: no such file\n")


def test_heatmaps(run: Callable[..., Result], model: Path, tmp_path: Path) -> None:
    paths = [tmp_path / "a.png", tmp_path / "other" / "a.png"]
    for seed, path in enumerate(paths):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode(noise(seed=seed), "PNG"))
    result = run("classify", "--json", "--model", model, "--heatmap", tmp_path / "maps", *paths)
    written = [Path(json.loads(line)["heatmap"]) for line in result.out.splitlines()]
    assert [path.name for path in written] == ["a-heatmap.png", "a-heatmap-2.png"]
    for seed, path in enumerate(written):
        heatmap = package.load(model).predict(noise(seed=seed)).heatmap
        assert heatmap is not None
        with Image.open(path) as image:
            np.testing.assert_array_equal(np.asarray(image), draw(noise(seed=seed), heatmap, "centre_square"))


def test_no_heatmap_of_a_picture_that_cannot_be_judged(
    run: Callable[..., Result], model: Path, pictures: dict[str, Path], tmp_path: Path
) -> None:
    result = run("classify", "--json", "--model", model, "--heatmap", tmp_path / "maps", pictures["black"])
    assert json.loads(result.out)["heatmap"] is None
    assert list((tmp_path / "maps").iterdir()) == []


def test_a_model_without_a_heatmap(run: Callable[..., Result], pictures: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "plain.onnx").write_bytes(with_metadata(METADATA.to_json(), heatmap=False))
    arguments = ("classify", "--json", "--model", tmp_path / "plain.onnx", "--heatmap", tmp_path / "maps")
    result = run(*arguments, pictures["dark"])
    assert json.loads(result.out)["heatmap"] is None
    assert (result.code, result.err) == (0, "The model 'tiny' has no heatmap; its network does not allow one.\n")
    assert list((tmp_path / "maps").iterdir()) == []


def test_a_heatmap_folder_that_cannot_be_made(
    run: Callable[..., Result], model: Path, pictures: dict[str, Path]
) -> None:
    result = run("classify", "--model", model, "--heatmap", pictures["dark"], pictures["dark"])
    assert (result.code, result.out) == (1, "")
    assert result.err == f"tejido: {pictures['dark']}: cannot be made a folder (File exists)\n"


def test_names_of_any_bytes(model: Path, pictures: dict[str, Path], tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9 \xff.png")
    odd = tmp_path / name
    try:
        odd.write_bytes(pictures["dark"].read_bytes())
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    answer = tejido("classify", "--json", "--model", model, odd)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert json.loads(answer.stdout)["image"] == str(odd)
    spoken = tejido("classify", "--model", model, "--heatmap", tmp_path / "maps", odd, tmp_path / "new\nline")
    assert spoken.stdout.splitlines()[0].endswith(r"caf\udce9 \udcff.png")
    assert spoken.stderr.splitlines()[1].endswith(r"new\nline: no such file")
    assert spoken.returncode == 1


def test_a_terminal_of_few_characters(model: Path, pictures: dict[str, Path]) -> None:
    result = tejido("classify", "--model", model, pictures["dark"], env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (result.returncode, result.stdout.splitlines()[1]) == (0, "  dark")


def test_words_of_a_model_cannot_steer_the_terminal(
    run: Callable[..., Result], tmp_path: Path, pictures: dict[str, Path]
) -> None:
    import dataclasses

    labels = (METADATA.labels[0], dataclasses.replace(METADATA.labels[1], en="\x1b[31mred\nline"))
    path = tmp_path / "odd.onnx"
    path.write_bytes(tiny_model(labels=labels))
    result = run("classify", "--model", path, pictures["bright"])
    assert "\x1b" not in result.out
    assert len(result.out.splitlines()) == 4


def test_age_sex_and_site(run: Callable[..., Result], tmp_path: Path, pictures: dict[str, Path]) -> None:
    asks = tmp_path / "asks.onnx"
    asks.write_bytes(context_model())
    told = ("--age", 55, "--sex", "female", "--site", "back")
    result = run("classify", "--model", asks, pictures["dark"], "--json", *told)
    assert json.loads(result.out)["probabilities"]["bright"] == pytest.approx(0.175, abs=1e-6)
    result = run("classify", "--model", asks, pictures["dark"], "--json")
    assert json.loads(result.out)["probabilities"]["bright"] == 0
    folder = tmp_path / "heatmaps"
    for arguments, message in (
        (("--model", asks, "--site", "knee"), "knows no site 'knee'; there are: head_neck, posterior_torso, unknown"),
        (("--model", asks, "--age", 300), "age 300.0 is no number from 0 to 120"),
        (("--model", tmp_path / "tiny.onnx", "--sex", "male"), "'tiny' takes no sex; it looks at the picture alone"),
    ):
        (tmp_path / "tiny.onnx").write_bytes(tiny_model())
        result = run("classify", pictures["dark"], "--heatmap", folder, *arguments)
        assert result.code == 1
        assert message in result.err
        assert result.err.count("\n") == 1
        assert not folder.exists()
