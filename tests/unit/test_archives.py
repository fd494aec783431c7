"""Archives from anywhere: one that is not an agent's is refused before it unfolds."""

import io
import tracemalloc
import zipfile

import pytest

from agent.errors import AgentError
from agent.storage import serialization

pytestmark = pytest.mark.slow  # thousands of forged archives


def archive(members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


def test_archives_with_other_members_are_refused(taught):
    files = serialization.to_files(taught)
    for members in (
        [],
        list(files.items())[:-1],
        [*files.items(), ("../evil.py", b"x")],
        [(f"agent/{name}", content) for name, content in files.items()],
        [("/etc/passwd" if name == "README.md" else name, content) for name, content in files.items()],
    ):
        with pytest.raises(AgentError, match=r"expected a \.zip with"):
            serialization.from_zip(archive(members))


def test_thousands_of_members_are_refused_unread(taught):
    content = archive([(str(n), b"") for n in range(20_000)])
    tracemalloc.start()
    with pytest.raises(AgentError, match="got 20000 files"):
        serialization.from_zip(content)
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_packed_in_ways_that_inflate_without_limit_are_refused(taught, method):
    bomb = archive((serialization.to_files(taught) | {"README.md": b" " * 5_000_000}).items(), method)
    tracemalloc.start()
    with pytest.raises(AgentError, match=r"deflated and not encrypted|at most 200,000 bytes"):
        serialization.from_zip(bomb)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_encrypted_members_comments_and_words_after_the_end_are_refused(taught):
    content = serialization.zipped(serialization.to_files(taught))
    entry = content.index(b"PK\1\2")
    encrypted = content[: entry + 8] + b"\1" + content[entry + 9 :]
    with pytest.raises(AgentError, match="not encrypted"):
        serialization.from_zip(encrypted)
    for other in (content + b"more", content[:-2] + b"\4\0more", content[:-22] + b"PK\6\7" + bytes(16) + content[-22:]):
        with pytest.raises(AgentError):
            serialization.from_zip(other)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_a_name_twice_is_refused(taught):
    files = list(serialization.to_files(taught).items())
    with pytest.raises(AgentError, match="6 files"):
        serialization.from_zip(archive([*files, files[0]]))


def test_a_bomb_is_refused_before_it_unfolds(taught):
    files = serialization.to_files(taught)
    for name in files:
        bomb = archive((files | {name: b" " * 70_000_000}).items())
        assert len(bomb) < 2_000_000
        tracemalloc.start()
        with pytest.raises(AgentError, match=f"bytes in {name}"):
            serialization.from_zip(bomb)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1_000_000


def test_a_file_cut_off_at_any_byte_is_refused(taught):
    content = serialization.zipped(serialization.to_files(taught))
    for end in {*range(0, len(content), max(1, len(content) // 150)), len(content) - 1}:
        with pytest.raises(AgentError):
            serialization.from_zip(content[:end])
