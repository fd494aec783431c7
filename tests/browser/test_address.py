"""The tab in the address: a link opens it, Back goes back."""

SELECTED = "() => [...document.querySelectorAll('[role=tab].selected[id]')].filter((tab) => tab.checkVisibility()).at(-1)?.innerText"


def test_a_tab_is_in_the_address_and_back_goes_back(visit):
    visitor = visit()
    for name, address in (("Share", "share"), ("Numbers", "numbers"), ("Design", "design")):
        visitor.tab(name)
        visitor.page.wait_for_url(f"**/?tab={address}")
    for name in ("Numbers", "Overview", "Share", "Draw"):
        visitor.page.go_back()
        visitor.until(f"(name) => ({SELECTED})() === name", name)
    assert "tab=" not in visitor.page.url
    visitor.page.go_forward()
    visitor.until(f"(name) => ({SELECTED})() === name", "Share")


def test_an_address_opens_its_tab_in_every_language(visit):
    visitor = visit("phone, light", path="de?tab=frames")
    visitor.until(f"(name) => ({SELECTED})() === name", "Zusehen")
    visitor.leaving = True
    visitor.press(".language")
    visitor.page.wait_for_url("**/?tab=frames")
    visitor.leaving = False
    visitor.until(f"(name) => ({SELECTED})() === name", "Watching")
