"""The report, from published predictions, from a bare table, and in a browser."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tejido.cli.main import main
from tejido.metrics.operating import predictive_values
from tests.app.browsing import launched, needs_browser
from tests.support.pictures import encode, noise

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "skin-suspicion"


class Page(HTMLParser):
    """What a page refers to, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.anchors: list[str] = []
        self.elsewhere: list[str] = []
        self.pictures: list[str] = []
        self.without_alt = 0
        self.words = ""
        self._silent = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self._silent = tag in ("style", "script")
        if known.get("id"):
            self.ids.append(str(known["id"]))
        for name in ("src", "href"):
            value = str(known.get(name) or "")
            if value.startswith("#"):
                self.anchors.append(value[1:])
            elif value.startswith("data:image/"):
                self.pictures.append(value)
            elif value:
                self.elsewhere.append(value)
        if tag == "img" and not known.get("alt"):
            self.without_alt += 1
        assert tag not in ("link", "iframe", "object")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words += data


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the bundled model's published predictions; without the manifest, which is not in the repository."""
    folder = tmp_path_factory.mktemp("report")
    assert main(["evaluate", str(RESULTS), "-o", str(folder), "--rounds", "100"]) == 0
    return folder / "report.html"


def test_it_needs_nothing_else(report: Path) -> None:
    page = Page(report.read_text(encoding="utf-8"))
    assert page.elsewhere == []
    assert page.without_alt == 0
    assert len(page.pictures) == 6
    assert len(set(page.ids)) == len(page.ids)
    assert set(page.anchors) <= set(page.ids)
    assert report.stat().st_size < 1_000_000


def test_it_says_the_published_figures(report: Path) -> None:
    page = Page(report.read_text(encoding="utf-8"))
    known = json.loads((RESULTS / "metrics.json").read_text())
    test = known["test"]["all"]
    assert f"The area under the ROC curve is {test['auc']['value']:.3f} (" in page.words
    assert f"{known['test']['histology']['auc']['value']:.3f} (" in page.words
    assert f"it finds {100 * test['sensitivity']['value']:.0f} %" in page.words
    assert f"Of melanomas it finds {100 * test['sensitivity_melanoma']['value']:.0f} %" in page.words
    assert f"{test['images']:,} images of {test['groups']:,} lesions or patients" in page.words
    for section in ("Thresholds", "What a score has meant", "Prediction sets", "Limits", "Checklist", "TRIPOD+AI"):
        assert section in page.words
    assert "not a medical device" in page.words
    assert "Parts of the images (sex, age, skin) were not looked at" in page.words
    assert "student_k3" in page.words
    assert "Missed melanomas" not in page.words  # pictures were not asked for


@needs_browser
def test_predictive_values_follow_the_readers_share(report: Path) -> None:
    with launched() as browser:
        page = browser.new_page()
        trouble: list[str] = []
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(report.as_uri())
        cells = page.locator("[data-of]")
        for share in ("5", "20", "0.5"):
            page.fill("#prevalence", share)
            shown = cells.all_inner_texts()
            for place in range(cells.count()):
                facts = cells.nth(place).evaluate("cell => ({...cell.dataset})")
                asked = float(facts["sensitivity"]), float(facts["specificity"]), float(share) / 100
                value = 100 * predictive_values(*asked)[facts["of"] == "negative"]
                assert float(shown[place].removesuffix(" %")) == pytest.approx(
                    value, abs=0.51 if 1 <= value <= 99 else 0.051
                )
        before = cells.all_inner_texts()
        for wrong in ("", "-3", "400"):
            page.fill("#prevalence", wrong)
            assert cells.all_inner_texts() == before
        assert page.evaluate("document.body.scrollWidth <= window.innerWidth")
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.body.scrollWidth <= window.innerWidth")
        assert trouble == []


@needs_browser
def test_on_paper_nothing_is_cut_off_or_left_out(report: Path) -> None:
    with launched() as browser:
        page = browser.new_page(viewport={"width": 680, "height": 960})  # A4 between margins
        page.emulate_media(media="print")
        page.goto(report.as_uri())
        cut = (
            "[...document.querySelectorAll('.wide, pre')].filter((one) => one.scrollWidth > one.clientWidth + 1).length"
        )
        assert page.evaluate(cut) == 0
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        recipe, environment = (page.locator("pre").nth(place).bounding_box() for place in (0, 1))
        assert recipe is not None
        assert recipe["height"] > 300
        assert environment is not None
        assert environment["height"] > 50


def test_a_bare_table_of_several_labels_with_hostile_names(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = ["a", "<script>alert(1)</script>", "c & d"]
    values = rng.dirichlet([1, 1, 1], 120)
    table = pd.DataFrame(values, columns=[f"p_{name}" for name in names]).assign(truth=rng.choice(names, 120))
    table.to_csv(tmp_path / "bare.csv", index=False)
    assert main(["evaluate", str(tmp_path / "bare.csv"), "-o", str(tmp_path / "out"), "--rounds", "100"]) == 0
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    page = Page(text)
    assert "Balanced accuracy is" in page.words
    assert "only answers and truths were given" in page.words
    assert "there is no group_id" in page.words.lower()
    assert "Thresholds" not in page.words
    assert len(page.pictures) == 4
    made = {path.stem for path in (tmp_path / "out").glob("*.png")}
    assert made == {"roc", "precision_recall", "reliability", "risk_coverage"}


def test_one_label_alone(tmp_path: Path) -> None:
    table = pd.DataFrame({"truth": ["a"] * 30, "p_a": 0.7, "p_b": 0.3})
    table.to_csv(tmp_path / "one.csv", index=False)
    assert main(["evaluate", str(tmp_path / "one.csv"), "--threshold", "0.5", "-o", str(tmp_path / "out")]) == 0
    words = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8")).words
    assert "area under the ROC curve" not in words
    assert "all images are 'a'" in words.lower() or "clears 100 %" in words


def missed_of(page: str) -> str:
    return page.split('<h2 id="missed">')[1].split("<h2")[0]


def test_missed_melanomas_are_a_gallery(tmp_path: Path) -> None:
    table = pd.read_parquet(RESULTS / "predictions.parquet")
    table = table[table["split"] == "test"].drop(columns="split")
    threshold = 0.5  # more are missed than are shown
    melanomas = table[table["diagnosis"] == "melanoma"]
    missed = melanomas[melanomas["p_suspicious"] < threshold].sort_values("p_suspicious")
    assert len(missed) > 24
    (tmp_path / "picture.png").write_bytes(encode(noise(), "PNG"))
    seen = missed["image_id"].iloc[:2]
    table["path"] = np.where(table["image_id"].isin(seen), str(tmp_path / "picture.png"), str(tmp_path / "gone.png"))
    table.loc[table["image_id"] == missed["image_id"].iloc[2], "diagnosis"] = "melanoma_in_situ"  # is one too
    table.to_csv(tmp_path / "given.csv", index=False)
    asked = ["evaluate", str(tmp_path / "given.csv"), "--positive", "suspicious", "--threshold", str(threshold)]
    assert main([*asked, "--rounds", "100", "--pictures", "-o", str(tmp_path / "with")]) == 0
    text = (tmp_path / "with" / "report.html").read_text(encoding="utf-8")
    gallery = missed_of(text)
    groups = missed["group_id"].nunique()
    said = f"{len(missed)} of {len(melanomas)} pictures of melanomas, of {groups} lesions or patients"
    assert said in gallery
    assert "Shown are the 24 that were suspected least" in gallery
    shown = [part.split(",")[0] for part in gallery.split("<figcaption>")[1:]]
    assert shown == missed["image_id"].tolist()[:24]
    assert gallery.count("data:image/jpeg") == 2
    assert set(Page(text).anchors) <= set(Page(text).ids)


def test_no_melanoma_is_missed_at_a_threshold_of_nothing(tmp_path: Path) -> None:
    names = [f"i{place}" for place in range(40)]
    score = np.linspace(0.1, 0.9, 40)
    table = pd.DataFrame({"image_id": names, "truth": ["benign", "suspicious"] * 20, "p_benign": 1 - score})
    table = table.assign(p_suspicious=score, diagnosis=["nevus", "melanoma"] * 20)
    table.to_csv(tmp_path / "given.csv", index=False)
    asked = ["evaluate", str(tmp_path / "given.csv"), "--threshold", "0", "--rounds", "100", "--pictures"]
    assert main([*asked, "-o", str(tmp_path / "out")]) == 0
    gallery = missed_of((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert "0 of 20 pictures of melanomas" in gallery
    assert "<figure>" not in gallery
