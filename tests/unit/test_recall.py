"""What recall alone promises: settings in range, much from little, few copies, reasons in pixels, a starter."""

import copy
from collections import Counter

import numpy as np
import pytest
from agents import SMALL, born
from equality import memory_bytes
from PIL import Image, ImageDraw, ImageFont

from agent import preprocessing
from agent.agents import new
from agent.datasets import digits, fonts, strokes
from agent.errors import AgentError
from agent.kernels import recall as kernels
from agent.models.recall import decision
from agent.models.recall.params import proportion_field
from agent.training import evaluate


@pytest.mark.parametrize(
    "settings",
    [
        {"n_nodes": 0},
        {"n_nodes": 2001},
        {"tuple_size": 15},
        {"tuple_size": True},
        {"n_warps": 1.0},
        {"clear_lead": float("nan")},
    ],
)
def test_settings_out_of_range_are_refused_with_their_numbers(settings):
    name, value = next(iter(settings.items()))
    with pytest.raises(AgentError, match=f"expected {name}.*got {value}"):
        new("recall", **settings)


def test_tables_that_would_fill_the_machine_are_refused():
    with pytest.raises(AgentError, match=r"46,000,000 bytes .* 2000 nodes of 16,384 locations and 6,000 rows"):
        new("recall", n_nodes=2000, tuple_size=14)
    with pytest.raises(AgentError, match="expected a kind"):
        new([])


def test_recall_learns_much_from_little(others):
    """Not a benchmark: a floor well below the figures in the README, to catch a broken part."""
    pupil = new("recall", seed=0)
    pupil.learn_many(*digits.Selection({"mnist": 60}, seed=0).draw())
    drawings, labels = digits.Selection({"mnist": 300}, seed=1, split="train").draw()
    assert np.mean([g.label == label for g, label in zip(pupil.predict_many(drawings), labels, strict=True)]) > 0.88


def test_labels_of_many_lessons_may_be_an_array(lessons):
    pupil, other = born("recall"), born("recall")
    pupil.learn_many(np.array(lessons[0]), np.array(lessons[1]))
    other.learn_many(*lessons)
    assert pupil.labels == other.labels and pupil.n_lessons == other.n_lessons == len(lessons[1]) > 1
    *_, last = evaluate(pupil, np.array(lessons[0]), np.array(lessons[1]))
    assert last.n_right == len(lessons[1])


def drawn_letter(label: str) -> np.ndarray:
    """A printed letter."""
    page = Image.new("L", (96, 96))
    font = ImageFont.truetype(fonts.FOLDER / "Carlito.ttf", 72)
    ImageDraw.Draw(page).text((48, 48), label, fill=255, font=font, anchor="mm")
    return np.array(page)


@pytest.mark.slow
@pytest.mark.parametrize("is_user", [True, False], ids=["user", "bulk"])
@pytest.mark.parametrize("n_lessons", [60, 600, 6000])
def test_one_lesson_of_a_new_label_changes_no_answer_about_the_others(n_lessons, is_user):
    """At most one of 300; what is asked is asked of the same agent before."""
    pupil = new("recall", seed=0)
    pupil.learn_many(*digits.Selection({"mnist": n_lessons}, seed=0).draw())
    drawings, labels = digits.Selection({"mnist": 300}, seed=1, split="test").draw()
    before = sum(guess.label == label for guess, label in zip(pupil.predict_many(drawings), labels, strict=True))
    if is_user:
        pupil.learn_one(drawn_letter("A"), "A")
    else:
        pupil.learn_many([drawn_letter("A")], ["A"])
    after = sum(guess.label == label for guess, label in zip(pupil.predict_many(drawings), labels, strict=True))
    assert after >= before - 1
    assert pupil.predict_one(drawn_letter("A")).label == "A"


@pytest.mark.parametrize("is_user", [True, False], ids=["user", "bulk"])
def test_a_hundred_ones_and_three_sevens_leave_ones_ones(is_user):
    drawings, labels = (np.asarray(part) for part in digits.mnist("train"))
    ones, sevens = (drawings[labels == label] for label in "17")
    pupil = new("recall", seed=0)
    taught, names = [*ones[:100], *sevens[:3]], ["1"] * 100 + ["7"] * 3
    if is_user:
        for drawing, label in zip(taught, names, strict=True):
            pupil.learn_one(drawing, label)
    else:
        pupil.learn_many(taught, names)
    assert np.mean([guess.label == "1" for guess in pupil.predict_many(ones[100:400])]) >= 0.99
    assert np.mean([guess.label == "7" for guess in pupil.predict_many(sevens[3:303])]) >= 0.9


@pytest.mark.parametrize("mean", [1, 6, 60, 600, 6000])
@pytest.mark.parametrize("imbalance", [1, 2, 10, 1000, 60_000])
def test_votes_in_advance_are_bounded_and_fade(mean, imbalance):
    counts = np.array([mean * imbalance] * 10 + [mean])
    halvings = decision.rarity(counts)
    most = 20 / (20 + counts.mean())
    assert np.abs(halvings).max() <= most and (np.argsort(halvings, kind="stable") == np.arange(11)).all()
    assert imbalance > 1 or not halvings.any()


def test_copies_become_fewer_smoothly_and_fill_no_more_rows_than_they_may(lessons):
    pupil = born("recall")
    drawings, labels = digits.mnist("test")
    most, n_before = SMALL["recall"]["n_rows"], 0
    for n_lessons in range(1, 420):
        pupil.learn_one(drawings[n_lessons], labels[n_lessons])
        part = pupil.model._user
        assert part.n - n_lessons <= most * 1.1 and abs(part.n - n_before) <= SMALL["recall"]["n_warps"] + 1
        n_before = part.n
    assert part.n == n_lessons  # no copies any more


def test_a_copy_shares_its_memory_until_it_learns(lessons, others):
    pupil = born("recall")
    pupil.learn_many(*lessons)
    before, twin = memory_bytes(pupil), copy.deepcopy(pupil)
    assert twin.model._bulk.codes is pupil.model._bulk.codes
    assert pupil.model.n_bytes == twin.model.n_bytes  # a half each
    twin.learn_one(others[0][0], "A")
    twin.learn_many(others[0][:3], others[1][:3])
    assert memory_bytes(pupil) == before and "A" not in pupil.labels and twin.model.n_bytes > 0


def test_the_pixels_that_voted_are_ink_of_the_label_and_not_of_nothing(lessons):
    pupil = born("recall")
    pupil.learn_many(*lessons)
    guess = pupil.predict_one(lessons[0][0])
    assert guess.saliency.shape == (28, 28) and guess.saliency.dtype == np.uint8 and guess.saliency.max() == 255
    assert guess.saliency[:2].max() == 0  # no node reads the rim
    assert pupil.predict_many(lessons[0][:1])[0].saliency is None


@pytest.mark.parametrize("n_lessons", [3, 60])
def test_reasons_go_on_from_what_the_answer_has_computed(lessons, others, monkeypatch, n_lessons):
    pupil, n_calls = new("recall", seed=0), Counter()
    pupil.learn_many(lessons[0][:n_lessons], lessons[1][:n_lessons])
    pupil.predict_one(others[0][0])
    for name in ("encode_copies", "vote", "hamming_prefilter", "compare"):
        kernel = getattr(kernels, name)
        monkeypatch.setattr(
            kernels, name, lambda *args, name=name, kernel=kernel: n_calls.update([name]) or kernel(*args)
        )
    for drawing in others[0][:20]:
        guess = pupil.predict_one(drawing)
        before = n_calls.copy()
        saliency, exemplars = guess.saliency, guess.because
        after = n_calls - before
        assert after["encode_copies"] == after["vote"] == 0 and after["compare"] <= 1
        assert guess.label is None or (saliency is not None and exemplars)
        expected = pupil.model.explain(preprocessing.to_thumbnail(drawing), guess.label)
        assert [exemplar.distance for exemplar in exemplars] == [exemplar.distance for exemplar in expected.because]


def test_reasons_read_after_another_lesson_are_those_of_then(lessons):
    pupil = born("recall")
    pupil.learn_many(lessons[0][:20], lessons[1][:20])
    guess = pupil.predict_one(lessons[0][0])
    pupil.forget_one(lessons[0][0], lessons[1][0])
    assert all(exemplar.distance > 0 for exemplar in guess.because)


@pytest.mark.slow
def test_a_starter_knows_digits_and_is_shared_until_it_learns(others):
    pupil, twin = (new("recall", starter="everyday", name=name) for name in ("Mia", "Ada"))
    assert (pupil.name, twin.name) == ("Mia", "Ada") and pupil.n_lessons == 12_000 + 8_000 + 200
    assert pupil.model._bulk.codes is twin.model._bulk.codes
    assert np.mean([g.label == label for g, label in zip(pupil.predict_many(others[0]), others[1], strict=True)]) > 0.9
    pupil.learn_one(others[0][0], "A")
    assert "A" not in twin.labels and pupil.model.n_bytes < 30_000_000
    with pytest.raises(AgentError, match="starter among everyday, sixty, mnist, got 'evrday'"):
        new("recall", starter="evrday")


def scribble(seed: int) -> np.ndarray:
    """A line across the whole page and back, several times."""
    rng = np.random.default_rng(seed)
    page = Image.new("L", (96, 96))
    ImageDraw.Draw(page).line([tuple(point) for point in rng.integers(8, 88, (12, 2)).tolist()], fill=255, width=4)
    return np.array(page)


@pytest.mark.slow
def test_what_is_like_nothing_so_far_is_unsure_and_most_digits_are_not(others):
    pupil = new("recall", starter="everyday")
    scribbles = pupil.predict_many([scribble(seed) for seed in range(40)])
    assert np.mean([guess.unfamiliar and guess.unsure for guess in scribbles]) > 0.85
    assert all(guess.label is not None and len(guess.because) == 0 for guess in scribbles if guess.unfamiliar)
    drawings, _ = digits.Selection({"mnist": 300}, seed=1, split="train").draw()
    assert np.mean([guess.unfamiliar for guess in pupil.predict_many(drawings)]) < 0.03
    drawing = scribble(0)
    assert pupil.predict_one(drawing).unfamiliar and pupil.predict_one(drawing).because
    pupil.learn_one(drawing, "A")
    assert pupil.predict_one(drawing).label == "A" and not pupil.predict_one(drawing).unsure
    pupil.forget_one(drawing, "A")
    assert pupil.predict_one(drawing).unfamiliar


@pytest.mark.slow
def test_digits_turned_far_are_read_and_still_said_to_be_unfamiliar():
    pupil = new("recall", starter="everyday")
    names = strokes.styles()[1::4]
    turned = [
        np.array(Image.fromarray(strokes.draw(name, seed, 280)).rotate(angle))
        for seed, name in enumerate(names)
        for angle in (30, -30)
    ]
    guesses = pupil.predict_many(turned)
    is_right = np.array([guess.label == name[0] for guess, name in zip(guesses, np.repeat(names, 2), strict=True)])
    is_unfamiliar = np.array([guess.unfamiliar for guess in guesses])
    assert is_unfamiliar.sum() > 5 and is_right[is_unfamiliar].mean() > 0.8 and is_right.mean() > 0.9
    assert all(guess.unsure for guess in guesses if guess.unfamiliar)


@pytest.mark.parametrize("share", [(0.5, 1.0), (1.0, 0.5)])
def test_digits_far_narrower_or_flatter_than_any_lesson_are_read(share):
    model, names = new("recall", starter="everyday").model, strokes.styles()[::4]
    n_right, n_right_as_drawn = 0, 0
    for seed, name in enumerate(names):
        drawing = Image.fromarray(strokes.draw(name, 7_000 + seed, side=220))
        squeezed = drawing.resize((round(220 * share[1]), round(220 * share[0])), Image.Resampling.BOX)
        n_right += model.predict_one(preprocessing.to_thumbnail(np.pad(np.asarray(squeezed), 30))).label == name[0]
        n_right_as_drawn += model.predict_one(preprocessing.to_thumbnail(np.asarray(drawing))).label == name[0]
    assert n_right_as_drawn >= n_right >= 0.85 * len(names), (n_right, n_right_as_drawn)


def test_only_very_narrow_or_flat_drawings_are_looked_at_in_usual_proportions():
    thumbnail = np.zeros((28, 28), np.uint8)
    thumbnail[2:26, 10:21] = 255
    assert proportion_field(thumbnail) is None
    thumbnail[2:26, 10:15] = 0
    down, across = proportion_field(thumbnail)[0]
    assert not down.any() and np.allclose(across[0] - across[0, 0], np.arange(32) * (6 / 15 - 1))
    assert proportion_field(thumbnail.T)[0, 0, 31, 0] == np.float32(15.5 * (6 / 24 - 1))


def test_what_is_unfamiliar_depends_on_the_lessons_and_not_on_their_order(others):
    drawings, labels = others[0][:40], others[1][:40]
    pupils = [new("recall"), new("recall")]
    for pupil, order in zip(pupils, (slice(None), slice(None, None, -1)), strict=True):
        for drawing, label in zip(drawings[order], labels[order], strict=True):
            pupil.learn_one(drawing, label)
    asked = [*others[0][40:60], *(scribble(seed) for seed in range(10))]
    first, second = (pupil.predict_many(asked) for pupil in pupils)
    assert [guess.unfamiliar for guess in first] == [guess.unfamiliar for guess in second]
    assert pupils[0].model._typical_strangeness() == pupils[1].model._typical_strangeness() > 0
    few = new("recall")
    few.learn_many(drawings[:5], labels[:5])
    assert not any(guess.unfamiliar for guess in few.predict_many(asked))


def test_the_more_nodes_and_rows_the_fewer_labels(others):
    pupil = new("recall", n_nodes=500)
    assert pupil.model.MAX_LABELS == 16 and new("recall").model.MAX_LABELS == 62
    pupil.learn_many(others[0][:16], [f"n{number}" for number in range(16)])
    with pytest.raises(AgentError, match="expected at most 16 labels, got 17"):
        pupil.learn_one(others[0][16], "n16")
    with pytest.raises(AgentError, match="bytes of tables and rows, got .* for 2000 nodes of 4,096 locations"):
        new("recall", n_nodes=2000)
