"""The page in another language: the same desk, and nothing left in English."""

import re

from visitor import violations

ENGLISH = r"\b(the|it|you|your|is|of|and|lessons?|draw|learned|guess|clear|undo|right|sure|why|notebook|label)\b"


def test_german_is_spoken_on_its_page_and_english_on_the_other(visit, written):
    visitor = visit("phone, light", path="de")
    assert visitor.text("#chip") == "Pupil · 0 Lektionen"
    assert visitor.page.evaluate("document.documentElement.lang") == "de"
    visitor.draw(written["4"][0])
    visitor.until_text("#guess", "Sag mir, was es ist.")
    visitor.press("#label-4")
    visitor.until_text(".answer.learned", "bisher 1 Lektion zu 4")
    visitor.draw(written["4"][0])
    visitor.until_text("#guess", "Das sieht aus wie")
    shown = visitor.page.evaluate(
        "document.querySelector('.main').innerText + document.querySelector('#tabs').innerText"
    )
    assert not re.findall(ENGLISH, shown.replace("Use via API", ""), re.IGNORECASE)
    named = visitor.page.evaluate(
        "[...document.querySelectorAll('#header *, #pen')].map((at) => at.ariaLabel).join(' ')"
    )
    assert "Zeichenblatt" in named and not re.findall(ENGLISH, named, re.IGNORECASE)
    assert violations(visitor.page) == {}
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    visitor.page.get_by_role("tab", name="Teilen").click()
    visitor.until("/ablegen/.test(document.querySelector('#file-in')?.innerText)")  # gradio speaks German there, too
    assert not re.findall(r"drop|click|upload", visitor.text("#file-in"), re.IGNORECASE)
    visitor.page.get_by_role("tab", name="Zeichnen").click()
    visitor.until("!location.search")
    visitor.leaving = True  # what the page left behind breaks off is no error
    visitor.press('.language[hreflang="en"]')
    visitor.until("document.documentElement.lang === 'en'")
    visitor.leaving = False
    visitor.until_text("#chip", "Pupil · 1 lesson")
    visitor.until_text("#guess", "Draw a digit.")  # the pad of a page that was opened is empty
    assert visitor.page.url == visitor.url and not visitor.page.get_by_text("Gelernt").count()
    assert not visitor.page.locator(".nav-holder").is_visible()  # gradio's own list of pages
