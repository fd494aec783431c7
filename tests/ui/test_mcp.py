"""Drawings as language models send them, and how many calls wait."""

import asyncio
import base64
import io
import threading

import numpy as np
import pytest
from PIL import Image

from agent import preprocessing
from agent.errors import AgentError
from agent.ui.server import mcp


def test_rows_are_ink_and_paper_also_where_ink_touches_the_edge():
    rows = "\n".join(["#" * 10] + ["........##"] * 9)
    shown = preprocessing.to_thumbnail(mcp.read_drawing(rows))
    assert 20 < (shown > 0).sum() < 120 and not shown[0].any()
    ragged = rows.replace("........##", "        ##") + "\r\n\r\n"
    assert (preprocessing.to_thumbnail(mcp.read_drawing(ragged)) == shown).all()


def test_a_picture_in_base64_is_read_with_or_without_a_head_and_line_breaks():
    page = np.full((30, 20), 255, np.uint8)
    page[4:26, 9:11] = 0
    file = io.BytesIO()
    Image.fromarray(page).save(file, "PNG")
    text = base64.b64encode(file.getvalue()).decode()
    for each in (text, f"data:image/png;base64,{text}", f" data:image/png;base64,{text[:30]}\n{text[30:]}\n"):
        assert (preprocessing.to_thumbnail(mcp.read_drawing(each)) == preprocessing.to_thumbnail(page)).all()


@pytest.mark.parametrize("text", ["", " ", "\n\n", "#", "#\n" * 65, "." * 65, "#" * 8, "#.x\n" * 9])
def test_what_is_no_drawing_is_refused(text):
    with pytest.raises(AgentError, match=r"expected (8 to 64 rows|rows of #|a picture)"):
        mcp.read_drawing(text)


def test_so_many_calls_wait_and_one_more_is_told_so(monkeypatch):
    go_on = threading.Event()
    monkeypatch.setitem(mcp._BY_NAME, "new_agent", lambda: go_on.wait(30))
    calls, most = mcp.Calls(), mcp.AT_ONCE + mcp.MAX_WAITING

    async def crowd():
        waiting = [asyncio.ensure_future(calls.call("new_agent", {})) for _ in range(most)]
        await asyncio.sleep(0)
        with pytest.raises(AgentError, match="expected fewer calls at once"):
            await calls.call("new_agent", {})
        go_on.set()
        assert await asyncio.gather(*waiting) == [True] * most
        assert await calls.call("new_agent", {}) is True

    asyncio.run(crowd())
