"""What the answers about an engine take from its build."""

from __future__ import annotations

from miniature import Make

from newbackend.upstream.engine_answers import engine_answers
from newbackend.upstream.inspect import inspect_remote

CMAKE = """cmake_minimum_required(VERSION 3.10)
project(tone C)
option(TONE_CUDA "NVIDIA" OFF)
find_package(FFTW3 REQUIRED)
find_package(BLAS)
find_package(${WHAT} REQUIRED)
if(TONE_CUDA)
  find_package(CUDAToolkit REQUIRED)
endif()
add_library(tone tone.c)
"""


def test_packages_are_those_that_no_option_turns_off(make: Make) -> None:
    sha = make("acme/tone", {"CMakeLists.txt": CMAKE, "tone.h": "int tone_run(int level);\n", "tone.c": ""})
    answers, _ = engine_answers(inspect_remote("acme/tone", sha), objects=False)
    assert answers is not None
    assert answers.packages == ("FFTW3",)


def test_functions_to_call_are_plain_words_with_their_lines(make: Make) -> None:
    header = "typedef struct tone tone;\nint tone_t\u00fctts(tone * t, const char * text);\n"
    header += (
        "tone * tone_load(const char * path);\nvoid tone_free(tone * t);\nint tone_tts(tone * t, const char * text);\n"
    )
    header += f"int tone_tts_{'x' * 300}(tone * t, const char * text);\n"
    sha = make("acme/tone", {"CMakeLists.txt": CMAKE, "tone.h": header, "tone.c": ""})
    answers, _ = engine_answers(inspect_remote("acme/tone", sha), objects=False, modalities=("tts", "vad"))
    assert answers is not None
    assert answers.calls == {"load": "tone_load:3", "tts": "tone_tts:5"}
