"""The state machine: it agrees with its plain twin bit for bit, and behaves as documented."""

import json
import tracemalloc

import naive
import numpy as np
import pytest
from agents import born
from forge import changed, signed

import agent
from agent import preprocessing
from agent.errors import AgentError
from agent.lessons import rebuild
from agent.models.state import rows as bitset
from agent.models.state.config import CONNECTORS, PRESETS, StateConfig, Wiring
from agent.models.state.machine import Machine
from agent.models.state.model import State, encode_drawing
from agent.storage import serialization

SIDE, N_OUTPUTS = 5, 4
WIRINGS = {
    "full": {},
    "forward_full": {"z_reads_inputs": True},
    "forward_forward": {"n_bits": 3},
    "random": {"q_inputs": 9, "q_neighbours": 6, "z_inner": 20, "z_neighbours": 3},
    "nearest_neighbour": {"reach_x": 2, "reach_y": 1, "neighbour_x": 2, "neighbour_y": 1, "z_reads_outputs": False},
    "rectangular": {"reach_x": 2, "neighbour_y": 1, "n_bits": 2},
}
RULES = [(False, True, True), (True, True, True), (True, False, True), (False, True, False), (False, False, True)]


def small(connector="random", seed=1):
    wiring = Wiring.from_config(StateConfig(seed=seed, connector=connector, **WIRINGS[connector]), SIDE)
    return wiring, Machine(wiring, seed)


def bits(machine, seed, share=0.5):
    return np.random.default_rng(seed).random(machine.n_inputs) < share


def label(number):
    return np.array([number >> place & 1 for place in range(N_OUTPUTS)], bool)


def number(moment):
    return int(moment.output[0])


def test_every_connector_has_its_small_twin_in_the_tests():
    assert set(WIRINGS) == set(CONNECTORS)


@pytest.mark.parametrize("connector", WIRINGS)
@pytest.mark.parametrize("rules", RULES)
def test_it_is_its_plain_twin_bit_for_bit(connector, rules):
    wiring, machine = small(connector)
    twin = naive.StateMachine(wiring, machine.seed)
    how = dict(zip(("dd", "hamming", "default"), rules, strict=True))
    rng = np.random.default_rng(7)
    shown = [bits(machine, seed) for seed in range(6)]
    for step in range(60):
        each = (machine, twin)
        if step % 7 == 0:
            for one in each:
                one.reset_state()
            continue
        inputs = shown[rng.integers(6)] ^ (rng.random(machine.n_inputs) < 0.1)
        told = [{"label": label(rng.integers(16))}, {"pleasure": True}, {"pain": True}, {}, {}, {}][rng.integers(6)]
        unsequenced = bool(rng.integers(3) == 0)
        for one in each:
            one.next_state(inputs, **told, **how, unsequenced=unsequenced)
    assert len(machine.states) == len(twin.story) == machine.number
    for moment, (i, q, z) in zip(machine.states, twin.story, strict=True):
        assert bitset.unpack(moment.inputs, machine.n_inputs).tolist() == [bool(bit) for bit in i]
        assert bitset.unpack(moment.inner, machine.n_inputs).tolist() == [bool(bit) for bit in q]
        assert bitset.unpack(moment.output, N_OUTPUTS).tolist() == [bool(bit) for bit in z]
    assert machine.n_rows == len(twin.taught)


@pytest.mark.parametrize("connector", WIRINGS)
def test_looking_on_is_the_same_as_stopping_where_nothing_changes_any_more(connector):
    _, machine = small(connector)
    for lesson in range(4):
        machine.reset_state()
        machine.next_state(bits(machine, lesson), label(lesson))
    asked = bits(machine, 9)
    moments = machine.settle(asked, 1000, 12)
    assert len(moments) == 13
    before = machine.random_state(1000)
    for step, moment in enumerate(moments[1:], 1):
        before = machine.fire(machine.pack_inputs(asked), before, 1000 + step)
        assert (before.inner == moment.inner).all() and (before.output == moment.output).all()


def test_untaught_it_says_anything_and_after_one_lesson_always_that():
    _, machine = small()
    said = {number(machine.next_state(bits(machine, seed))) for seed in range(40)}
    assert len(said) > 8
    machine.reset_state()
    machine.next_state(bits(machine, 1), label(11))
    assert {number(machine.next_state(bits(machine, seed), dd=seed % 2 == 0)) for seed in range(40)} == {11}


def test_pleasure_teaches_what_was_said_and_pain_the_inverse():
    for feeling, expected in (({"pleasure": True}, 5), ({"pain": True}, 10)):
        _, machine = small()
        machine.next_state(bits(machine, 1), label(5))
        assert number(machine.next_state(bits(machine, 2), **feeling)) == expected
        assert machine.n_rows == 2
        machine.reset_state()
        assert number(machine.settle(bits(machine, 2), 77, 10)[-1]) == expected


def test_a_label_counts_before_pain_and_pleasure_too():
    _, machine = small()
    machine.next_state(bits(machine, 1), label(5))
    moment = machine.next_state(bits(machine, 2), label(3), pain=True)
    assert number(moment) == 3 and bitset.unpack(moment.control, 3).tolist() == [True, False, True]
    assert number(machine.next_state(bits(machine, 3), pleasure=True, pain=True)) == 3


@pytest.mark.parametrize("unsequenced", [False, True])
def test_a_sequence_of_two_is_learned_and_replayed_unless_taught_unsequenced(unsequenced):
    wiring = Wiring.from_config(StateConfig(connector="full"), SIDE)
    blind = Wiring(wiring.q_inputs & False, *(getattr(wiring, name) for name in list(wiring.__dataclass_fields__)[1:]))
    machine = Machine(blind, 3)  # its inner neurons see each other alone: what comes next follows from what was
    one, other = bits(machine, 1), bits(machine, 2)
    for _ in range(3):
        machine.next_state(one, label(1), unsequenced=unsequenced)
        machine.next_state(other, label(2), unsequenced=unsequenced)
    machine.next_state(one, label(1))
    said = [number(machine.next_state(np.zeros(machine.n_inputs, bool))) for _ in range(6)]
    assert (said == [2, 1, 2, 1, 2, 1]) is not unsequenced


def test_what_was_taught_already_is_not_kept_twice():
    _, machine = small()
    machine.reset_state(5)
    machine.next_state(bits(machine, 1), label(3))
    machine.reset_state(5)
    machine.next_state(bits(machine, 1), label(3))
    assert machine.n_rows == 1


def test_why_names_the_rows_that_decided_and_connections_what_a_neuron_reads():
    wiring, machine = small("random")
    for lesson in range(5):
        machine.reset_state()
        machine.next_state(bits(machine, lesson), label(lesson))
    before = machine.reset_state()
    moment = machine.next_state(bits(machine, 8))
    n = machine.n_inputs
    for neuron in (0, 13, n, n + 3):
        explanation, reads = machine.explain(moment, before, neuron), machine.connections(neuron)
        if neuron < n:
            assert (reads[0] == wiring.q_inputs[neuron]).all() and (reads[1] == wiring.q_neighbours[neuron]).all()
            assert explanation.bit == bitset.bit_at(moment.inner, neuron)
        else:
            assert (reads[1] == wiring.z_inner[neuron - n]).all()
            assert (reads[2] == wiring.z_neighbours[neuron - n]).all()
        if explanation.rule == "nearest rows":
            assert set(explanation.targets) == {explanation.bit}
        else:
            assert explanation.rule == "a tie of nearest rows" and set(explanation.targets) == {0, 1}
        assert (machine.distances(moment, before, neuron)[list(explanation.rows)] == explanation.distance).all()
    for neuron in (-1, n + N_OUTPUTS):
        with pytest.raises(AgentError, match=f"from 0 to {n + 3}, got {neuron}"):
            machine.explain(moment, before, neuron)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda machine: machine.next_state(np.zeros(7, bool)), "expected 25 inputs"),
        (lambda machine: machine.next_state(np.zeros(25)), "expected 25 inputs"),
        (lambda machine: machine.next_state(np.zeros(25, bool), np.zeros(5, bool)), "expected 4 label bits"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(refused, message):
    _, machine = small()
    with pytest.raises(AgentError, match=message):
        refused(machine)
    assert machine.number == machine.n_rows == 0 and not machine.states


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"connector": "wires"}, "expected connector among full, .*got 'wires'"),
        ({"eyes": "four"}, "expected eyes among reference, canonical, got 'four'"),
        ({"n_outputs": 7}, "at most 6 n_outputs in binary code, got 7"),
        ({"q_inputs": 785}, "expected q_inputs as a whole number from 0 to 784, got 785"),
        ({"dd": 1}, "expected dd as true or false, got 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(AgentError, match=message):
        agent.new("state", **settings)


def test_wiring_of_another_shape_is_refused():
    wiring, _ = small()
    parts = [getattr(wiring, name) for name in wiring.__dataclass_fields__]
    with pytest.raises(AgentError, match=r"expected z_inputs of \(4, 25\) bool, got \(4, 24\)"):
        Wiring(*parts[:2], parts[2][:, 1:], *parts[3:])


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_learns_and_survives_saving(preset, lessons, others, tmp_path):
    pupil = agent.new("state", seed=2, **PRESETS[preset])
    drawings, labels = (each[:12] for each in lessons)
    pupil.learn_many(drawings, labels)
    agent.save(pupil, tmp_path / "agent")
    again = agent.load(tmp_path / "agent")
    for one, other in zip(pupil.predict_many(others[0][:4]), again.predict_many(others[0][:4]), strict=True):
        assert one.label == other.label and (one.responses == other.responses).all()


@pytest.mark.slow
def test_a_custom_wiring_is_saved_with_the_agent(lessons, others, tmp_path):
    rng = np.random.default_rng(4)
    wiring = Wiring(*(rng.random(shape) < 0.1 for shape in [(784, 784)] * 2 + [(4, 784)] * 2 + [(4, 4)]))
    config = StateConfig(seed=2)
    pupil = agent.Pupil(State(config, Machine(wiring, config.seed)), agent.new().lessons)
    pupil.learn_many(*lessons)
    agent.save(pupil, tmp_path / "agent")
    again = agent.load(tmp_path / "agent")
    assert again.model.machine.same_wiring(pupil.model.machine)
    assert [g.label for g in again.predict_many(others[0])] == [g.label for g in pupil.predict_many(others[0])]


def test_a_saved_agent_goes_on_with_its_story(lessons, others, tmp_path):
    pupil = born("state")
    pupil.learn_many(*lessons)
    told = pupil.model
    told.reset_state()
    for row, drawing in enumerate(others[0][:6]):
        told.next_state(drawing, str(row) if row % 2 else None)
    agent.save(pupil, tmp_path / "agent")
    again = agent.load(tmp_path / "agent").model
    for each in (told, again):
        for drawing in others[0][6:12]:
            each.next_state(drawing, pleasure=True)
            each.next_state(drawing, unsequenced=True)
    moments = [[state.inner.tolist(), state.output.tolist()] for state in told.machine.states]
    assert len(moments) == 1 + 6 + 3 * 6
    assert moments == [[state.inner.tolist(), state.output.tolist()] for state in again.machine.states]
    assert told.machine.n_rows == again.machine.n_rows


def test_a_label_that_was_never_taught_is_never_said(lessons):
    pupil = agent.new("state", seed=1, **PRESETS["reference design"])
    pupil.learn_many(lessons[0][:20], [label if label in "07" else "3" for label in lessons[1][:20]])
    guesses = pupil.predict_many(lessons[0])
    assert {guess.label for guess in guesses} <= {"0", "3", "7", None}
    assert all(guess.unsure for guess in guesses if guess.label is None)


def looking_alike():
    """Two kept drawings that differ in grey alone: all bits are the same."""
    one = np.zeros((28, 28), np.uint8)
    one[4:23, 13:16] = 255
    other = one.copy()
    other[12, 14] = 238
    one, other = preprocessing.to_thumbnail(one), preprocessing.to_thumbnail(other)
    assert (one != other).any() and (
        encode_drawing(one, "reference", 200, 1) == encode_drawing(other, "reference", 200, 1)
    ).all()
    return one, other


@pytest.mark.parametrize("n_held", [1, 2, 4])
def test_forgetting_one_of_two_lessons_that_look_the_same_leaves_the_other_whole(n_held):
    one, other = looking_alike()
    pupil, alone = (agent.new("state", n_held=n_held, eyes="reference", threshold=200) for _ in range(2))
    alone.learn_one(other, "1")
    pupil.learn_one(one, "1")
    pupil.learn_one(other, "1")
    pupil.forget_one(one, "1")
    rows = [each.model.machine.rows.take(np.arange(each.model.machine.n_rows)) for each in (pupil, alone)]
    assert all((mine == theirs).all() for mine, theirs in zip(*rows, strict=True))


def test_what_was_told_step_by_step_stays_when_a_lesson_with_the_same_states_is_forgotten():
    one, _ = looking_alike()
    pupil, told = agent.new("state"), agent.new("state")
    pupil.learn_one(one, "1")
    for each in (pupil, told):
        for _ in range(3):
            each.model.next_state(one, "1")
    pupil.forget_one(one, "1")
    assert pupil.model.machine.n_rows == told.model.machine.n_rows == 2


def test_lessons_of_more_labels_than_there_are_codes_are_refused_and_nothing_is_learned(lessons):
    teacher = born("nearest")
    teacher.learn_many(lessons[0][:17], [f"x{number}" for number in range(17)])
    with pytest.raises(AgentError, match="at most 16 labels, got 17"):
        rebuild(State, StateConfig(), teacher.lessons)
    pupil = agent.new("state", n_outputs=5)
    assert rebuild(State, pupil.model.config, teacher.lessons).labels == teacher.labels


def test_other_labels_have_codes_beyond_the_digits_whatever_their_order(lessons):
    one, other = born("state"), born("state")
    names = ["7", "B", "A", "3", "C"]
    one.learn_many(lessons[0][:5], names)
    other.learn_many(lessons[0][:5][::-1], names[::-1])
    assert one.model._codes == other.model._codes == {"7": 7, "3": 3, "A": 10, "B": 11, "C": 12}
    with pytest.raises(AgentError, match="at most 16 labels, got 17"):
        one.learn_many(lessons[0][:12], [f"x{number}" for number in range(12)])


def test_eight_bits_a_pixel_are_read_back_without_wiring_that_is_drawn_dense_first(lessons):
    pupil = agent.new("state", n_bits=8, connector="forward_forward")
    pupil.learn_many(lessons[0][:4], lessons[1][:4])
    files = serialization.to_files(pupil)
    tracemalloc.start()
    again = serialization.from_files(files)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000 and serialization.to_files(again) == files


def test_discrimination_distance_of_more_connections_than_can_be_weighed_is_refused():
    with pytest.raises(AgentError, match="at most 56,000,000 bytes of weights, got 89,"):
        agent.new("state", n_bits=3, connector="full", dd=True)
    assert agent.new("state", n_bits=2, connector="full", dd=True).labels == ()


def test_files_with_more_lessons_than_a_bounded_memory_holds_are_refused(lessons):
    pupil = agent.new("state", max_rows=20)
    pupil.learn_many(*lessons)
    files = serialization.to_files(pupil)
    settings = json.loads(files["config.json"])["settings"]
    with pytest.raises(AgentError, match="at most 9 rows and lessons, got 20"):
        serialization.from_files(signed(changed(files, settings=settings | {"max_rows": 9})))
