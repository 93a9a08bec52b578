"""The page in a real browser: views, filters, links, keys, themes, widths."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from map.browsing import visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.xdist_group("browser")
WIDTHS = (390, 820, 1440)
ROWS = "#g-matrix tbody tr:not(.group)"


def names(page: Page, table: str = "matrix") -> list[str]:
    """The backends whose rows are seen, in their order."""
    rows = page.locator(f"#g-{table} tbody tr[data-name]:not([hidden])")
    return [str(one.get_attribute("data-name")) for one in rows.all()]


def test_the_page_asks_for_nothing_and_says_no_error(browser: Browser, sample_page: Path) -> None:
    with visiting(browser, sample_page) as visit:
        for view in ("matrix", "places", "hosts", "repository", "rules", "goquill", "host=amd", "nobody"):
            visit.to(view)
            assert visit.count(".view.on") == 1


def test_filters_narrow_the_rows_and_the_totals(browser: Browser, sample_page: Path) -> None:
    with visiting(browser, sample_page) as visit:
        page = visit.page
        assert page.locator("#shown").inner_text() == "9 of 9 backends"
        page.locator("[name=text]").fill("whistle")
        assert names(page) == ["fast-pywhistle", "pywhistle"]
        assert page.locator("[data-total=metal]").inner_text() == "2 / 2"
        page.locator("[name=text]").fill("")
        page.locator("[name=lang]").select_option("go")
        page.locator("[name=platform]").select_option("rocm")
        assert names(page) == ["goquill"]
        page.get_by_role("button", name="Clear").click()
        page.wait_for_function("() => document.querySelector('#shown').value.startsWith('9 of 9')")


def test_a_link_leads_to_a_view_with_its_filters(browser: Browser, sample_page: Path) -> None:
    with visiting(browser, sample_page, "matrix&lang=cpp&sort=images") as visit:
        page = visit.page
        assert names(page) == ["cppanvil", "cppreed", "neo-cppanvil"]
        page.locator("[name=platform]").select_option("metal")
        assert page.evaluate("location.hash") == "#matrix&lang=cpp&platform=metal&sort=images"
    with visiting(browser, sample_page, "goquill&platform=metal") as visit:
        page = visit.page
        assert page.get_by_role("heading", level=2).inner_text().startswith("goquill")
        assert page.locator(".way.on h4").inner_text().startswith("macOS")
        assert page.locator(".way.on .stations b").first.inner_text() == "Change"
    with visiting(browser, sample_page, "host=metal&gets=accelerated") as visit:
        assert "metal" in visit.page.locator(".host.on h3").inner_text()
        assert visit.count(".host.on li.accelerated") > 0
        assert visit.count(".host.on li.nothing") == 0


def test_groups_and_order(browser: Browser, sample_page: Path) -> None:
    with visiting(browser, sample_page) as visit:
        page = visit.page
        heads = page.locator("#g-matrix tr.group:not([hidden])")
        assert heads.all_inner_texts() == ["Python", "Go", "C++", "Rust"]
        page.locator("[name=group]").select_option("none")
        assert names(page) == sorted(names(page))
        assert heads.count() == 0
        page.locator("[name=sort]").select_option("images")
        counts = [int(str(one.get_attribute("data-n")).split()[0]) for one in page.locator(ROWS).all()]
        assert counts == sorted(counts, reverse=True)


def test_everything_is_reached_with_the_keyboard(browser: Browser, sample_page: Path) -> None:
    with visiting(browser, sample_page) as visit:
        page = visit.page
        keys = page.keyboard
        reached = []
        for _ in range(40):
            keys.press("Tab")
            reached.append(page.evaluate("(document.activeElement.name || document.activeElement.textContent).trim()"))
            if page.evaluate("Boolean(document.activeElement.closest('tbody'))"):
                break
        assert {"Skip to the content", "Images", "Places", "Hosts", "text", "lang", "modality", "platform"} <= set(
            reached
        )
        where = "[...document.activeElement.closest('tr').cells].indexOf(document.activeElement)"
        first = page.evaluate("document.activeElement.closest('tr').dataset.name")
        assert first == names(page)[0]
        keys.press("ArrowDown")
        keys.press("ArrowRight")
        keys.press("ArrowRight")
        assert page.evaluate(where) == 2
        assert page.evaluate("document.activeElement.closest('tr').dataset.name") == names(page)[1]
        assert names(page)[1] in page.locator("#tip").inner_text()
        keys.press("Enter")
        page.wait_for_function("() => document.querySelector('.backend.on')")
        assert page.evaluate("location.hash") == f"#{names(page)[1]}&platform=cuda12"
        keys.press("Escape")
        page.wait_for_function("() => document.querySelector('#v-matrix.on')")
        keys.press("3")
        page.wait_for_function("() => document.querySelector('#v-hosts.on')")
        keys.press("/")
        assert page.evaluate("document.activeElement.name") == "text"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_accessibility_checker_finds_nothing(browser: Browser, sample_page: Path, scheme: str) -> None:
    package = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    axe = (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    with visiting(browser, sample_page, color_scheme=scheme) as visit:
        visit.page.evaluate(f"() => {{ {axe} }}")
        for view in ("matrix", "places", "host=intel", "repository", "rules", "cppanvil"):
            visit.to(view)
            found = visit.page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
            said = [
                (one["id"], node["html"][:120], node["failureSummary"])
                for one in found["violations"]
                for node in one["nodes"]
            ]
            assert said == [], view


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(browser: Browser, sample_page: Path, width: int) -> None:
    with visiting(browser, sample_page, viewport={"width": width, "height": 800}) as visit:
        for view in ("matrix", "places", "hosts", "goquill", "repository"):
            page = visit.to(view)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, view


def test_the_theme_can_be_switched(browser: Browser, sample_page: Path) -> None:
    with visiting(browser, sample_page, color_scheme="light") as visit:
        colour = "getComputedStyle(document.body).backgroundColor"
        before = visit.page.evaluate(colour)
        visit.page.get_by_role("button", name="Switch between light and dark").click()
        assert visit.page.evaluate(colour) != before


def test_print_shows_the_view_without_its_controls(browser: Browser, sample_page: Path) -> None:
    with visiting(browser, sample_page, "goquill", color_scheme="dark") as visit:
        visit.page.emulate_media(media="print")
        assert visit.count("nav") + visit.count("#filters") + visit.count(".copies") == 0
        assert visit.count(".backend.on .way") == visit.page.locator(".backend.on .way").count() > 1
        assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_without_javascript_everything_is_there_to_read(browser: Browser, sample_page: Path) -> None:
    with visiting(browser, sample_page, java_script_enabled=False) as visit:
        assert visit.count("#g-matrix tbody tr") == 9
        assert visit.count(".host") > 5
        assert visit.count(".backend") == 9
