"""A real server, a real browser, real digits."""

import os
import shutil

import pytest
from gradio_client import Client
from playwright.sync_api import sync_playwright
from served import ARGUMENTS, serving, written_digits
from visitor import ABROAD, LOOKS, SMALL, Visitor


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests, once its kernels are compiled."""
    with serving(tmp_path_factory.mktemp("server")) as server:
        Client(server.url, verbose=False, analytics_enabled=False).predict(api_name="/save")
        yield server


@pytest.fixture(scope="session")
def browser():
    """Chromium: the one named in CHROMIUM, or the one on the path."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(server, browser):
    """Open the app as a new visitor; afterwards nobody may have seen an error or asked another machine."""
    visitors = []

    def new(look="desktop, light", prepare=None, known=(), path=""):
        context = browser.new_context(accept_downloads=True, ignore_https_errors=True, **(LOOKS | SMALL | ABROAD)[look])
        if prepare:
            prepare(context)
        visitors.append(Visitor(context, server.url, touch="phone" in look, known=known, path=path))
        return visitors[-1]

    yield new
    for visitor in visitors:
        visitor.context.close()
        assert (visitor.errors, visitor.outside) == ([], [])


@pytest.fixture(scope="session")
def written():
    """Test digits of MNIST by label: label -> drawings, in order."""
    return written_digits()
