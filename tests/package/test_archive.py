"""Packages come as directories, tars, docker-save and OCI images; hostile ones are refused in one sentence."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from newbackend.errors import NewbackendError, NotFoundError, UsageError
from newbackend.package.archive import Kind, Tree, open_package, write_tree
from newbackend.package.archive.tree import directory_tree
from package.archives import digest, docker_save, files, gz, member, oci, tar
from package.limits import run_limited

RUN = b"#!/bin/bash\n"


def opened(tmp_path: Path, data: bytes, name: str = "package.tar") -> Tree:
    (tmp_path / name).write_bytes(data)
    return open_package(tmp_path / name)


def contents(tree: Tree) -> dict[str, bytes]:
    return {e.path: bytes(e.view()) for e in tree.files()}


def write(root: Path, contents: dict[str, bytes]) -> Path:
    for name, data in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def test_a_directory_is_read_with_modes_and_links(tmp_path: Path) -> None:
    root = write(tmp_path / "p", {"run.sh": RUN, "lib/libx.so.1.2": b"x"})
    (root / "run.sh").chmod(0o755)
    (root / "lib" / "libx.so.1").symlink_to("libx.so.1.2")
    tree = open_package(root)
    assert tree.entries["run.sh"].executable
    found = tree.resolve("lib/libx.so.1")
    assert found is not None
    assert (found.path, bytes(found.view())) == ("lib/libx.so.1.2", b"x")


def test_a_plain_tar_is_read_compressed_or_not(tmp_path: Path) -> None:
    data = tar(member("./run.sh", RUN, mode=0o755), member("lib/", kind=tarfile.DIRTYPE), member("lib/x", b"y"))
    for packed in (data, gz(data)):
        tree = opened(tmp_path, packed)
        assert contents(tree) == {"run.sh": RUN, "lib/x": b"y"}
        assert tree.entries["run.sh"].executable


def test_zstd_layers_are_read_whatever_their_name_says(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard", reason="the zstd extra is not installed")
    layer = zstandard.ZstdCompressor().compress(files({"run.sh": RUN}))
    layout = write(tmp_path / "oci", oci([layer]))
    assert contents(open_package(layout)) == {"run.sh": RUN}


def test_zstd_without_a_reader_is_said_to_be_unchecked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    real = importlib.import_module

    def without(name: str, package: str | None = None) -> object:
        if name in ("zstandard", "compression.zstd"):
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr("newbackend.package.archive.unpack.importlib.import_module", without)
    with pytest.raises(NotFoundError, match="nothing was checked") as caught:
        opened(tmp_path, b"\x28\xb5\x2f\xfd" + bytes(60))
    assert "newbackend[zstd]" in caught.value.sentence()


def test_docker_save_lays_the_layers_over_each_other(tmp_path: Path) -> None:
    below = files({"run.sh": b"old", "lib/gone.so": b"1", "data/a": b"1", "data/b": b"2", "keep": b"k"})
    above = tar(
        member("run.sh", RUN), member("lib/.wh.gone.so"), member("data/.wh..wh..opq"), member("data/c", b"3"),
        member("hard", kind=tarfile.LNKTYPE, link="run.sh"),
    )  # fmt: skip
    tree = opened(tmp_path, docker_save([below, above]))
    assert contents(tree) == {"run.sh": RUN, "data/c": b"3", "keep": b"k", "hard": RUN}


def test_compressed_docker_layers_are_verified_by_their_content(tmp_path: Path) -> None:
    from package.archives import digest

    layer = files({"run.sh": RUN})
    tree = opened(tmp_path, docker_save([gz(layer)], identities=[digest(layer)]))
    assert contents(tree) == {"run.sh": RUN}


@pytest.mark.parametrize("nested", [False, True])
def test_an_oci_layout_is_read_as_directory_and_as_archive(tmp_path: Path, nested: bool) -> None:
    made = oci([gz(files({"run.sh": b"old"})), files({"run.sh": RUN})], nested=nested)
    assert contents(open_package(write(tmp_path / "oci", made))) == {"run.sh": RUN}
    assert contents(opened(tmp_path, files(made))) == {"run.sh": RUN}


def test_attestations_in_an_index_are_no_images(tmp_path: Path) -> None:
    made = oci([files({"run.sh": RUN})], platforms=[{"os": "unknown", "architecture": "unknown"}])
    assert contents(open_package(write(tmp_path / "oci", made))) == {"run.sh": RUN}


def test_the_image_of_this_machine_is_taken_from_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    made = oci([files({"run.sh": RUN})], platforms=[{"os": "linux", "architecture": "arm64"}])
    assert contents(open_package(write(tmp_path / "oci", made))) == {"run.sh": RUN}
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    monkeypatch.setattr("newbackend.package.archive.source.ARCHITECTURES", {"riscv64": "riscv64"})
    with pytest.raises(UsageError, match="lists 2 images"):
        open_package(tmp_path / "oci")


def test_a_manifest_json_of_the_package_itself_is_no_image(tmp_path: Path) -> None:
    for own in (b'{"name": "model"}', b"[1, 2]", b"not json"):
        tree = opened(tmp_path, files({"run.sh": RUN, "manifest.json": own}))
        assert contents(tree)["run.sh"] == RUN


MANIFEST = [{"Config": "config.json", "Layers": []}]
HOSTILE = {
    "traversal": (tar(member("../evil", b"x")), "leaves the archive"),
    "deep traversal": (tar(member("a/../../evil", b"x")), "leaves the archive"),
    "absolute": (tar(member("/etc/passwd", b"x")), "absolute name"),
    "block device": (tar(member("sda", kind=tarfile.BLKTYPE)), "device"),
    "character device": (tar(member("null", kind=tarfile.CHRTYPE)), "device"),
    "pipe": (tar(member("pipe", kind=tarfile.FIFOTYPE)), "device, pipe"),
    "through a link": (
        tar(member("lib", kind=tarfile.SYMTYPE, link="/etc"), member("lib/passwd", b"x")),
        "through the symlink",
    ),
    "through a file": (tar(member("lib", b"x"), member("lib/y", b"x")), "through the file"),
    "hard link outside": (tar(member("x", kind=tarfile.LNKTYPE, link="../../etc/passwd")), "leaves the archive"),
    "hard link to nothing": (tar(member("x", kind=tarfile.LNKTYPE, link="y")), "not a file in the archive"),
    "whiteout of nothing": (tar(member("a/.wh.")), "names nothing"),
    "whiteout of the parent": (tar(member("a/.wh...")), "names nothing"),
    "too deep": (tar(member("d/" * 300 + "x", b"")), "directories deep"),
    "cut off in a member": (files({"run.sh": RUN * 1000})[:2000], "is cut off"),
    "cut off at a boundary": (files({"run.sh": RUN})[:1024], "breaks off"),
    "garbage after a member": (files({"run.sh": RUN})[:1024] + b"garbage!" * 200, "not a whole tar|breaks off"),
    "no tar at all": (b"hello world" * 100, "not a whole tar"),
    "empty": (b"", "is empty"),
    "gzip cut off": (gz(files({"run.sh": RUN}))[:60], "damaged"),
    "gzip bit rot": (gz(files({"a": os.urandom(5000)}))[:-9] + b"\0" * 9, "damaged"),
    "bzip2": (b"BZh91AY&SY" + bytes(50), "bzip2 archives are not read"),
    "zip": (b"PK\x03\x04" + bytes(50), "not a whole zip archive"),
    "wrong layer digest": (docker_save([files({"a": b"1"})], identities=["sha256:" + "0" * 64]), "does not match"),
    "digest of no algorithm": (docker_save([files({"a": b"1"})], identities=["md5:abc"]), "has the digest"),
    "missing layer": (files({"manifest.json": json.dumps([{"Config": "c", "Layers": ["x"]}]).encode()}), "not in it"),
    "two images": (files({"manifest.json": json.dumps(MANIFEST * 2).encode()}), "holds 2 images"),
    "manifest without config": (files({"manifest.json": json.dumps([{"Layers": []}]).encode()}), "not in it"),
    "index without images": (files({"index.json": b'{"manifests": []}', "blobs/x": b""}), "lists no image"),
    "index of another shape": (files({"index.json": b"[]", "blobs/x": b""}), "no image manifest"),
    "index that is no JSON": (files({"index.json": b"{", "blobs/x": b""}), "not JSON"),
    "digest with a path": (
        files({"index.json": b'{"manifests": [{"digest": "sha256:../../etc/passwd"}]}', "blobs/x": b""}),
        "usable digest",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_damaged_archive_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    data, words = HOSTILE[name]
    with pytest.raises(UsageError, match=words) as caught:
        opened(tmp_path, data)
    assert "\n" not in caught.value.sentence()


def test_a_blob_of_another_size_is_refused_as_truncated(tmp_path: Path) -> None:
    made = oci([files({"run.sh": RUN})])
    layer = max((n for n in made if n.startswith("blobs/")), key=lambda n: len(made[n]))
    made[layer] = made[layer][:-512]
    with pytest.raises(UsageError, match="truncated"):
        open_package(write(tmp_path / "oci", made))


def test_a_decompression_bomb_is_refused_before_it_fills_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newbackend.package.archive.unpack.FREE_BYTES", 1 << 20)
    with pytest.raises(UsageError, match="unpack to more than"):
        opened(tmp_path, gz(bytes(20 << 20)))


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newbackend.package.archive.layer.MAX_ENTRIES", 50)
    with pytest.raises(UsageError, match="more than 50"):
        opened(tmp_path, files({f"f{i}": b"" for i in range(60)}))


def test_a_huge_extended_header_is_refused_without_reading_it(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 8 << 30
    with pytest.raises(UsageError, match="not a whole tar"):
        opened(tmp_path, info.tobuf() + bytes(4096))


def test_a_path_that_does_not_exist_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        open_package(tmp_path / "nothing")


def test_a_pipe_in_a_directory_is_listed_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    tree = directory_tree(tmp_path)
    assert tree.entries["pipe"].kind is Kind.OTHER
    assert list(tree.files()) == []


@pytest.mark.parametrize("target", ["/etc/passwd", "../../etc/passwd", "loop", "lib/missing"])
def test_a_link_never_leads_out_of_the_package(tmp_path: Path, target: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "link").symlink_to(target)
    assert directory_tree(tmp_path).resolve("link") is None


def test_a_link_to_a_directory_is_followed_inside(tmp_path: Path) -> None:
    write(tmp_path, {"usr/lib/x": b"1"})
    (tmp_path / "lib").symlink_to("usr/../usr/lib")
    found = directory_tree(tmp_path).resolve("lib/../lib/x")
    assert found is not None
    assert found.path == "usr/lib/x"


def test_a_written_tree_is_the_one_that_was_read(tmp_path: Path) -> None:
    data = tar(
        member("run.sh", RUN, mode=0o4755), member("lib/x.so.1", b"x"),
        member("lib/x.so", kind=tarfile.SYMTYPE, link="x.so.1"), member("out", kind=tarfile.SYMTYPE, link="/etc"),
    )  # fmt: skip
    target = tmp_path / "target"
    target.mkdir()
    write_tree(opened(tmp_path, data), target)
    assert contents(directory_tree(target)) == {"run.sh": RUN, "lib/x.so.1": b"x"}
    assert (target / "lib" / "x.so").readlink() == Path("x.so.1")
    assert (target / "run.sh").stat().st_mode & 0o7777 == 0o755


def test_every_refusal_is_an_error_that_a_user_can_read(tmp_path: Path) -> None:
    for data, _ in HOSTILE.values():
        with pytest.raises(NewbackendError) as caught:
            opened(tmp_path, data)
        assert caught.value.code


OPEN = """
import sys
from pathlib import Path
from newbackend.package.archive import open_package
from newbackend.errors import UsageError
try:
    print(len(open_package(Path(sys.argv[1])).entries))
except UsageError as err:
    print(err)
"""


@pytest.mark.parametrize("kind", ["oci", "docker"])
def test_a_layer_that_is_listed_many_times_is_unpacked_once(tmp_path: Path, kind: str) -> None:
    """300 times 2 MB of zeros: the file size limit is that of three."""
    layer = gz(files({"zeros": bytes(2 << 20)}))
    if kind == "oci":
        path = write(tmp_path / "p", oci([layer] * 300))
    else:
        path = tmp_path / "p.tar"
        identity = digest(files({"zeros": bytes(2 << 20)}))
        config = json.dumps({"rootfs": {"diff_ids": [identity] * 300}}).encode()
        manifest = json.dumps([{"Config": "c", "Layers": ["l"] * 300}]).encode()
        path.write_bytes(files({"manifest.json": manifest, "c": config, "l": layer}))
    assert run_limited(OPEN, str(path), memory=300 << 20, seconds=10) == "2\n"


def test_all_layers_together_have_one_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newbackend.package.archive.unpack.FREE_BYTES", 1 << 20)
    layers = [gz(files({"zeros": bytes([number]) * (600 << 10)})) for number in range(8)]
    layout = write(tmp_path / "p", oci(layers))
    size = sum(p.stat().st_size for p in layout.rglob("*") if p.is_file())
    with pytest.raises(UsageError, match=f"{size} bytes unpack to more than {(1 << 20) + 64 * size}: refused"):
        open_package(layout)


def test_layers_that_are_read_again_count_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newbackend.package.archive.source.MAX_BYTES", 100 << 10)
    layout = write(tmp_path / "p", oci([files({"a": bytes(30 << 10)})] * 4))
    with pytest.raises(UsageError, match="its layers hold more than 102400 bytes"):
        open_package(layout)


def test_whiteouts_cost_what_they_take_away(tmp_path: Path) -> None:
    """20,000 whiteouts over 20,000 files took 19 s."""
    count = 20_000
    below = tar(*(member(f"d/{i}") for i in range(count)))
    above = tar(*(member(f"d/.wh.{i}") for i in range(count)))
    path = write(tmp_path / "p", oci([below, above]))
    assert run_limited(OPEN, str(path), memory=1 << 30, seconds=10) == "2\n"


def test_opaque_markers_and_replaced_directories_cost_what_they_take_away(tmp_path: Path) -> None:
    count = 10_000
    below = tar(*(member(f"d/{i}") for i in range(count)))
    swap = [member("s", kind=tarfile.DIRTYPE), member("s")]
    above = tar(*([member("d/new"), member("d/.wh..wh..opq"), *swap] * (count // 2)))
    path = write(tmp_path / "p", oci([below, above]))
    assert run_limited(OPEN, str(path), memory=1 << 30, seconds=10) == "4\n"


def test_long_file_names_are_bounded_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newbackend.package.archive.layer.MAX_NAMES", 10_000)
    with pytest.raises(UsageError, match="more than 10000 bytes of file names"):
        opened(tmp_path, tar(*(member("n" * 200 + str(i)) for i in range(60))))
