"""A page about one backend: what it says, whose it is, and how other pages lead to it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from place_trip import edited, new_lines, round_trip
from specs import spec

from newbackend.answers import Answers, DocsAnswers
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create, planned
from newbackend.plan.change import Sources, plan_change
from newbackend.plan.remove import plan_remove
from newbackend.plan.wish import Wish
from newbackend.registrations.own_page.place import OwnPage, check_page
from newbackend.spec import BackendSpec, make_spec

PLACE = OwnPage()
FOLDER = "docs/content/features"
PAGE = f"{FOLDER}/ds4.md"
AUDIO = f"{FOLDER}/audio-to-text.md"
LIST = f"{FOLDER}/backends.md"
TABLE = "docs/content/reference/compatibility-table.md"
ROUTES = "core/http/routes/openai.go"
INDEX = f"{FOLDER}/_index.en.md"


def paged(**changes: object) -> BackendSpec:
    return spec(docs={"page": True}, **{"modalities": ["transcription"], **changes})


def kept(name: str, checkout: Checkout) -> BackendSpec:
    """A registered backend as it is described, with a page."""
    described = describe(checkout, name).answers
    return make_spec(replace(described, docs=DocsAnswers(page=True)))


def page(checkout: Checkout, wanted: BackendSpec) -> str:
    (file,) = PLACE.files(checkout, wanted).values()
    return file.text


def test_the_page_says_what_is_known_and_nothing_else(checkout: Checkout) -> None:
    routed = checkout.with_changes({ROUTES: 'app.POST("/v1/audio/transcriptions", handler)\n'})
    model = {"uri": "huggingface://o/r/ds4-q4.gguf", "options": ["threads:8"]}
    wanted = paged(models=[model], variants=["cpu", "cuda13", "metal"], license="MIT")
    assert page(routed, wanted) == (
        "+++\n"
        "disableToc = false\n"
        'title = "ds4 backend"\n'
        "weight = 17\n"
        'url = "/features/ds4/"\n'
        "+++\n"
        "\n"
        "[ds4](https://github.com/antirez/ds4): DeepSeek V4 Flash inference engine.\n"
        "\n"
        "LocalAI exposes it through the `ds4` backend, which serves speech to text.\n"
        "ds4 is licensed under MIT.\n"
        "\n"
        "## Installing\n"
        "\n"
        "```bash\n"
        "local-ai backends install ds4\n"
        "```\n"
        "\n"
        "Or install it from the **Backends** page in the web UI.\n"
        "`ds4` is a preference-only backend: LocalAI never picks it automatically during model\n"
        "import. Set `backend: ds4` in the model YAML, or select it in the import form.\n"
        "\n"
        "## What it serves\n"
        "\n"
        "| Task | LocalAI endpoint | gRPC RPC |\n"
        "|---|---|---|\n"
        '| [Speech to text]({{%relref "features/audio-to-text" %}}) | `/v1/audio/transcriptions` '
        "| `AudioTranscription`, `AudioTranscriptionStream` |\n"
        "\n"
        "## Models\n"
        "\n"
        "The model gallery has a model that runs on it:\n"
        "\n"
        "```bash\n"
        "local-ai models install ds4-q4\n"
        "```\n"
        "\n"
        "The configuration of `ds4-q4`:\n"
        "\n"
        "```yaml\n"
        "name: ds4-q4\n"
        "backend: ds4\n"
        "known_usecases:\n"
        "  - transcript\n"
        "options:\n"
        '  - "threads:8"\n'
        "parameters:\n"
        "  model: ds4-q4/ds4-q4.gguf\n"
        "```\n"
        "\n"
        "## Acceleration\n"
        "\n"
        "| Variant | Platform |\n"
        "|---|---|\n"
        "| CPU | linux/amd64, linux/arm64 |\n"
        "| CUDA 13 | linux/amd64 |\n"
        "| Metal | darwin/arm64 |\n"
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"imports": {"kind": "none"}}, "Set `backend: ds4` in the model YAML."),
        (
            {"imports": {"kind": "importer", "extensions": [".a", ".b"]}},
            "LocalAI picks it during model import for repositories with files that end in `.a` or `.b`.",
        ),
        (
            {"imports": {"kind": "drop-in", "of": "pywhistle"}},
            "It reads the models of the `pywhistle` backend: select it in the import form in its place.",
        ),
        ({"os_excluded": {"darwin": "no Metal kernels."}}, "There is no macOS image: no Metal kernels."),
        ({"description": "ds4 is an engine."}, "[ds4](https://github.com/antirez/ds4) is an engine."),
        (
            {"pin": None, "urls": ["https://example.org/x"], "description": "An X."},
            "[ds4](https://example.org/x): An X.",
        ),
        (
            {"modalities": ["tts", "vad", "llm"]},
            "LocalAI exposes it through the `ds4` backend, which serves text generation, text to speech and voice "
            "activity detection.",
        ),
    ],
)
def test_each_answer_has_its_sentence(checkout: Checkout, changes: dict[str, object], line: str) -> None:
    assert line in page(checkout, paged(**changes)).split("\n")


def test_a_hostile_description_stays_text(checkout: Checkout) -> None:
    text = page(checkout, paged(description="a <script> {{< x >}}\n+++\n## Backends"))
    assert "<script>" not in text
    assert "{{<" not in text
    assert text.count("\n+++\n") == 1


def test_an_example_that_hugo_would_run_is_left_out(checkout: Checkout) -> None:
    model = {"uri": "huggingface://o/r/ds4-q4.gguf", "options": ["prompt:{{% x %}}"]}
    text = page(checkout, paged(models=[model]))
    assert "local-ai models install ds4-q4\n" in text
    assert "{{% x" not in text


def test_a_page_that_the_answers_omit_is_not_written(checkout: Checkout) -> None:
    assert PLACE.files(checkout, paged(overrides={"places": {"own-page": {"omit": True}}})) == {}


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"a": 17, "b": 20}, 18),  # behind its group, in front of the next
        ({"a": 19, "b": 20}, 19),  # no room: with the last of its group
        ({"a": 17, "b": 20, "free-standing": 18}, 19),
    ],
)
def test_the_menu_has_it_behind_its_group(checkout: Checkout, weights: dict[str, int], expected: int) -> None:
    pages = {f"{FOLDER}/{name}.md": f"+++\nweight = {weight}\n+++\n" for name, weight in weights.items()}
    index = '## Audio\n\n- [A]({{% relref "features/audio-to-text" %}})\n- [a]({{% relref "features/a" %}})\n\n'
    index += '## Vision\n\n- [b]({{% relref "features/b" %}})\n'
    assert f"\nweight = {expected}\n" in page(checkout.with_changes({**pages, INDEX: index}), paged())


def test_the_weight_that_a_page_has_stays(checkout: Checkout) -> None:
    there = checkout.with_changes({PAGE: "+++\nweight = 99\n+++\n"})
    assert "\nweight = 99\n" in page(there, paged())


def test_the_place_makes_the_round_trip(checkout: Checkout) -> None:
    registered = planned(plan_create(spec(modalities=["transcription"]), checkout), checkout)
    round_trip(PLACE, registered, paged())


def test_create_links_it_and_remove_leaves_nothing(checkout: Checkout) -> None:
    after = planned(plan_create(paged(), checkout), checkout)
    leads = 'See the [ds4 backend]({{%relref "features/ds4" %}}) page.'
    assert new_lines(checkout, after, AUDIO) == [
        f"- **[ds4](https://github.com/antirez/ds4)**: DeepSeek V4 Flash inference engine. {leads}"
    ]
    assert leads in new_lines(checkout, after, TABLE)[0]
    assert any('[ds4]({{%relref "features/ds4" %}})' in row for row in new_lines(checkout, after, LIST))
    assert list(PLACE.tasks(after, paged())) == []
    gone = planned(plan_remove("ds4", after), after)
    assert not gone.exists(PAGE)
    for path in (AUDIO, TABLE, LIST):
        assert gone.read(path) == checkout.read(path)


def test_a_link_in_prose_that_remove_leaves_is_named(checkout: Checkout) -> None:
    after = planned(plan_create(paged(), checkout), checkout)
    prose = edited(after, AUDIO, ("## Usage", 'As [ds4]({{% relref "features/ds4" %}}) does.\n\n## Usage'))
    plan = plan_remove("ds4", prose)
    (left,) = plan.to_do
    assert (left.path, left.rules) == (AUDIO, ("REG721",))
    assert planned(plan, prose).need(AUDIO).split("\n")[left.line - 1].startswith("As [ds4]")


def test_describe_tells_that_it_is_there(checkout: Checkout) -> None:
    after = planned(plan_create(paged(), checkout), checkout)
    docs = describe(after, "ds4").answers.docs
    assert docs is not None
    assert docs.page is True
    assert describe(after.with_changes({PAGE: None}), "ds4").answers.docs is None


def test_a_new_name_moves_the_page_and_what_leads_to_it(checkout: Checkout) -> None:
    after = planned(plan_create(paged(), checkout), checkout)
    renamed = planned(plan_change("ds4", Wish(rename="ds5"), after, Sources(lambda _: None)).plan, after)
    assert not renamed.exists(PAGE)
    assert "local-ai backends install ds5\n" in renamed.need(f"{FOLDER}/ds5.md")
    for path in (AUDIO, TABLE, LIST):
        assert ('"features/ds5"' in renamed.need(path), '"features/ds4"' in renamed.need(path)) == (True, False), path


def test_a_backend_that_keeps_its_files_gets_the_page_that_it_lacks(checkout: Checkout) -> None:
    (edit,) = [edit for edit in plan_create(kept("pywhistle", checkout), checkout).made if edit.op == "create"]
    assert edit.path == f"{FOLDER}/pywhistle.md"


@pytest.mark.parametrize(
    "text",
    [
        '+++\ntitle = "Speech to text"\n+++\n\nThe `pywhistle` backend.\n',  # about a modality
        '+++\ntitle = "Whistling"\n+++\n\nMany whistle.\n',  # about something else
        '+++\ntitle = "Whistling"\n+++\n\nThe `pywhistle-two` backend.\n',
    ],
)
def test_a_page_about_something_else_is_nobodys(checkout: Checkout, text: str) -> None:
    odd = checkout.with_changes({f"{FOLDER}/pywhistle.md": text})
    assert PLACE.read(odd) == []
    assert f"{FOLDER}/pywhistle.md" not in {edit.path for edit in plan_remove("pywhistle", odd).made}


def test_a_page_that_names_its_backend_is_its_own(checkout: Checkout) -> None:
    text = '+++\ntitle = "Whistling"\n+++\n\n```yaml\nbackend: pywhistle\n```\n'
    odd = checkout.with_changes({f"{FOLDER}/pywhistle.md": text, f"{FOLDER}/nobody.md": text})
    assert [fact.backend for fact in PLACE.read(odd)] == ["pywhistle"]
    crlf = checkout.with_changes({f"{FOLDER}/pywhistle.md": text.replace("\n", "\r\n")})
    assert [fact.backend for fact in PLACE.read(crlf)] == ["pywhistle"]


def test_a_page_that_cannot_be_written_is_one_sentence(checkout: Checkout) -> None:
    with pytest.raises(UsageError, match="needs a description") as nothing:
        check_page(paged(description=None), checkout)
    assert nothing.value.hint == "pass --description TEXT"
    taken = checkout.with_changes({f"{FOLDER}/DS4.md": "+++\n+++\n"})
    with pytest.raises(UsageError, match="is a page about something else") as other:
        check_page(paged(), taken)
    assert other.value.where == f"{FOLDER}/DS4.md"


def test_change_writes_it_and_leaves_an_edited_one_alone(checkout: Checkout) -> None:
    sources = Sources(lambda _: None)
    bare = planned(plan_create(spec(modalities=["transcription"]), checkout), checkout)
    with_page = planned(plan_change("ds4", Wish(Answers(docs=DocsAnswers(page=True))), bare, sources).plan, bare)
    assert with_page.need(PAGE) == page(bare, paged())
    assert all('relref "features/ds4"' in with_page.need(path) for path in (TABLE, AUDIO, LIST))
    back = plan_change("ds4", Wish(Answers(docs=DocsAnswers(page=False))), with_page, sources).plan
    without = planned(back, with_page)
    for path in (PAGE, TABLE, AUDIO, LIST):
        assert without.read(path) == bare.read(path), path
    edit = edited(with_page, PAGE, ("## Acceleration", "## Options\n\nNone.\n\n## Acceleration"))
    plan = plan_change("ds4", Wish(add_variants=("vulkan",)), edit, sources).plan
    (todo,) = [one for one in plan.manual if one.path == PAGE]
    assert not todo.needed
    assert "+| Vulkan | linux/amd64, linux/arm64 |" in todo.snippet
    assert "Options" not in todo.snippet
    plan = plan_change("ds4", Wish(add_variants=("vulkan",)), with_page, sources).plan
    assert "| Vulkan |" in planned(plan, with_page).need(PAGE)
