"""The page of each modality: an item, a section or a row, as its other backends have it."""

from __future__ import annotations

import pytest
from place_trip import added, edited, new_lines, round_trip
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.plan.build import plan_create
from newbackend.registrations.feature_pages.place import FeaturePages

PAGE = "docs/content/features/audio-to-text.md"
PLACE = FeaturePages()
ASR = spec(modalities=["transcription"])


def test_a_backend_gets_an_item_in_the_form_of_its_siblings(checkout: Checkout) -> None:
    after = round_trip(PLACE, checkout, ASR)
    assert new_lines(checkout, after, PAGE) == [
        "- **[ds4](https://github.com/antirez/ds4)**: DeepSeek V4 Flash inference engine"
    ]
    assert "  runtime, which is quicker.\n- **[ds4]" in after.need(PAGE), "behind the lines of the last one"


FAST = "- **[fast-pywhistle](https://github.com/example-org/fast-pywhistle)**"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("**: ", "** - ", "- **[ds4](https://github.com/antirez/ds4)** - DeepSeek V4 Flash inference engine"),
        (
            "- **[fast-pywhistle](https://github.com/example-org/fast-pywhistle)**",
            "- `fast-pywhistle`",
            "- `ds4`: Deep",
        ),
        (
            "- **[fast-pywhistle](https://github.com/example-org/fast-pywhistle)**",
            "* **fast-pywhistle**",
            "* **ds4**: D",
        ),
    ],
)
def test_another_form_is_followed(checkout: Checkout, old: str, new: str, line: str) -> None:
    after = round_trip(PLACE, edited(checkout, PAGE, (old, new)), ASR)
    assert any(row.startswith(line) for row in new_lines(checkout, after, PAGE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "Audio to text"', 'title = "The pywhistle family"'),
        ("- **[", "### **["),
        ("](https://github.com/example-org/", "x](https://github.com/elsewhere/"),
    ],
)
def test_a_page_about_something_else_or_of_another_form_is_left_alone(checkout: Checkout, old: str, new: str) -> None:
    odd = edited(checkout, PAGE, (old, new))
    assert PLACE.plan(odd, ASR).changes == ()
    assert list(PLACE.revert(odd, "pywhistle")) == []


def test_a_modality_without_such_a_page_wants_nothing(checkout: Checkout) -> None:
    assert PLACE.plan(checkout, spec()).changes == ()
    assert PLACE.plan(checkout.with_changes({PAGE: None}), ASR).skipped == ""


def test_an_item_of_several_lines_goes_as_a_whole(checkout: Checkout) -> None:
    (change,) = PLACE.revert(checkout, "fast-pywhistle")
    start, end = change.splices[0].start, change.splices[0].end
    assert checkout.need(PAGE)[start:end].count("\n") == 2


def test_crlf_stays(checkout: Checkout) -> None:
    text = checkout.need(PAGE).replace("\n", "\r\n")
    after = round_trip(PLACE, checkout.with_changes({PAGE: text}), ASR)
    assert after.need(PAGE).count("\r\n") == after.need(PAGE).count("\n")


def test_a_whole_plan_has_it_and_is_proven(checkout: Checkout) -> None:
    plan = plan_create(spec(lang="python", variants=["cpu"], modalities=["transcription"], pin=None), checkout)
    assert [edit.path for edit in plan.made if edit.place == PLACE.id] == [PAGE]


SPEECH = "docs/content/features/text-to-audio.md"
TTS = spec(modalities=["tts"])
SECTIONS = """+++
title = "Text to Audio (TTS)"
+++

## Usage

```bash
# Backends
```

## Backends

### pyecho

Echoes.

#### Setup

Nothing.

### Rust Lark (rustlark)

Sings.

## Response format

Audio.
"""


def speech(checkout: Checkout, text: str = SECTIONS, *pairs: tuple[str, str]) -> Checkout:
    return edited(checkout.with_changes({SPEECH: text}), SPEECH, *pairs)


def test_a_backend_gets_a_section_where_most_headings_are_of_backends(checkout: Checkout) -> None:
    after = round_trip(PLACE, speech(checkout), TTS)
    assert after.need(SPEECH).split("Sings.\n")[1] == (
        "\n### ds4\n\n[ds4](https://github.com/antirez/ds4) (`ds4` backend): DeepSeek V4 Flash inference engine\n\n"
        "```bash\nlocal-ai backends install ds4\n```\n\n## Response format\n\nAudio.\n"
    )


def test_a_section_names_the_models_to_try(checkout: Checkout) -> None:
    models = spec(modalities=["tts"], models=[{"uri": "huggingface://o/r/voice-q4.gguf"}])
    after = round_trip(PLACE, speech(checkout), models)
    assert "local-ai models install voice-q4\n" in after.need(SPEECH)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n## Response format\n\nAudio.\n", ""),
        ("\n## Response format\n\nAudio.\n", "\n"),
        ("Sings.\n\n## Response", "Sings.\n## Response"),
        ("Sings.\n\n## Response format\n\nAudio.\n", "Sings."),
        ("\n", "\r\n"),
    ],
)
def test_a_section_leaves_no_trace(checkout: Checkout, old: str, new: str) -> None:
    after = round_trip(PLACE, speech(checkout, SECTIONS, (old, new)), TTS)
    assert "### ds4" in after.need(SPEECH)


def test_the_headings_form_is_followed(checkout: Checkout) -> None:
    named = (("### pyecho", "### PyEcho Backend"), ("### Rust Lark (rustlark)", "### Rust Backend (rustlark)"))
    assert "### ds4 Backend" in round_trip(PLACE, speech(checkout, SECTIONS, *named), TTS).need(SPEECH)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("### pyecho", "### How it works"),
        ("## Backends", "## Usage of them"),
        ("#### Setup", "### Limits\n\n### Licences"),
    ],
)
def test_sections_about_other_things_are_no_form(checkout: Checkout, old: str, new: str) -> None:
    odd = speech(checkout, SECTIONS, (old, new), ("### Rust Lark (rustlark)", "### Singing"))
    assert PLACE.plan(odd, TTS).changes == ()
    (task,) = PLACE.tasks(odd, TTS)
    assert (task.path, task.needed) == (SPEECH, False)
    assert task.snippet.startswith("[ds4](https://github.com/antirez/ds4) (`ds4` backend): ")


def test_a_section_that_would_say_nothing_is_left_to_a_person(checkout: Checkout) -> None:
    silent = spec(modalities=["tts"], description=None)
    assert PLACE.plan(speech(checkout), silent).changes == ()
    (task,) = PLACE.tasks(speech(checkout), silent)
    assert task.snippet.startswith("### ds4\n\n[ds4](https://github.com/antirez/ds4) (`ds4` backend): …")
    assert list(PLACE.tasks(added(PLACE, speech(checkout), TTS), silent)) == []


TABLE = """# Text to Audio (TTS)

| Backend | Description | {column} |
| --- | --- | --- |
| `pyecho` | Echoes | Python |
| `rustlark` | Sings | Rust |
"""


def test_a_row_of_a_table_whose_columns_are_known(checkout: Checkout) -> None:
    after = round_trip(PLACE, speech(checkout, TABLE.replace("{column}", "Language")), TTS)
    assert after.need(SPEECH).endswith("| Rust |\n| `ds4` | DeepSeek V4 Flash inference engine | C++ |\n")


def test_a_row_with_an_unknown_column_is_left_to_a_person(checkout: Checkout) -> None:
    odd = speech(checkout, TABLE.replace("{column}", "Voices"))
    assert PLACE.plan(odd, TTS).changes == ()
    (task,) = PLACE.tasks(odd, TTS)
    assert (task.line, task.snippet) == (6, "| `ds4` | DeepSeek V4 Flash inference engine | … |")


def test_a_hostile_description_stays_text(checkout: Checkout) -> None:
    hostile = spec(modalities=["tts"], description="a <script> {{< x >}} `b`\n## Backends")
    text = round_trip(PLACE, speech(checkout), hostile).need(SPEECH)
    assert "<script>" not in text
    assert "{{<" not in text
    assert text.count("\n## Backends") == 1


def test_removing_a_backend_takes_its_section_and_no_other(checkout: Checkout) -> None:
    (change,) = PLACE.revert(speech(checkout), "pyecho")
    gone = SECTIONS[change.splices[0].start : change.splices[0].end]
    assert gone == "### pyecho\n\nEchoes.\n\n#### Setup\n\nNothing.\n\n"


def test_a_section_is_known_by_the_longer_name_in_its_first_lines(checkout: Checkout) -> None:
    hidden = (
        ("### Rust Lark (rustlark)\n\nSings.", "### Rust\n\nThe `rustlark` backend, as the `gotide` backend, sings."),
    )
    odd = speech(checkout, SECTIONS, *hidden)
    assert "### Rust\n" in odd.need(SPEECH)[next(iter(PLACE.revert(odd, "rustlark"))).splices[0].start :][:10]
    assert list(PLACE.revert(odd, "gotide")) == []


def test_code_that_nobody_closed_is_no_place_for_a_section(checkout: Checkout) -> None:
    odd = speech(checkout, SECTIONS, ("Sings.\n", "```sing loudly```\n\n```bash\nsing\n"))
    assert PLACE.plan(odd, TTS).changes == ()
    (task,) = PLACE.tasks(odd, TTS)
    assert "cannot be read again" in task.reason
    closed = speech(checkout, SECTIONS, ("Sings.\n", "```sing loudly```\n\n````bash\n```\n````\n"))
    assert round_trip(PLACE, closed, TTS).need(SPEECH).count("\n### ds4\n") == 1
