"""Names, files and new beginnings in a real browser."""

import io
import zipfile

from agent.agents import new
from agent.storage import serialization


def damaged(content):
    """Ways in which a file may be no agent: name and bytes."""
    yield "not a zip", b"these are not the bytes you are looking for"
    yield "cut short", content[: len(content) // 2]
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("../evil.txt", "evil")
    yield "a path inside", file.getvalue()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 3_000_000)
    yield "too much inside", file.getvalue()


def test_malformed_files_are_refused_and_the_agent_stays(visit, written, tmp_path):
    visitor = visit()
    visitor.teach(written["4"][0], "4")
    visitor.tab("Share")
    with visitor.page.expect_download() as download:
        visitor.press("#save")
    file = tmp_path / "agent.zip"
    download.value.save_as(file)
    for name, content in damaged(file.read_bytes()):
        file.write_bytes(content)
        assert "Expected" in visitor.refused(file), name
        assert visitor.n_lessons == 1, name
    picture = tmp_path / "four.png"
    picture.write_bytes(b"no agent either")
    for _ in range(2):  # what was refused is refused once more
        assert "The file is four.png." in visitor.refused(picture)
    visitor.until_text("#news", "The file is four.png.")
    visitor.page.locator("#file-in input[type=file]").set_input_files(serialization.save(new("recall"), file))
    visitor.until_text("#share-status", "Loaded:")
    assert visitor.page.locator("#refused p").count() == 0
    visitor.press("#chip")
    visitor.press(".my-agents [data-do=open]")
    visitor.until_text("#chip", "1 lesson")
    visitor.tab("Draw")
    visitor.draw(written["4"][0])
    visitor.until_guessed("4")


def test_a_name_is_kept_and_names_the_file(visit):
    visitor = visit()
    visitor.tab("Share")
    field = visitor.page.locator("#name textarea, #name input")
    field.fill("Mia & `Tom`")
    visitor.press("#rename")
    visitor.until_text("#share-status", "Renamed: Mia & `Tom`.")
    visitor.until_text("#share-status", "Mia & `Tom` has had")  # also beside the news
    visitor.until_text("#chip", "Mia & `Tom`")
    with visitor.page.expect_download() as download:
        visitor.press("#save")
    assert download.value.suggested_filename == "mia-tom.zip"
    field.fill("   ")
    visitor.press("#rename")
    visitor.until_text("#share-status", "Write a name")
    visitor.until_text("#chip", "Mia & `Tom`")


def test_news_on_share_is_seen_each_time_and_of_the_agent_in_use(visit, written):
    visitor = visit("phone, light")
    visitor.teach(written["4"][0], "4")
    visitor.tab("Share")
    start = visitor.page.evaluate("gradio_config.components.find((at) => at.props.elem_id === 'share-status').props")
    assert not start["value"]  # no empty box before there is news
    visitor.page.locator("#name textarea, #name input").fill("Mia")
    visitor.press("#rename")
    visitor.until_text("#share-status", "Renamed: Mia.")
    opacity = "() => getComputedStyle(document.querySelector('#share-status .status')).opacity"
    fade = "() => document.querySelector('#share-status .status').getAnimations()[0]?.finish()"
    visitor.until(f"() => {{ ({fade})(); return ({opacity})() === '0'; }}")
    with visitor.page.expect_download():
        visitor.press("#save")
    visitor.until_text("#share-status", "Saved: mia.zip.")
    visitor.until(f"() => ({opacity})() === '1'")
    visitor.until(f"() => {{ ({fade})(); return ({opacity})() === '0'; }}")
    with visitor.page.expect_download():
        visitor.press("#save")  # what is said the same way is seen again, too
    visitor.until(f"() => ({opacity})() === '1'")
    visitor.press("#chip")
    visitor.press('.menu [data-do=start][data-label="state"]')
    visitor.until_text("#share-status", "Pupil has had 0 lessons")


def test_starting_again_asks_first_and_can_be_taken_back(visit, written):
    visitor = visit()
    visitor.press("#chip")
    visitor.press(".menu [data-tab=design]")
    visitor.until_text("#design-status", "has had")
    visitor.choose("#start-from", "sixty handwritten digits")
    visitor.until_done()
    visitor.press("#start")
    visitor.until_text("#question", "Pupil stays in the menu")
    visitor.tab("Draw")
    visitor.teach(written["4"][0], "4")
    visitor.page.go_back()
    visitor.until_text("#question", "Pupil stays in the menu")  # asked until it is answered
    visitor.press("#start-not")
    visitor.page.locator("#start-sure").wait_for(state="hidden")
    assert visitor.n_lessons == 1
    visitor.press("#start")
    visitor.press("#start-sure")
    visitor.until_text("#chip", "60 lessons")
    visitor.choose("#kind", "Look-alike:")
    visitor.choose("#start-from", "the lessons of this agent")
    visitor.press("#start")
    visitor.press("#start-sure")
    visitor.until_text("#chip", "60 lessons · Look-alike")
    visitor.press("#chip")
    visitor.press(".my-agents [data-do=open]")
    visitor.until_text("#chip", "60 lessons · Quick memory")


def test_an_agent_is_kept_as_a_web_page_with_ones_drawings_or_without(visit, written, tmp_path):
    visitor = visit("phone, light", path="de")
    visitor.press('.starts button[data-label="sixty"]')
    visitor.until_text("#chip", "60 Lektionen")
    visitor.draw(written["4"][0])
    visitor.press("#label-4")
    visitor.until_text("#chip", "61 Lektionen")
    visitor.page.get_by_role("tab", name="Teilen").click()
    visitor.until_text("#page-drawings", "1 Zeichnung")
    pages = []
    for is_with in (False, True):
        visitor.page.locator("#page-drawings input").set_checked(is_with)
        with visitor.page.expect_download() as download:
            visitor.press("#save-page")
        assert download.value.suggested_filename == "pupil.html"
        download.value.save_as(tmp_path / "pupil.html")
        pages.append((tmp_path / "pupil.html").read_text("utf-8"))
    assert all('lang="de"' in page for page in pages)
    assert ['"n_lessons":61' in page for page in pages] == [False, True]


def test_the_theme_can_be_switched_and_is_remembered(visit):
    visitor = visit()
    dark = "document.body.classList.contains('dark')"
    assert not visitor.page.evaluate(dark)
    visitor.press("[data-theme]")
    assert visitor.page.evaluate(dark)
    visitor.open()
    visitor.until(dark)
