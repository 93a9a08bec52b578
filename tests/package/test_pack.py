"""`package pack`: a docker-archive that is the same for the same files, with modes and links as they are."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tarfile
from pathlib import Path

import pytest
from cli.runner import newbackend

from newbackend.package.archive import Kind, open_package
from newbackend.package.pack import pack


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A small package with a library, a link to it and an odd mode."""
    root = tmp_path / "package"
    (root / "lib").mkdir(parents=True)
    (root / "run.sh").write_text('#!/bin/sh\nexec ./server "$@"\n')
    (root / "run.sh").chmod(0o755)
    (root / "lib/libx.so.1").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(11) + (183).to_bytes(2, "little"))
    (root / "lib/libx.so").symlink_to("libx.so.1")
    (root / "secret").write_text("s")
    (root / "secret").chmod(0o400)
    (root / ("long-" * 40 + "name")).write_text("x")
    return root


def test_modes_links_and_bytes_come_back(built: Path, tmp_path: Path) -> None:
    packed = pack(built, tmp_path / "x.tar")
    tree = open_package(tmp_path / "x.tar")
    assert tree.entries["run.sh"].mode == 0o755
    assert tree.entries["secret"].mode == 0o400
    assert (tree.entries["lib/libx.so"].kind, tree.entries["lib/libx.so"].link) == (Kind.SYMLINK, "libx.so.1")
    assert bytes(tree.entries["secret"].view()) == b"s"
    assert {path for path in tree.entries if path} == {path.relative_to(built).as_posix() for path in built.rglob("*")}
    assert (packed.platform, packed.files) == ("linux/arm64", 4)


def test_it_is_what_docker_save_writes(built: Path, tmp_path: Path) -> None:
    packed = pack(built, tmp_path / "x.tar")
    with tarfile.open(tmp_path / "x.tar") as archive:
        read = {name: archive.extractfile(name).read() for name in archive.getnames()}  # type: ignore[union-attr]
    (image,) = json.loads(read["manifest.json"])
    config = read[image["Config"]]
    assert image["Config"] == f"{hashlib.sha256(config).hexdigest()}.json"
    assert json.loads(config)["rootfs"]["diff_ids"] == [packed.layer]
    assert packed.layer == f"sha256:{hashlib.sha256(read[image['Layers'][0]]).hexdigest()}"
    assert json.loads(config)["architecture"] == "arm64"


def test_the_same_files_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    pack(built, tmp_path / "a.tar")
    os.utime(built / "run.sh", (1, 1))
    (built / "zz").write_text("z")
    (built / "zz").unlink()
    pack(built, tmp_path / "b.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_the_command_says_how_to_install_it(built: Path, tmp_path: Path) -> None:
    done = newbackend("package", "pack", built, "-o", tmp_path / "x.tar", "--platform", "linux/amd64")
    assert done.status == 0, done.err
    assert f"local-ai backends install ocifile://{tmp_path}/x.tar NAME" in done.err
    again = newbackend("package", "pack", built, "-o", tmp_path / "x.tar")
    assert (again.status, "--force" in again.error()) == (2, True)
    forced = newbackend("package", "pack", built, "-o", tmp_path / "x.tar", "--force", "--format", "json")
    assert json.loads(forced.out)["platform"] == "linux/arm64"


@pytest.mark.parametrize("case", ["no-run", "inside", "directory", "pipe", "missing", "no-folder", "sources"])
def test_what_cannot_be_packed_leaves_nothing(built: Path, tmp_path: Path, case: str) -> None:
    target, source = tmp_path / "out" / "x.tar", built
    target.parent.mkdir()
    if case == "no-run":
        (built / "run.sh").unlink()
    elif case == "inside":
        target = built / "x.tar"
    elif case == "directory":
        target = tmp_path / "out"
    elif case == "pipe":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(built / "s"))
    elif case == "missing":
        source = tmp_path / "nothing"
    elif case == "no-folder":
        target = tmp_path / "nowhere" / "x.tar"
    else:
        (built / "Makefile").write_text("")
        (built / "package.sh").write_text("")
    done = newbackend("package", "pack", source, "-o", target)
    assert done.status == (3 if case == "missing" else 2), done.err
    done.error()
    assert list((tmp_path / "out").iterdir()) == []
    assert not (built / "x.tar").exists()


def test_a_full_disk_leaves_nothing(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "addfile", full)
    with pytest.raises(Exception, match="No space left"):
        pack(built, tmp_path / "x.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["package"]
