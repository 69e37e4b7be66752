"""Photos on the page: what kind they are, several of one lesion, parts of them, and those taken with a camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tejido.app.server import create_app
from tejido.runtime import library
from tejido.runtime.classifier import Classifier
from tests.app.browsing import DONE, agree, answer, give, launched, needs_browser, opened
from tests.app.live import serving
from tests.app.test_parity import asked
from tests.support.pictures import encode, noise, with_orientation
from tests.support.tiny_model import tiny_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = needs_browser


def flat(value: int) -> bytes:
    return encode(np.full((300, 400, 3), value, np.uint8), "PNG")


BRIGHT, DIM, BLACK = flat(180), flat(60), flat(0)


@pytest.fixture(scope="module")
def origin(models: Path) -> Iterator[str]:
    with serving(create_app("stand-in")) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    with opened(browser, origin) as page:
        yield page


def files(*pictures: bytes) -> list[dict[str, object]]:
    return [{"name": f"{n}.png", "mimeType": "image/png", "buffer": data} for n, data in enumerate(pictures)]


def results(page: Page) -> list[str]:
    """What the row of photos says, once all are judged."""
    page.wait_for_selector(".photo span:text-is('…')", state="detached")
    return [text.replace("\u00a0", " ") for text in page.locator(".photo span").all_inner_texts()]


def test_a_phone_photo_is_refused_where_no_model_is_made_for_it(page: Page) -> None:
    page.check("input[value=clinical]")
    text = give(page, BRIGHT)
    assert "I cannot judge this image." in text
    assert "If worried, get it examined." in text
    assert "No model here was made for this kind of picture." in text
    assert "%" not in text
    page.check("input[value=dermoscopy]")
    page.wait_for_selector("#answer-body[data-state=attention]")
    # an example is what it is
    page.check("input[value=histology]")
    page.click("#examples li:nth-child(1) button")
    assert page.is_checked("input[value=dermoscopy]")


def test_the_kind_chooses_among_the_models(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "BUNDLED", tmp_path / "bundled")
    (tmp_path / "bundled").mkdir()
    (tmp_path / "bundled" / "skin-suspicion.onnx").write_bytes(tiny_model(name="skin-suspicion"))
    monkeypatch.setenv("TEJIDO_MODELS", str(tmp_path))
    (tmp_path / "slides.onnx").write_bytes(tiny_model(modality="histology"))
    (tmp_path / "photos.onnx").write_bytes(tiny_model(modality="clinical"))
    (tmp_path / "others.onnx").write_bytes(tiny_model(modality="clinical"))
    with serving(create_app("skin-suspicion")) as origin, opened(browser, origin) as page:
        assert page.locator("#more-models").is_hidden()
        page.check("input[value=histology]")
        assert page.inner_text(".facts dd") == "slides"
        page.check("input[value=clinical]")
        page.click("#more-models summary")
        offered = page.locator("#model option").all_inner_texts()
        assert [text.split()[0] for text in offered] == ["others", "photos"]
        assert "bright" in offered[0]
        page.check("input[value=dermoscopy]")
        assert page.inner_text(".facts dd") == "skin-suspicion"


def test_several_photos_of_one_lesion(page: Page) -> None:
    page.set_input_files("#file", files(DIM, BRIGHT, BLACK))
    assert results(page) == ["24 %", "71 %", "refused"]
    assert "Nothing suspicious" in page.inner_text("#answer-body")  # of the first, which is shown
    said = page.inner_text(".series").replace("\u00a0", " ")
    assert "2 photos of this lesion" in said
    assert "1 of 2 are “suspicious” to this model." in said
    assert "from 24 % to 71 %. The highest one counts, not their mean." in said
    assert "The photos disagree." in said
    assert "Photos that could not be judged: 1." in said
    page.click(".photos li:nth-child(3) .photo")
    assert "I cannot judge this image." in page.inner_text("#answer-body")
    # one more
    page.set_input_files("#add-file", files(BRIGHT))
    assert results(page) == ["24 %", "71 %", "refused", "71 %"]
    page.wait_for_selector(".series:has-text('2 of 3')")
    # taken away again, by keyboard
    page.focus(".photos li:nth-child(2) .remove")
    page.keyboard.press("Enter")
    page.focus(".photos li:nth-child(2) .remove")
    page.keyboard.press("Enter")
    assert results(page) == ["24 %", "71 %"]
    page.click("[data-language=es]")
    assert "2 fotos de esta lesión" in page.inner_text(".series")
    # another picture is another lesion
    give(page, DIM)
    assert page.locator("#photos").is_hidden()
    assert page.locator(".series").count() == 0


def test_photos_that_agree_say_so_quietly(page: Page) -> None:
    page.set_input_files("#file", files(BRIGHT, flat(190)))
    assert results(page) == ["71 %", "75 %"]
    assert "disagree" not in page.inner_text(".series")
    assert page.evaluate("document.querySelectorAll('.photo[aria-pressed=true]').length") == 1


def test_no_more_than_eight(page: Page) -> None:
    page.set_input_files("#file", files(*[flat(60 + n) for n in range(12)]))
    assert len(results(page)) == 8
    assert page.locator("#add").is_hidden()


def test_a_photo_that_fails_leaves_the_others(page: Page) -> None:
    page.set_input_files("#file", files(b"\xff\xd8\xff broken", DIM))
    assert results(page) == ["failed", "24 %"]
    assert "cannot be read as a picture" in page.inner_text("#answer-body")


HALVES = np.full((300, 400, 3), 60, np.uint8)
HALVES[:, 200:] = 200


def test_a_part_is_judged_alone(page: Page) -> None:
    """Dark on the left, bright on the right: each half has its own answer."""
    assert "Nothing suspicious" not in give(page, encode(HALVES, "PNG"))
    page.click("#crop")
    page.wait_for_selector("#crop-box:not([hidden])")
    assert page.evaluate("document.activeElement.id") == "crop-box"
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")
    assert "from the left" in (page.get_attribute("#crop-box", "aria-valuetext") or "")
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer-body[data-state=calm]")
    assert "24" in page.inner_text("#answer-body")
    shown = page.locator("#preview").evaluate("image => image.getBoundingClientRect().width")
    assert shown == pytest.approx(400 / 150 * page.locator("#frame").bounding_box()["width"], rel=0.01)  # type: ignore[index]
    # all of it again
    page.click("#uncrop")
    page.wait_for_selector("#answer-body[data-state=attention]")
    assert page.locator("#uncrop").is_hidden()


def test_a_part_chosen_with_the_pointer(page: Page) -> None:
    give(page, encode(HALVES, "PNG"))
    page.click("#crop")
    box = page.locator("#crop-box").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - 500, box["y"], steps=4)
    page.mouse.up()
    page.click("#crop-use")
    page.wait_for_selector("#answer-body[data-state=calm]")
    # given up: nothing changes
    page.click("#uncrop")
    page.wait_for_selector("#answer-body[data-state=attention]")
    page.click("#crop")
    page.fill("#crop-size", "80")
    page.keyboard.press("Tab")
    page.click("#crop-cancel")
    assert page.locator("#crop-box").is_hidden()
    assert page.locator("#uncrop").is_hidden()


def test_a_part_is_what_python_sees_of_it(page: Page, models: Path) -> None:
    pixels = noise(211, 307)
    box = {"left": 31, "top": 17, "width": 97, "height": 97}
    found = asked(page, encode(pixels, "PNG"), "stand-in", box)
    own = Classifier(models / "stand-in.onnx").predict(np.ascontiguousarray(pixels[17:114, 31:128]))
    assert found["answer"]["probabilities"] == pytest.approx(own.probabilities, abs=1e-6)
    assert found["answer"]["quality"] == pytest.approx(own.quality, abs=1e-4)


def test_a_part_goes_to_the_server_alone(browser: Browser, origin: str) -> None:
    with opened(browser, origin, runtime=False) as page:
        page.set_input_files("#file", files(encode(HALVES, "PNG")))
        agree(page)
        page.wait_for_selector("#answer-body[data-state=attention]")
        page.click("#crop")
        for _ in range(5):
            page.keyboard.press("Shift+ArrowLeft")
        with page.expect_request("**/classify*") as sent:
            page.keyboard.press("Enter")
        page.wait_for_selector("#answer-body[data-state=calm]")
        assert sent.value.post_data_buffer is not None
        assert sent.value.post_data_buffer[:4] == b"\x89PNG"


def test_small_pictures_cannot_be_cropped(page: Page) -> None:
    give(page, encode(noise(100, 120), "PNG"))
    assert page.locator("#crop").is_hidden()


@pytest.mark.parametrize("side", range(2, 9))
def test_webp_is_shown_as_it_is_judged(page: Page, side: int) -> None:
    """No browser turns WebP upright; the page does, for the eye and for the model."""
    corner = np.zeros((200, 300, 3), np.uint8)
    corner[:100, :100] = 255
    turned = encode(corner, "WEBP", lossless=True, exif=with_orientation(side))
    page.set_input_files("#file", [{"name": "a.webp", "mimeType": "image/webp", "buffer": turned}])
    page.wait_for_selector(DONE)
    white = page.locator("#preview").evaluate(
        """image => {
            const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
            const context = canvas.getContext("2d", {willReadFrequently: true});
            context.drawImage(image, 0, 0);
            const at = (x, y) => context.getImageData(x, y, 1, 1).data[0] > 128;
            const [w, h] = [canvas.width, canvas.height];
            return [w, h, at(5, 5), at(w - 5, 5), at(5, h - 5), at(w - 5, h - 5)];
        }"""
    )
    from tejido.runtime.decode import decode

    pixels = decode(turned)
    h, w = pixels.shape[:2]
    ends = [(5, 5), (w - 5, 5), (5, h - 5), (w - 5, h - 5)]
    assert white == [w, h, *(bool(pixels[y, x, 0] > 128) for x, y in ends)]


def test_a_picture_from_the_camera(page: Page) -> None:
    page.click("#use-camera")
    page.wait_for_selector("#camera[open]")
    page.click("#camera-take:not([disabled])")
    answer(page)
    width = page.locator("#preview").evaluate("image => image.naturalWidth")
    assert width >= 640
    # closed without taking one: the last picture stays
    page.click("#use-camera")
    page.click("#camera-take:not([disabled])", trial=True)
    page.keyboard.press("Escape")
    page.wait_for_selector("#camera:not([open])", state="attached")
    assert page.locator("#preview").evaluate("image => image.naturalWidth") == width
    assert page.evaluate("document.querySelector('#camera-view').srcObject") is None


def test_a_camera_that_is_not_allowed_or_not_there(browser: Browser, origin: str) -> None:
    cases = {
        "NotAllowedError": "The page may not use the camera.",
        "NotFoundError": "No camera was found.",
        "NotReadableError": "The camera gave no picture.",
    }
    for name, words in cases.items():
        with opened(browser, origin) as page:
            page.evaluate(
                "name => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name); }; }",
                name,
            )
            page.click("#use-camera")
            assert words in answer(page)
            assert "Nothing suspicious" in give(page, DIM)
