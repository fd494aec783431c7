"""Nothing is lost: a server that was killed, a desk that was cleared, a browser that keeps too much or nonsense."""

from pathlib import Path

import pytest

from tests.bench.crash import rounds

ROOT = Path(__file__).resolve().parents[2]
FORGED = """() => {
  localStorage.setItem('pupil-desk-id', 'F'.repeat(22)); // of no session that there is
  localStorage.setItem('pupil-log', JSON.stringify({key: 'x', lines: ['[]'],
    birth: '{"format":1,"kind":"recall","name":"<b>x</b>","settings":{"n_nodes":999999999},"lineage":{}}'}));
}"""
NO_ROOM = """const set = Storage.prototype.setItem;
Storage.prototype.setItem = function (name, value) {
  if (name === 'pupil-log' && value.length > 500) throw new DOMException('full', 'QuotaExceededError');
  return set.call(this, name, value);
};"""

# D comes while C is in use, then it has more lessons than the browser has room for: which are kept
LOSE_ONE = """() => document.querySelector('#pad').addEventListener(
    'pointerdown', (event) => event.stopPropagation(), { capture: true, once: true })"""
# The first drawing that is sent takes a second longer than those after it
LATE = """(() => {
  const { fetch } = window;
  let n = 0;
  window.fetch = async (address, how) => {
    const answer = await fetch(address, how);
    const is_first = how?.body instanceof FormData && how.body.get('files').name === 'composite.png' && !n++;
    if (is_first) await new Promise((done) => setTimeout(done, 1000));
    return answer;
  };
})()"""
# Whether there is ink in the upper and in the lower half of what the agent sees
ROWS = """() => {
    const seen = document.querySelector('#sees img');
    if (!seen) return [false, false];
    const pen = Object.assign(document.createElement('canvas'), { width: 28, height: 28 }).getContext('2d');
    pen.drawImage(seen, 0, 0, 28, 28);
    return [0, 20].map((top) => pen.getImageData(0, top, 28, 8).data.some((value, at) => at % 4 === 0 && value > 99));
}"""
FILLED = """(script) => {
  const log = (agent, n) => ({key: agent, birth: '', agent, about: agent, lines: ['x'.repeat(n)]});
  localStorage.setItem('pupil-agents', JSON.stringify([log('A', 1e6), log('B', 3e5)]));
  localStorage.setItem('pupil-log', JSON.stringify(log('C', 25e5)));
  const kept = (n) => {
    const props = {value: btoa(JSON.stringify({...log('D', n), start: 0}))};
    Function('props', 'trigger', 'watch', script)(props, () => {}, (_, receive) => receive());
    const [now, others] = ['pupil-log', 'pupil-agents'].map((name) => JSON.parse(localStorage.getItem(name)));
    return [now?.agent ?? 'none', ...others.map(({agent}) => agent)];
  };
  return [kept(1), kept(6e6)];
}"""


@pytest.mark.nightly
def test_what_was_shown_as_learned_comes_back_after_the_server_was_killed(browser, tmp_path):
    n_taught, n_there = rounds(browser, tmp_path, 2)
    assert n_there == n_taught >= 2


@pytest.mark.nightly
def test_a_browser_without_room_says_so_and_the_lessons_go_on(visit, written):
    visitor = visit(prepare=lambda context: context.add_init_script(NO_ROOM))
    visitor.teach(written["4"][0], "4")
    visitor.until_told("warning", "no room for more lessons")
    visitor.teach(written["7"][0], "7")
    assert visitor.n_lessons == 2


def test_a_forgotten_drawing_leaves_the_browser_too(visit, written):
    visitor = visit()
    visitor.teach(written["4"][0], "4")
    thumbnail = "JSON.parse(localStorage.getItem('pupil-log')).lines.join('')"
    assert '"drawing"' in visitor.page.evaluate(thumbnail)
    visitor.press("#undo")
    visitor.until_text("#status", "Undone: lesson “4”.")
    assert '"drawing"' not in visitor.page.evaluate(thumbnail)


def test_a_forged_log_is_refused_in_plain_words_and_lessons_go_on(visit, written):
    visitor = visit()
    visitor.page.add_init_script(f"({FORGED})()")  # just before: the page that is left may still store its own log
    visitor.open()
    visitor.until_told("error", "Expected")
    visitor.teach(written["4"][0], "4")
    assert visitor.n_lessons == 1 and visitor.page.locator("#header b b").count() == 0
    assert '"drawing"' in visitor.page.evaluate("JSON.parse(localStorage.getItem('pupil-log')).lines.join('')")


def test_agents_are_kept_while_there_is_room_for_each_of_them_once(visit):
    visitor = visit()
    script = (ROOT / "agent/ui/static/lesson_backup.js").read_text(encoding="utf-8")
    assert visitor.page.evaluate(FILLED, script) == [["D", "C", "A", "B"], ["none", "C", "A", "B"]]


def test_a_drawing_nobody_named_yet_is_there_again_after_a_reload_and_in_the_other_language(visit, written):
    visitor = visit()
    visitor.teach(written["4"][0], "4")
    visitor.draw(written["4"][1])
    visitor.until_guessed("4")
    visitor.open()
    visitor.until_guessed("4")
    visitor.leaving = True
    visitor.press(".language")
    visitor.page.wait_for_url("**/de")
    visitor.leaving = False
    visitor.arrive()
    visitor.until_guessed("4")
    visitor.press("#label-4")
    visitor.until_text("#chip", "2 Lektionen")
    visitor.press("#undo")
    visitor.until_text("#chip", "1 Lektion")
    visitor.press("#clear")
    visitor.open()
    visitor.until_empty()
    assert visitor.n_lessons == 1


def test_a_stroke_that_a_busy_pad_lost_takes_no_other_with_it_when_the_page_is_loaded_again(visit):
    visitor = visit()
    box = visitor.page.locator("#pad").bounding_box()
    bar, leg = (
        [(box["x"] + x * box["width"], box["y"] + y * box["width"]) for x, y in points]
        for points in ([(0.3, 0.2), (0.5, 0.2), (0.7, 0.2)], [(0.7, 0.2), (0.6, 0.5), (0.5, 0.8)])
    )
    visitor.page.evaluate(LOSE_ONE)
    visitor._stroke(bar)  # lost, and drawn again
    visitor._stroke(leg)
    visitor.until(f"() => ({ROWS})().every((each) => each)")
    visitor.page.add_init_script(LATE)
    visitor.open()
    visitor.until(f"() => ({ROWS})().every((each) => each)")
    visitor.page.wait_for_timeout(2000)  # and it stays so when the first is there
    assert visitor.page.evaluate(ROWS) == [True, True]
