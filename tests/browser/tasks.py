"""What twenty-five tasks take on the page, in presses: of the mouse, of a finger, or of keys that do something.

A drawing, a word that is written, Tab and arrows are no presses. A task begins on the Draw tab.
"""

import contextlib
import secrets
from dataclasses import dataclass

from PIL import Image
from sharing import taught
from visitor import ANSWER, LABORATORY

from agent.storage import serialization

PEN = {  # what keys draw for a digit, from the middle of the pad
    "1": "^Up ^Up _ ^Down ^Down ^Down ^Down _",
    "7": "^Up ^Up ^Left _ ^Right ^Right ^Down ^Down ^Down _",
    "4": "_ ^Left ^Left ^Up ^Up _",
}


@dataclass
class Walk:
    """A visitor whose presses are counted."""

    visitor: object
    written: dict
    folder: object
    with_keys: bool = False
    n_presses: int = 0

    def press(self, place):
        """Press what a selector or a locator finds; with keys, where the focus can go."""
        self.n_presses += 1
        found = (self.visitor.page.locator(place) if isinstance(place, str) else place).first
        if self.with_keys:
            found.wait_for()
            assert found.evaluate("(it) => it.tabIndex >= 0 || it.role === 'tab'"), place  # arrows lead to tabs
            found.press("Space" if found.evaluate("(it) => it.matches('input')") else "Enter")
        else:
            found.click()

    def label(self, label, status=None):
        """Say what is on the pad, and wait until that is learned, or until some status."""
        if self.with_keys:
            self.n_presses += 1
            self.visitor.page.locator("#pen").focus()
            self.visitor.page.keyboard.press(label)
        else:
            self.press(f"#label-{label}")
        self.visitor.until_text("#status", status) if status else self.visitor.until_learned(label)

    def choose(self, group, text):
        """Choose one of several."""
        option = self.visitor.page.locator(f"{group} label").filter(has_text=text)
        self.press(option.locator("input") if self.with_keys else option)

    def tab(self, name):
        """Open a tab, or one within the laboratory."""
        for each in (["Laboratory"] if name in LABORATORY else []) + [LABORATORY.get(name, name)]:
            self.press(self.visitor.page.get_by_role("tab", name=each))

    def draw(self, label, place=0):
        """Draw a digit, and wait for the guess."""
        if self.with_keys:
            before = self.visitor.page.evaluate(ANSWER)
            self.visitor.page.locator("#pen").blur()  # its hint is no ink
            self.visitor.until_empty()
            for key in PEN[label].replace("^", "Shift+Arrow").replace("_", "Space").split():
                self.visitor.page.locator("#pen").press(key)
            self.visitor.until(f"(before) => ({ANSWER})() !== before", before)
        else:
            self.visitor.draw(self.written[label][place])
        self.visitor.until_guessed()

    def file(self, selector, path):
        """Choose a file: a press opens the browser's own window."""
        self.n_presses += 1
        self.visitor.page.locator(selector).set_input_files(path)

    @contextlib.contextmanager
    def uncounted(self):
        """What is done in a ``with`` block is no part of the task."""
        n_presses = self.n_presses
        yield
        self.n_presses = n_presses

    def agent_file(self, labels="17"):
        """The file of an agent that had a lesson of each of these digits."""
        return serialization.save(taught(self.written, labels, "Ben"), self.folder / "ben.zip")

    def with_lessons(self):
        """Begin with an agent that had a lesson of 1 and one of 7, as if drawn here."""
        with self.uncounted():
            for label in "17":
                self.draw(label)
                self.label(label)


def teach_two(walk):
    for label in "17":
        walk.draw(label)
        walk.label(label)


def correct(walk):
    walk.with_lessons()
    walk.draw("4")
    walk.label("4")


def take_back(walk):
    walk.with_lessons()
    walk.draw("1")
    with walk.uncounted():
        walk.label("1")
    walk.press("#undo")
    walk.visitor.until_text("#status", "Undone: lesson “1”.")
    walk.visitor.until_inked()  # its drawing is back


def change_old(walk):
    walk.with_lessons()
    walk.press(".thumb >> nth=1")
    walk.press('.sheet [data-label="4"]')
    walk.visitor.until_text("#status", "Learned: that was a 4.")


def delete_old(walk):
    walk.with_lessons()
    walk.press(".thumb >> nth=1")
    walk.press(".sheet .forget")
    walk.visitor.until_text("#status", "Forgotten: that 1.")


def start_with_digits(walk):
    walk.press('.starts button[data-label="sixty"]')
    walk.visitor.until_text("#chip", "60 lessons")


def own_symbol(walk):
    walk.draw("4")
    walk.visitor.write("#own-label", "♥")
    walk.press("#add")
    walk.visitor.until_learned("♥")


def teach_600(walk):
    walk.tab("Teach")
    walk.choose("#mnist", "600")
    walk.press("#teach-now")
    walk.visitor.until_text("#course", "Learned 600 lessons")


def ask_it(walk):
    with walk.uncounted():
        teach_600(walk)
    walk.press("#test-now")
    walk.visitor.until_text("#accuracy", "right of 1,000")


def correct_mistake(walk):
    with walk.uncounted():
        ask_it(walk)
    walk.press("#mistakes .thumb")
    walk.visitor.page.locator(".thumb.corrected").wait_for()


def why(walk):
    walk.with_lessons()
    walk.draw("1")
    walk.press("#why button.label-wrap")
    walk.visitor.until_text("#why", "its idea of a")


def memory(walk):
    walk.with_lessons()
    walk.tab("Inside")
    walk.visitor.until_text("#images", "Mental images")


def draw_a_seven(walk):
    walk.with_lessons()
    walk.tab("Inside")
    walk.press('#draw-me [data-label="7"]')
    walk.visitor.until_text("#drawn", "a 7, from memory.")


def save(walk):
    walk.with_lessons()
    walk.tab("Share")
    with walk.visitor.page.expect_download() as download:
        walk.press("#save")
    assert download.value.suggested_filename == "pupil.zip"


def load(walk):
    walk.tab("Share")
    walk.file("#file-in input[type=file]", walk.agent_file())
    walk.visitor.until_text("#chip", "Ben · 2 lessons")


def name(walk):
    walk.press("#chip")
    walk.visitor.page.locator(".menu input").first.fill("Mia")
    walk.press(".menu .own button")
    walk.visitor.until_text("#chip", "Mia · 0 lessons")


def give(walk):
    walk.with_lessons()
    walk.tab("Share")
    with walk.uncounted():  # a name that nobody has published under yet
        walk.visitor.write("#name", f"Pupil {secrets.token_hex(4)}")
        walk.press("#rename")
        walk.visitor.until_text("#share-status", "Renamed:")
    walk.visitor.write("#token", "hf_mia")
    walk.press("#push")
    walk.visitor.until_text("#pushed", "Whoever opens this link")


def use_others(walk):
    walk.tab("Share")
    walk.press('[data-label=":sixty"][data-do=start]')
    walk.visitor.until_text("#chip", "60 lessons")


def state_machine(walk):
    walk.press("#chip")
    walk.press('.menu button[data-label="state"]')
    walk.visitor.until_text("#status", "Started: a new agent")


def repeat_123(walk):
    walk.press(walk.visitor.page.get_by_role("tab", name="Laboratory"))
    walk.press('#overview [data-tab="numbers"]')
    walk.visitor.until_text("#numbers-bar", "steps of")
    walk.press('#numbers-quick [data-label="123"]')
    walk.visitor.until_text("#numbers-answers", "asked 123")


def watch_buttons(walk):
    walk.press(walk.visitor.page.get_by_role("tab", name="Laboratory"))
    walk.press('#overview [data-tab="frames"]')
    walk.choose("#frames-world", "a page with buttons")
    walk.visitor.page.locator("#frames-live img").first.wait_for()


def compare(walk):
    walk.press(walk.visitor.page.get_by_role("tab", name="Laboratory"))
    walk.press('#overview [data-tab="compare"]')
    walk.visitor.until_text("#results", "recall")


def german_and_dark(walk):
    walk.press("[data-theme]")
    walk.visitor.until("document.body.classList.contains('dark')")
    walk.visitor.leaving = True
    walk.press(".language")
    walk.visitor.page.wait_for_url("**/de")
    walk.visitor.arrive()
    walk.visitor.leaving = False
    assert walk.visitor.page.evaluate("document.body.classList.contains('dark')")


def photo(walk):
    path = walk.folder / "photo.png"
    Image.fromarray(255 - walk.written["7"][0]).resize((280, 280)).save(path)
    walk.file("#tools input[type=file]", path)
    walk.visitor.until_text("#status", "It is on the pad.")


def ten_drawings(walk):
    walk.press("#challenge button.label-wrap")
    walk.press("#ten button[data-do=begin]")
    walk.visitor.until_text("#ten", "Drawing 1 of 10.")
    walk.draw("1")
    walk.label("1", "Drawing 2 of 10.")


WAYS = {"mouse": "desktop, light", "finger": "phone, upright", "keys": "desktop, light"}
# What is to be done -> (the walk, the presses it may take at most; None: one)
TASKS = {
    "teach two symbols": (teach_two, 2),
    "correct a wrong guess": (correct, 1),
    "take a lesson back, and have its drawing again": (take_back, None),
    "say that an old lesson was another symbol": (change_old, 2),
    "forget an old lesson": (delete_old, 2),
    "start with digits it knows": (start_with_digits, 2),
    "teach a symbol of one's own": (own_symbol, 1),
    "teach it 600 digits": (teach_600, 3),
    "test it": (ask_it, 1),
    "correct a mistake of the test": (correct_mistake, 1),
    "ask why": (why, 1),
    "look at what it remembers": (memory, 1),
    "let it draw a 7": (draw_a_seven, 2),
    "save it": (save, 2),
    "load it": (load, 2),
    "give it a name": (name, 2),
    "give it to a friend, with the drawings": (give, 3),
    "use somebody else's": (use_others, 2),
    "begin with a state machine": (state_machine, 4),
    "let it repeat 123": (repeat_123, 3),
    "watch a page with buttons": (watch_buttons, 4),
    "compare two kinds": (compare, 2),
    "read the page in German, dark": (german_and_dark, 2),
    "show it a photo": (photo, 2),
    "begin the ten drawings": (ten_drawings, 3),
}
