"""Names, files and new beginnings in a real browser."""

import zipfile

import pytest


def upload(visitor, path):
    visitor.page.locator("#file-in input[type=file]").set_input_files(path)


@pytest.mark.parametrize("damage", ["not a zip", "cut short", "a path inside", "too much inside"])
def test_a_malformed_file_is_refused_and_the_agent_stays(visit, written, tmp_path, damage):
    visitor = visit()
    visitor.teach(written["4"][0], "4")
    visitor.tab("Keep")
    with visitor.page.expect_download() as download:
        visitor.press("#save")
    file = tmp_path / "agent.zip"
    download.value.save_as(file)
    content = file.read_bytes()
    if damage == "not a zip":
        file.write_bytes(b"these are not the bytes you are looking for")
    elif damage == "cut short":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "a path inside":
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr("../evil.txt", "evil")
    else:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", b" " * 3_000_000)
    upload(visitor, file)
    toast = visitor.page.locator(".toast-body.error")
    toast.wait_for()
    assert "xpected" in toast.inner_text()
    assert visitor.n_lessons == 1
    visitor.tab("Draw")
    visitor.draw(written["4"][0])
    visitor.until_guessed("4")
