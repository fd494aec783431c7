"""A class through the app: two in browsers, thirty through clients, and a name that is markup."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from served import aside
from visitor import violations

MARKUP = "<img src=x onerror=a()>"
N_PUPILS = 30


def make_room(teacher):
    """Make a room, and give its code as the page shows it."""
    teacher.tab("Share")
    teacher.press("#class-make")
    teacher.until_text("#class-room", "0 of 30 handed in")
    return teacher.text("#class-room .class-code b").removeprefix("Code: ")


def rows(teacher):
    """What the table says of each agent, by name: right, lessons, what was taught."""
    found = teacher.page.locator("#class-room table").first.locator("tbody tr").all_inner_texts()
    return {name: cells for name, *cells in (row.split("\t") for row in found)}


def hand_in(pupil, name, code=None, drawings=False):
    pupil.until_done()
    if code is not None:
        pupil.write("#class-code", code)
    pupil.write("#class-name", name)
    pupil.page.locator("#class-drawings input").set_checked(drawings)
    pupil.press("#class-hand-in")


def test_pupils_hand_in_and_the_teacher_sees_them_side_by_side(visit, written):
    teacher = visit()
    code = make_room(teacher)
    link = teacher.page.locator("#class-room a").get_attribute("href")
    pupil = visit("phone, light", path=link)
    pupil.page.locator("#class-hand-in").wait_for()
    pupil.tab("Draw")
    for label in "47":
        pupil.teach(written[label][0], label)
    pupil.tab("Share")
    assert pupil.page.locator("#class-code input, #class-code textarea").input_value() == code.replace(" ", "")
    hand_in(pupil, MARKUP)
    pupil.until_text("#class-handed-in", "of 100 digits right")
    assert MARKUP in pupil.text("#class-handed-in")
    teacher.until_text("#class-room", "1 of 30 handed in")
    assert teacher.page.locator("img[src=x]").count() == pupil.page.locator("img[src=x]").count() == 0
    assert rows(teacher)[MARKUP][1:3] == ["2", "4 × 1 · 7 × 1"]
    teacher.tab("Draw")
    teacher.teach(written["1"][0], "1")
    teacher.tab("Share")
    hand_in(teacher, MARKUP, code)  # the name is another's
    teacher.page.locator(".toast-body.error").wait_for()
    assert MARKUP in teacher.text(".toast-body.error")
    teacher.press(".toast-close")
    teacher.press("#class-join")
    teacher.until_text("#class-progress", "1 joined")
    teacher.press("#class-take")
    teacher.page.locator(".toast-body.error").wait_for()  # nobody's drawings may go along
    teacher.press(".toast-close")
    hand_in(pupil, "Mia", drawings=True)
    teacher.until_text("#class-room", "Mia")
    assert MARKUP not in rows(teacher) and teacher.page.locator("#class-room img[alt='']").count() == 1
    teacher.press("#class-take")
    teacher.until_text("#chip", "2 lessons")
    assert violations(teacher.page) == {}
    pupil.press("#class-leave")
    pupil.until_text("#class-handed-in", "Nothing of yours is left")
    teacher.until_text("#class-room", "0 of 30 handed in")
    teacher.press("#class-close")
    teacher.page.locator("#class-make").wait_for()


def test_thirty_clients_hand_in_and_nobodys_agent_is_mixed_or_lost(server, visit, written, tmp_path):
    for label in "0123456789":
        Image.fromarray(written[label][0]).save(tmp_path / f"{label}.png")
    teacher = visit()
    code = make_room(teacher)

    def pupil(number):
        client = Client(server.url, verbose=False, analytics_enabled=False)
        label = str(number % 10)
        for name in (label, str((number + 3) % 10), *[label] * (number // 10)):
            client.predict(handle_file(tmp_path / f"{name}.png"), name, api_name="/teach")
        got = client.predict(code, f"Pupil {number}", False, api_name="/hand_in")
        if number:
            with pytest.raises(AppError, match="nobody in the class has"):
                client.predict(code, "pupil 0", False, api_name="/hand_in")
        client.close()
        return got

    def all_of_them():
        first = pupil(0)
        with ThreadPoolExecutor(6) as pool:
            return [first, *pool.map(pupil, range(1, N_PUPILS))]

    told = aside(all_of_them)
    teacher.until_text("#class-room", "30 of 30 handed in")
    teacher.until("() => !document.querySelector('#class-room').innerText.includes('being tested')")
    seen = rows(teacher)
    assert len(seen) == N_PUPILS
    for number, got in enumerate(told):
        counts = {str(number % 10): 1 + number // 10} | {str((number + 3) % 10): 1}
        listed = " · ".join(f"{label} × {counts[label]}" for label in sorted(counts))
        assert seen[f"Pupil {number}"][:3] == [str(got["n_right"]), str(got["n_lessons"]), listed]
    teacher.press("#class-join")
    teacher.until_text("#class-progress", "30 joined")
    together = int(seen_together(teacher))
    assert together > max(got["n_right"] for got in told)
    teacher.press("#class-close")
    teacher.page.locator("#class-make").wait_for()


def seen_together(teacher):
    return teacher.page.locator("#class-room .together td").first.inner_text()
