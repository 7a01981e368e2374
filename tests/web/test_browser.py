"""The pages about releases in Chromium: without scripts they do everything, and axe finds nothing serious.

Screenshots of every page go to DRYSTONE_SCREENSHOTS where that is set.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from drystone.release.read import open_release
from drystone.verification import VISITOR
from tests.web.pages import PASSWORD, Site, site

AXE = Path(__file__).parents[2] / ".cache/npm/node_modules/axe-core/axe.min.js"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("pages"), reach=VISITOR) as running:
        yield running


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("Debian's packages chromium and chromium-driver are not installed")
    running: list[Any] = []

    def browser(*, scripts: bool, width: int = 1100) -> Any:
        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", f"--window-size={width},1400"):
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
        if not scripts:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        service = webdriver.ChromeService(str(shutil.which("chromedriver")))
        running.append(webdriver.Chrome(options=options, service=service))
        running[-1].implicitly_wait(5)
        return running[-1]

    yield browser
    for each in running:
        each.quit()


def shoot(browser: Any, name: str) -> None:
    if folder := os.environ.get("DRYSTONE_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        browser.save_screenshot(str(Path(folder) / f"{name}.png"))


def fill(browser: Any, **fields: str) -> None:
    for name, text in fields.items():
        field = browser.find_element(By.CSS_SELECTOR, f"main [name={name}]")
        if field.tag_name == "select":
            Select(field).select_by_value(text)
        else:
            field.send_keys(text)


def press(browser: Any, text: str) -> None:
    leave(browser, browser.find_element(By.XPATH, f"//button[normalize-space()='{text}']"))


def leave(browser: Any, element: Any) -> None:
    """Click what leads to another page, and wait until that page is there."""
    old = browser.find_element(By.TAG_NAME, "html")
    element.click()

    def gone(_: Any) -> bool:
        # Chromium says of a node that is just leaving that it is stale, or that it is of no document.
        try:
            old.is_enabled()
        except WebDriverException:
            return True
        return False

    WebDriverWait(browser, 30).until(gone)


def main_text(browser: Any) -> str:
    return str(browser.find_element(By.TAG_NAME, "main").text)


def walk(browser: Any, here: Site, file: Path, seen: Callable[[str], None]) -> None:
    """Look a name and a file up, ask for removal, open a challenge, log in, vouch, decide, see it, withdraw."""
    browser.get(here.url)
    seen("home")
    fill(browser, q="example.org/own")
    press(browser, "Look up")
    assert "https://example.org/own/special" in main_text(browser)
    seen("lookup-owner")
    browser.get(here.url)
    browser.find_element(By.ID, "file").send_keys(str(file))
    press(browser, "Look up the file")
    assert "not in it" in main_text(browser)
    assert "<script>" in main_text(browser), "shown as text"
    seen("lookup-file")
    browser.get(f"{here.url}/lookup?q=nobody/nothing")
    seen("lookup-nothing")
    leave(browser, browser.find_element(By.LINK_TEXT, "Ask for the removal of this repository"))
    seen("request")
    fill(browser, contact="ada@example.org", words="It is mine.")
    browser.find_element(By.NAME, "subject").clear()
    fill(browser, subject="octocat")
    press(browser, "Send")
    assert "names an owner or a host" in main_text(browser)
    seen("request-wrong")
    browser.find_element(By.NAME, "subject").clear()
    fill(browser, subject="https://github.com/octocat/hello-world")
    press(browser, "Send")
    status = browser.current_url
    assert "/status/" in status
    seen("status-received")
    fill(browser, method="branch")
    press(browser, "Give me a challenge")
    seen("status-challenge")
    assert browser.find_elements(By.TAG_NAME, "pre")
    assert browser.find_elements(By.XPATH, "//button[normalize-space()='Check now']")
    filed = here.registry.requests.by_token(status.rpartition("/")[2].partition("?")[0])
    assert filed is not None
    request = filed.id
    browser.get(f"{here.url}/login")
    seen("login")
    fill(browser, name="ada", password="wrong" * 5)
    press(browser, "Log in")
    assert "do not belong together" in main_text(browser)
    seen("login-wrong")
    fill(browser, name="ada", password=PASSWORD)
    press(browser, "Log in")
    seen("queue")
    leave(browser, browser.find_element(By.LINK_TEXT, request))
    assert "It is mine." in main_text(browser)
    seen("decide")
    fill(browser, note="Known in person.")
    press(browser, "Vouch")
    fill(browser, outcome="accepted")
    press(browser, "Decide")
    seen("decided")
    assert here.registry.requests.get(request).status == "accepted"
    here.registry.optouts.applied(request, "ab" * 32, "1.1.1", 12, 3456, 1)
    press(browser, "Log out ada")
    browser.get(status)
    assert "accepted" in main_text(browser)
    assert "1.1.1" in main_text(browser)
    seen("status-applied")
    browser.find_element(By.NAME, "sure").click()
    press(browser, "Withdraw the request")
    assert here.registry.requests.get(request).status == "withdrawn"
    seen("status-withdrawn")
    browser.get(f"{here.url}/no-such-page")
    seen("no-such-page")


@pytest.fixture
def file(here: Site, tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    row = next(r for r in open_release(here.releases[1]).files() if "<script>" in r["path"])
    path.write_bytes(row["content"].encode())
    return path


def test_everything_works_without_scripts(here: Site, start: Callable[..., Any], file: Path) -> None:
    walk(start(scripts=False), here, file, lambda name: None)


@pytest.mark.parametrize("width", [1100, 390])
def test_axe_finds_nothing_on_any_page(here: Site, start: Callable[..., Any], file: Path, width: int) -> None:
    if not AXE.exists():
        pytest.skip(f"axe-core is not there: npm install --prefix {AXE.parents[2]} axe-core")
    browser = start(scripts=True, width=width)
    script = AXE.read_text("utf-8")
    pages: list[str] = []
    found: list[str] = []

    def look(name: str) -> None:
        shoot(browser, f"{name}-{width}")
        browser.execute_script(script)
        result = browser.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
        pages.append(name)
        for each in result["violations"]:
            nodes = "; ".join(node["html"][:120] for node in each["nodes"])
            found.append(f"{name}: {each['impact']} {each['id']}: {nodes}")
        wide = browser.execute_script("return document.documentElement.scrollWidth > window.innerWidth")
        if wide:
            found.append(f"{name}: is wider than its window")

    walk(browser, here, file, look)
    assert len(set(pages)) >= 15
    assert not found, "\n".join(found)


def test_the_keyboard_reaches_everything(here: Site, start: Callable[..., Any]) -> None:
    browser = start(scripts=False)
    browser.get(f"{here.url}/request")
    names: list[str] = []
    for _ in range(20):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        active = browser.switch_to.active_element
        names.append(active.get_attribute("name") or active.text)
    wanted = ["kind", "subject", "prefix", "copies", "near", "forks", "contact", "words", "Send"]
    assert [name for name in names if name in wanted][: len(wanted)] == wanted
