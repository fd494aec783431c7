"""The pad costs no more than it must: what nobody sees is not drawn, least of all where a processor draws it."""

import io
import json
import urllib.request
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

COSTS = """() => {
    const { app, outline_graphics } = window.editor;
    const { renderer, ticker } = app;
    return {
        textures: renderer.gl.getParameter(renderer.gl.MAX_TEXTURE_IMAGE_UNITS),
        smoothed: renderer.gl.getContextAttributes().antialias,
        shadows: outline_graphics.filters?.length ?? 0,
        frames_per_s: ticker.maxFPS,
        resolution: renderer.resolution,
        shares: app.canvas.width / renderer.screen.width,
        watched: window.gradio_config.dependencies.filter((each) => Object.getPrototypeOf(each) === Object.prototype).length,
        is_pad: document.querySelector('#pad canvas') === app.canvas,
    };
}"""
SAME = {"textures": 1, "smoothed": False, "shadows": 0, "watched": 0, "is_pad": True}
BY_PROCESSOR = {"frames_per_s": 20, "resolution": 0.75, "shares": 0.75}
BY_CARD = {"frames_per_s": 0, "resolution": 1, "shares": 1}  # as many frames as the screen has, at its resolution
UNMASKED_RENDERER_WEBGL = 0x9246
LINES = (((0.25, 0.25), (0.25, 0.5), (0.25, 0.75)), ((0.75, 0.25), (0.6, 0.5), (0.75, 0.75)))
PROCESSORS = (
    "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)",
    "llvmpipe (LLVM 15.0.7, 256 bits)",
    "ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11, D3D11)",
)
CARDS = ("ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11, D3D11)", "Apple GPU")


def test_a_processor_draws_fewer_and_smaller_frames_than_a_card(visit):
    def pretend(context):  # to be drawn by whoever the address names
        context.add_init_script(
            f"""const own = WebGL2RenderingContext.prototype.getParameter;
            const name = decodeURIComponent(location.search.slice(1));
            WebGL2RenderingContext.prototype.getParameter = function (asked) {{
                return asked === {UNMASKED_RENDERER_WEBGL} && name ? name : own.call(this, asked);
            }};"""
        )

    visitor = visit(prepare=pretend)
    for names, cost in ((("", *PROCESSORS), BY_PROCESSOR), (CARDS, BY_CARD)):
        for name in names:  # none: who draws here is a processor
            visitor.path = f"?{quote(name)}"
            visitor.open()
            assert visitor.page.evaluate(COSTS) == SAME | cost, name


def test_a_stroke_is_drawn_as_one_picture_and_sent_once(visit):
    visitor, asked = visit(), []
    middle = visitor.page.locator("#pad").bounding_box()
    x, y, side = middle["x"], middle["y"], middle["width"]
    visitor._stroke([(x + 0.3 * side, y + share * side) for share in (0.3, 0.5, 0.7)])
    visitor.until_guessed()
    visitor.page.on("request", lambda request: asked.append((request.method, request.url.partition("/gradio_api/")[2])))
    visitor._stroke([(x + 0.6 * side, y + share * side) for share in (0.3, 0.5, 0.7)])
    sent = [path for method, path in asked if method == "POST"]
    assert sorted(sent) == ["queue/join?", "upload"]


def test_how_far_an_event_is_concerns_one_component_of_its_page(server):
    with urllib.request.urlopen(server.url + "config", timeout=20) as answer:
        told = json.load(answer)
    for page in told["page"].values():
        quiet = [
            each["show_progress_on"]
            for each in told["dependencies"]
            if each["id"] in page["dependencies"] and each["show_progress"] == "hidden"
        ]
        assert len(quiet) > 100 and {*map(tuple, quiet)} == {tuple(quiet[0])} and len(quiet[0]) == 1


def shown_with_ink(pad, line):
    """The pad as it is shown, once there is ink all along the line; None if there is none for 100 looks."""
    for _ in range(100):  # it is drawn a frame or two later than the agent sees it
        shown = np.asarray(Image.open(io.BytesIO(pad.screenshot())).convert("L")) > 128
        height, width = shown.shape
        if all(shown[round(y * height), round(x * width)] for x, y in line):
            return shown
    return None


def test_the_ink_is_where_the_pen_was(visit):
    visitor = visit()
    visitor.page.add_style_tag(
        content="#symbols * { visibility: hidden !important; }"
    )  # two lines are two symbols, each in its box
    pad = visitor.page.locator("#pad")
    box = pad.bounding_box()
    for line in LINES:
        for _ in range(3):  # the pad may lose a stroke begun while it still reads the one before
            visitor._stroke([(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line])
            shown = shown_with_ink(pad, line)
            if shown is not None:
                break
        else:
            pytest.fail(f"expected ink along {line}, got none in three attempts.")
    height, width = shown.shape
    rows, columns = np.nonzero(shown[20:-20, 20:-20])
    assert (columns.min() + 20) / width == pytest.approx(0.25, abs=0.06)
    assert (rows.max() + 20) / height == pytest.approx(0.75, abs=0.06)
