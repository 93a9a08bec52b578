"""The release on PyPI that is a backend's engine, as its requirement files have it."""

from __future__ import annotations

from pathlib import Path

from newbackend.checkout.layout import open_checkout
from newbackend.describe.backend import describe
from newbackend.describe.facts import registered
from newbackend.describe.release import release_of

SERVER = "grpcio==1.83.0\nprotobuf\n"
CASES: list[tuple[dict[str, str], str]] = [
    ({"": SERVER}, ""),
    ({"": f"{SERVER}wood[mic] == 2.0  # the engine\n"}, "wood[mic]==2.0"),
    ({"": SERVER, "-cpu": "--extra-index-url https://x/y\ntorch\nwood==2.0\n", "-mps": "wood==2.0\n"}, "wood==2.0"),
    ({"": SERVER, "-cpu": "wood==2.0\n", "-mps": "wood==2.1\n"}, ""),
    ({"": SERVER, "-cpu": "wood==2.0\n", "-mps": "wood\n"}, "wood==2.0"),
    ({"": f"{SERVER}wood==2.0\ntransformers\n"}, ""),
    ({"": f"{SERVER}py-echo==2.0\ntransformers==5.1\n"}, "py-echo==2.0"),
    ({"": f"{SERVER}wood>=2.0\n"}, ""),
    ({"": f"{SERVER}wood @ git+https://github.com/acme/wood\n"}, ""),
]


def test_the_one_distribution_that_is_not_the_servers_is_the_engine(sample: Path) -> None:
    folder = sample / "backend/python/pyecho"
    for files, expected in CASES:
        for old in folder.glob("requirements*.txt"):
            old.unlink()
        for suffix, text in files.items():
            (folder / f"requirements{suffix}.txt").write_text(text, encoding="utf-8")
        assert release_of(registered(open_checkout(sample), "pyecho")) == expected, files
    (folder / "requirements.txt").write_text(f"{SERVER}wood==2.0\n", encoding="utf-8")
    engine = describe(open_checkout(sample), "pyecho").answers.engine
    assert engine is not None
    assert engine.pip == "wood==2.0"


def test_stubs_of_every_rpc_say_nothing_of_what_is_served(sample: Path) -> None:
    before = describe(open_checkout(sample), "pyecho").answers.modalities
    stub = sample / "backend/python/pyecho/backend_pb2_grpc.py"
    stub.write_text("def StoresSet(self, request, context):\n    pass\n", encoding="utf-8")
    assert describe(open_checkout(sample), "pyecho").answers.modalities == before
