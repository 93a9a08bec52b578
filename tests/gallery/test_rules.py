"""Every rule of a gallery file: what it says of a mistake, and that the repaired file is free of it."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from newbackend.findings import Severity
from newbackend.gallery.book import GALLERY, Gallery
from newbackend.gallery.check import Source, check_gallery
from newbackend.gallery.document import read_index

OFFICIAL = read_index(
    "backend/index.yaml",
    """
- name: whisper
  alias: whisper
  capabilities: {default: cpu-whisper}
- name: cpu-whisper
  alias: whisper
  uri: quay.io/go-skynet/local-ai-backends:latest-cpu-whisper
""",
)
META = """\
- name: demo
  license: mit
  capabilities:
    default: cpu-demo
- name: cpu-demo
  alias: demo
  version: "1.0.0"
  uri: ghcr.io/me/demo:1.0.0-cpu
"""


class Case(NamedTuple):
    """A rule, the line it names, a file with the mistake and one without it."""

    rule: str
    line: int
    bad: str
    good: str
    severity: Severity = Severity.ERROR


def image(uri: str, name: str = "demo", more: str = "") -> str:
    return f"- name: {name}\n  license: mit\n  uri: {uri}\n{more}"


def keyed(rows: str, more: str = "") -> str:
    """A meta with some rows beside `default`, the entries that they may name, and more."""
    entries = "".join(
        f'- name: {name}\n  alias: demo\n  version: "1.0.0"\n  uri: ghcr.io/me/demo:1.0.0-{tag}\n'
        for name, tag in (("cuda12-demo", "cuda12"), ("cuda13-demo", "cuda13"), ("rocm-demo", "rocm"))
    )
    return META.replace("    default: cpu-demo\n", f"    default: cpu-demo\n{rows}") + entries + more


W, N = Severity.WARNING, Severity.NOTE
GOOD = image("ghcr.io/me/demo:1.0.0")
CASES = [
    Case("GAL101", 2, "- name: demo\n\turi: ghcr.io/me/demo:1.0.0\n", GOOD),
    Case("GAL102", 1, "backends:\n  - name: demo\n", GOOD),
    Case("GAL102", 2, "- name: demo\n- demo\n", GOOD),
    Case("GAL103", 4, GOOD + "-\n", GOOD),
    Case("GAL104", 4, GOOD + "  license: mit\n", GOOD),
    Case("GAL105", 4, GOOD + "  tags: tts\n", GOOD + "  tags: [tts]\n"),
    Case("GAL105", 4, GOOD + "  capabilities: [a]\n", META),
    Case("GAL105", 4, GOOD + "  icon: {}\n", GOOD),
    Case("GAL106", 4, GOOD + "---\n- name: other\n", GOOD, W),
    Case("GAL107", 1, "# nothing yet\n", GOOD, W),
    Case("GAL107", 1, "[]\n", GOOD, W),
    Case("GAL108", 4, GOOD + "  capabilites: {default: demo}\n", GOOD, W),
    Case("GAL109", 4, GOOD + "  verification: {issuer: me}\n", GOOD, N),
    Case("GAL201", 1, "- name: demo\n  license: mit\n", GOOD),
    Case("GAL202", 4, GOOD + "  capabilities: {default: demo}\n", META, W),
    Case("GAL203", 2, META.replace("  license", '  version: "1"\n  license'), META, W),
    Case("GAL204", 4, GOOD + "  version: 1.10\n", GOOD + '  version: "1.10"\n', N),
    Case("GAL205", 4, GOOD + "  version: v1.0.0\n", GOOD + "  version: 1.0.0\n", N),
    Case("GAL206", 4, GOOD + "  sha256: abcd\n", GOOD, N),
    Case("GAL207", 1, "- name: demo\n  uri: ghcr.io/me/demo:1.0.0\n", GOOD, N),
    Case("GAL301", 1, "- uri: ghcr.io/me/demo:1.0.0\n", GOOD),
    Case("GAL302", 1, image("ghcr.io/me/demo:1.0.0", "me/demo"), GOOD),
    Case("GAL302", 1, image("ghcr.io/me/demo:1.0.0", "me@demo"), GOOD),
    Case("GAL302", 1, image("ghcr.io/me/demo:1.0.0", "../demo"), GOOD),
    Case(
        "GAL302", 1, image("ghcr.io/me/demo:1.0.0", "Demo"), image("ghcr.io/me/demo:1.0.0", "Demo", "  alias: demo\n")
    ),
    Case("GAL302", 1, image("ghcr.io/me/demo:1.0.0", "my demo"), GOOD, W),
    Case("GAL303", 4, GOOD + image("ghcr.io/me/demo:1.0.0", "Demo", "  alias: demo\n"), GOOD, W),
    Case("GAL304", 1, image("ghcr.io/me/demo:1.0.0", "llama"), GOOD),
    Case("GAL304", 4, GOOD + "  alias: valkey\n", GOOD),
    Case("GAL305", 3, image("ghcr.io/me/demo:1.0.0-amd64"), image("ghcr.io/me/demo:1.0.0-x86-64")),
    Case("GAL305", 1, image("ghcr.io/me/demo:1.0.0", "barracuda"), image("ghcr.io/me/demo:1.0.0", "cuda12-demo")),
    Case("GAL305", 1, image("ghcr.io/me/demo:1.0.0", "intelligence"), image("ghcr.io/me/demo:1.0.0", "intel-demo")),
    Case("GAL306", 3, image("ghcr.io/chipmunk/demo:1.0.0"), GOOD),
    Case("GAL306", 3, image("ghcr.io/amd-lab/demo:1.0.0", "intel-demo"), GOOD),
    Case("GAL307", 1, image("ghcr.io/me/demo:1.0.0", "Whisper", "  alias: demo\n"), GOOD, W),
    Case("GAL308", 4, GOOD + "  alias: whisper\n", GOOD, W),
    Case(
        "GAL309",
        1,
        image("ghcr.io/me/demo:1.0.0", "demo-development"),
        image("ghcr.io/me/demo:main", "demo-development"),
        N,
    ),
    Case("GAL310", 5, META.replace("  alias: demo\n", ""), META, W),
    Case("GAL401", 3, image("me/demo:1.0.0"), image("docker.io/me/demo:1.0.0")),
    Case("GAL401", 3, image("registry.gitlab.com/me/demo:1"), image("oci://registry.gitlab.com/me/demo:1")),
    Case("GAL402", 3, image("https://my.host/demo.tar.gz"), GOOD),
    Case("GAL402", 3, image("ollama://demo:1"), GOOD),
    Case("GAL403", 3, image("ocifile:///home/me/demo.tar"), GOOD),
    Case("GAL403", 3, image("oci://192.168.1.4:5000/me/demo:1"), GOOD),
    Case("GAL404", 3, image("ghcr.io/YOUR_GITHUB_OWNER/demo:1"), GOOD),
    Case("GAL404", 3, image("ghcr.io/OWNER/demo:1"), GOOD),
    Case("GAL404", 3, image("ghcr.io/me/demo:${TAG}"), GOOD),
    Case("GAL405", 3, image("ghcr.io/Me/Demo:1"), GOOD),
    Case("GAL405", 3, image("ghcr.io/me/demo:1 0"), GOOD),
    Case("GAL406", 3, image("ghcr.io/me/demo"), image("ghcr.io/me/demo@sha256:" + "a" * 64), W),
    Case(
        "GAL407",
        3,
        image("ghcr.io/me/demo:latest-cpu"),
        image("ghcr.io/me/demo:latest-cpu") + image("ghcr.io/me/demo:master-cpu", "demo-development"),
        W,
    ),
    Case("GAL408", 3, image("oci://r.net/me/demo:1"), image("oci://r.net/me/demo:1", more='  version: "1"\n'), W),
    Case("GAL409", 4, GOOD + "  mirrors: [me/demo:1]\n", GOOD + "  mirrors: [quay.io/me/demo:1]\n", W),
    Case("GAL409", 4, GOOD + "  mirrors: [ghcr.io/me/demo:1.0.0]\n", GOOD, W),
    Case("GAL501", 3, META.replace("default:", "amd:"), META),
    Case(
        "GAL502",
        3,
        keyed("    nvidia: cuda12-demo\n"),
        keyed("    nvidia: cuda12-demo\n    nvidia-cuda-12: cuda12-demo\n    nvidia-cuda-13: cuda13-demo\n"),
        W,
    ),
    Case("GAL503", 5, keyed("    rocm: rocm-demo\n"), keyed("    amd: rocm-demo\n"), W),
    Case("GAL504", 5, keyed("    amd: hip-demo\n"), keyed("    amd: rocm-demo\n")),
    Case("GAL505", 5, keyed("    amd: demo\n"), keyed("    amd: rocm-demo\n")),
    Case("GAL506", 5, keyed("    amd: cuda12-demo\n"), keyed("    amd: rocm-demo\n")),
    Case("GAL507", 4, META.replace("cpu-demo", "demo-amd64"), META),
]


def found(text: str, rule: str, official: bool = True) -> list[tuple[int, Severity]]:
    """Line and severity of each finding of a rule."""
    gallery = Gallery(read_index("index.yaml", text), OFFICIAL if official else None)
    report = check_gallery(Source(gallery, "index.yaml"))
    return [(finding.line, finding.level) for finding in report.findings if finding.rule.id == rule]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{CASES.index(case)}")
def test_a_mistake_is_found_where_it_is_and_its_repair_is_clean(case: Case) -> None:
    assert found(case.bad, case.rule) == [(case.line, case.severity)]
    assert found(case.good, case.rule) == []


def test_every_rule_of_a_file_has_a_case() -> None:
    assert {case.rule for case in CASES} == {rule for rule in GALLERY.rules if rule[:4] < "GAL6"}


def test_a_clean_gallery_is_clean() -> None:
    gallery = Gallery(read_index("index.yaml", META), OFFICIAL)
    assert check_gallery(Source(gallery, "index.yaml")).findings == ()


def test_a_build_for_cuda_13_is_not_asked_for_on_cuda_12() -> None:
    text = keyed("    nvidia: cuda13-demo\n    nvidia-cuda-13: cuda13-demo\n")
    assert found(text, "GAL502") == []


def test_what_a_merge_brings_is_said_where_it_is_written() -> None:
    text = "- &base\n  name: base\n  license: mit\n  tags: tts\n  uri: ghcr.io/me/base:1.0.0\n"
    assert found(text + "- !!merge <<: *base\n  name: other\n", "GAL105") == [(4, Severity.ERROR)]


def test_a_version_that_a_meta_takes_from_a_merge_is_found() -> None:
    base = '- &base\n  name: a\n  license: mit\n  version: "1.0.0"\n  uri: ghcr.io/me/a:1.0.0\n'
    meta = "- !!merge <<: *base\n  name: b\n  uri: ''\n  capabilities: {default: a}\n"
    assert found(base + meta, "GAL203") == [(6, Severity.WARNING)]


def test_without_an_official_gallery_no_name_collides() -> None:
    text = image("ghcr.io/me/demo:1.0.0", "whisper")
    assert found(text, "GAL307", official=False) == []
    assert found(text, "GAL307") != []


def test_a_comment_suppresses_with_a_reason_and_one_without_use_is_reported() -> None:
    text = image("me/demo:1.0.0  # newbackend: ignore[GAL401] served by a proxy of ours")
    report = check_gallery(Source(Gallery(read_index("index.yaml", text)), "index.yaml"))
    assert [entry.finding.rule.id for entry in report.suppressed] == ["GAL401"]
    unused = GOOD + "  # newbackend: ignore[GAL401] nothing here\n"
    report = check_gallery(Source(Gallery(read_index("index.yaml", unused)), "index.yaml"))
    assert [finding.rule.id for finding in report.findings] == ["REG901"]
