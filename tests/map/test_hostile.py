"""Names, descriptions and paths of a hostile checkout run nothing, load nothing and hide nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from map.browsing import visiting
from map.reading import Element, read, rows

from newbackend.checkout.layout import open_checkout
from newbackend.map.gather import map_of
from newbackend.map.render import page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.xdist_group("browser")

TAG = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(2)</script><!--"
ATTRIBUTE = '\\" onmouseover=\\"alert(3)\\" x=\\"'
STYLE = "</style><style>*{display:none}</style>"
NAMES = (
    TAG,
    SCRIPT,
    "javascript:alert(4)",
    "matrix",
    "__proto__",
    "{{ 7*7 }}{% include 'x' %}",
    "%zz & co",
    "#host=amd",
)


def poison(root: Path) -> None:
    """Puts hostile text wherever the page quotes a checkout."""
    matrix = root / ".github/backend-matrix.yml"
    rows = [
        f"""  - build-type: ''
    cuda-major-version: ""
    cuda-minor-version: ""
    platforms: 'linux/amd64'
    tag-latest: 'auto'
    tag-suffix: '-cpu-{number}-{name.replace("'", "''")}'
    runs-on: '{TAG}'
    base-image: "{STYLE}"
    skip-drivers: 'false'
    backend: "{name}"
    dockerfile: "./backend/Dockerfile.python"
    context: "./"
"""
        for number, name in enumerate((*NAMES, ATTRIBUTE))
    ]
    text = matrix.read_text()
    assert text.count("\ninclude:\n") == 1
    matrix.write_text(text.replace("\ninclude:\n", "\ninclude:\n" + "".join(rows)))
    index = root / "backend/index.yaml"
    entries = [
        f"""- &evil{number}
  name: "{name}"
  alias: "{name}"
  description: "{SCRIPT} \\u202e\\u0007"
  urls: ["javascript:alert(5)"]
  icon: "javascript:alert(6)"
  tags: ["{TAG}", "LLM"]
  capabilities:
    default: "cpu-{name}"
    {"x" * 40}: "{TAG}"
- !!merge <<: *evil{number}
  name: "cpu-{name}"
  uri: "quay.io/go-skynet/local-ai-backends:latest-cpu-{number}-{name}"
"""
        for number, name in enumerate((*NAMES, ATTRIBUTE))
    ]
    index.write_text(index.read_text() + "".join(entries))
    folder = root / "backend/python" / TAG
    folder.mkdir()
    (folder / "run.sh").write_text(f"# {SCRIPT}\n{SCRIPT}\n")
    (folder / "Makefile").write_text(f"all:\n\techo '{TAG}' {SCRIPT}\n")


@pytest.fixture
def hostile_page(sample: Path, tmp_path: Path) -> Path:
    poison(sample)
    file = tmp_path / "hostile.html"
    file.write_text(page(map_of(open_checkout(sample))), encoding="utf-8")
    return file


def handlers(element: Element) -> list[str]:
    """Attributes below an element that could run or load something."""
    own = [key for key in element.attributes if key.startswith("on") or key in ("style", "src", "srcset")]
    return own + [key for child in element.children for key in handlers(child)]


def test_the_page_has_no_element_of_the_checkouts_making(hostile_page: Path) -> None:
    root = read(hostile_page.read_text(encoding="utf-8"))
    assert [script.attributes for script in root.all("script")] == [{"type": "application/json", "id": "ways"}, {}]
    assert len(root.all("style")) == 1
    assert root.all("img") + root.all("iframe") + root.all("link") + root.all("object") == []
    assert set(NAMES) <= set(rows(root, "matrix"))

    assert handlers(root) == []
    assert {link.attributes["href"][:1] for link in root.all("a")} == {"#"}


def test_nothing_runs_in_a_browser(browser: Browser, hostile_page: Path) -> None:
    with visiting(browser, hostile_page) as visit:
        page = visit.page
        shown = page.locator("#g-matrix tbody a").all_inner_texts()
        assert set(NAMES) <= set(shown)
        for name in (*NAMES, '" onmouseover="alert(3)" x="'):
            page.evaluate(
                'name => document.querySelector(`#g-matrix tr[data-name="${CSS.escape(name)}"] a`).click()', name
            )
            page.wait_for_function("name => document.querySelector('.backend.on')?.dataset.name === name", arg=name)
            page.locator(".backend.on [data-way]").first.click()
            page.evaluate("location.hash = '#matrix'")
            page.wait_for_function("() => document.querySelector('#v-matrix.on')")
        page.locator("#g-matrix td.c").first.hover()
        visit.to("host=default")
        assert "\u202e" not in page.content()
        assert page.evaluate("Object.prototype.dataset") is None


def test_the_policy_stops_what_would_get_through(browser: Browser, hostile_page: Path) -> None:
    """The second gate, without the first: an element that somebody managed to put into the page."""
    with visiting(browser, hostile_page) as visit:
        tried = visit.page.evaluate(
            """() => {
              try { document.body.innerHTML += '<img src=x onerror=alert(7)>'; } catch (error) { return error.name; }
              return 'set';
            }"""
        )
        assert tried == "TypeError"
        assert all("Trusted" in one for one in visit.trouble)
        visit.trouble.clear()
