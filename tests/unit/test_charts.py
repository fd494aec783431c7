"""Charts: what is drawn where, what strangers' names do, and that equal data gives equal bytes."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from agent import charts

LEARNING = {"recall": [(0, 0.0, 0.0), (10, 0.6, 0.1), (60, 0.9, 0.02)], "nearest": [(0, 0.0, 0.0), (60, 0.5, 0.1)]}
ELEMENTS = {"svg", "style", "text", "g", "line", "rect", "path", "polyline", "polygon", "circle"}
TABLE = np.array([[9, 1, 0], [0, 5, 5]])
FILES = {
    "learning": lambda: charts.learning(LEARNING),
    "errors": lambda: charts.errors({"linear": [(1, 5.0, 1.0), (1000, 1e-20, 0.0)]}),
    "values": lambda: charts.values({"cells": [(n, 0.3 + n % 200, 0.1) for n in range(100, 3000, 100)]}, "error"),
    "wires": lambda: charts.wires([np.array([[0, 1], [1, 0]])] * 3, 20, "twenty numbers"),
    "bars": lambda: charts.bars({"recall": (0.9, 0.02), "nearest": (0.7, 0.0)}, "after 60 lessons"),
    "confusions": lambda: charts.confusions({f"run {n}": (TABLE, ("3", "8")) for n in range(14)}),
    "by_label": lambda: charts.by_label({"recall": {"3": 0.99, "8": 0.9}, "nearest": {"3": 0.5}}),
}


def cells(svg):
    """(css class, x, y, opacity) of every filled cell of a confusion table."""
    drawing = ElementTree.fromstring(svg)
    return [(r.get("class"), r.get("x"), r.get("y"), float(r.get("fill-opacity"))) for r in drawing.iter("rect")]


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_an_svg_with_a_name_and_the_same_data_gives_the_same_bytes(name):
    drawing = ElementTree.fromstring(FILES[name]())
    assert drawing.tag.endswith("svg") and drawing.get("aria-label") and int(drawing.get("width")) >= 400
    assert FILES[name]() == FILES[name]()


def test_a_value_stands_where_the_axes_say():
    line = charts.Line("s0", "one", [(1, 0.0), (10, 0.5), (100, 2.0)])
    svg = charts.plot([line], charts.Axis(1, 100, log=True), charts.Axis(0.0, 1.0), "a chart")
    points = ElementTree.fromstring(svg).find(".//polyline").get("points").split()
    left, right, top, bottom = 68, 640 - 16, 16, 260 - 56
    assert points[0] == f"{left:.1f},{bottom:.1f}" and points[1] == f"{(left + right) / 2:.1f},{(top + bottom) / 2:.1f}"
    assert points[2] == f"{right:.1f},{top:.1f}", "what is beyond an axis is drawn at its end"


def test_a_spread_is_a_band_of_its_height_and_a_line_without_points_is_left_out():
    lines = [charts.Line("s0", "one", [(0, 0.5), (1, 0.5)], (0.25, 0.25)), charts.Line("s1", "none", [])]
    drawing = ElementTree.fromstring(charts.plot(lines, charts.Axis(0, 1), charts.Axis(0.0, 1.0), "a chart"))
    heights = [float(point.split(",")[1]) for point in drawing.find(".//polygon").get("points").split()]
    assert (
        max(heights) - min(heights) == pytest.approx((260 - 16 - 56) / 2) and len(drawing.findall(".//polyline")) == 1
    )
    assert "Nothing yet" in charts.plot([], charts.Axis(0, 1), charts.Axis(0.0, 1.0), "a chart", "Nothing yet")


def test_a_confusion_tells_right_from_wrong_and_leaves_out_what_never_happened():
    assert [(kind, x, y) for kind, x, y, _ in cells(charts.confusion(TABLE, ("3", "8"), "who was taken for whom"))] == [
        ("right", "34", "34"),
        ("wrong", "68", "34"),
        ("right", "68", "68"),
        ("wrong", "102", "68"),
    ]


def test_a_long_label_fits_above_its_column_and_beside_its_row():
    svg = ElementTree.fromstring(charts.confusion(TABLE, ("heart", "8"), "a table"))
    squeezed = [text.text for text in svg.iter("text") if text.get("textLength") == "30"]
    assert squeezed == ["heart"] * 2 and [text.text for text in svg.iter("text")].count("8") == 2


def test_rare_mistakes_stay_visible_and_frequent_ones_are_stronger():
    table = np.array([[999, 1, 0], [500, 500, 0]])
    strength = {(x, y): opacity for _, x, y, opacity in cells(charts.confusion(table, ("3", "8"), "a table"))}
    assert 0 < strength["68", "34"] < strength["34", "68"]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><b>', "${x}`", "a&b"])
def test_names_of_strangers_stay_text(name):
    curves = {name: LEARNING["recall"]}
    for svg in (
        charts.learning(curves),
        charts.confusions({name: (TABLE, (name, "8"))}),
        charts.bars({name: (0.5, 0.1)}, name),
    ):
        drawing = ElementTree.fromstring(svg)
        assert {element.tag.rpartition("}")[2] for element in drawing.iter()} <= ELEMENTS
        assert "${" not in svg.decode()


def test_long_curves_over_frames_are_smoothed_and_short_ones_are_not():
    def heights(n_points):
        drawing = charts.values({"cells": [(n, n % 2, 0.0) for n in range(n_points)]}, "error").decode()
        points = re.search(r'<polyline points="([^"]+)"', drawing)[1].split()
        return [float(point.split(",")[1]) for point in points]

    short, long = heights(6), heights(20)
    assert abs(short[-1] - short[-2]) > 2 * abs(long[-1] - long[-2]) > 0
