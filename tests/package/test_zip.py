"""Zip archives and wheels, and sparse tars: read as any other archive, or refused for what is wrong."""

from __future__ import annotations

import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from newbackend.errors import UsageError
from newbackend.package import PackageOptions, check_package
from newbackend.package.archive import open_package
from package.workshop import Built


def pack(built: Built, target: Path, *, below: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(built.root.rglob("*")):
            info = zipfile.ZipInfo(below + str(path.relative_to(built.root)))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = path.lstat().st_mode << 16
            if path.is_symlink():
                archive.writestr(info, str(path.readlink()))
            elif path.is_file():
                archive.writestr(info, path.read_bytes())
    return target


def test_a_zip_is_checked_like_the_directory_with_modes_and_links(built: Built, tmp_path: Path) -> None:
    built.foo.rename(built.lib / "libfoo.so.1.2")
    built.foo.symlink_to("libfoo.so.1.2")
    report = check_package(pack(built, tmp_path / "p.zip"), options=PackageOptions())
    assert (report.layout["kind"], report.findings) == ("loader", ())
    (built.lib / "ld.so").chmod(0o644)
    built.foo.unlink()
    report = check_package(pack(built, tmp_path / "q.zip"), options=PackageOptions())
    assert {f.rule.id for f in report.findings} == {"PKG002", "PKG102"}


def test_a_wheel_needs_no_run_sh(built: Built, tmp_path: Path) -> None:
    built.run.unlink()
    (built.root / "x-1.dist-info").mkdir()
    (built.root / "x-1.dist-info" / "WHEEL").write_text("Wheel-Version: 1.0\n")
    report = check_package(pack(built, tmp_path / "x-1-py3-none-any.whl"), options=PackageOptions())
    assert "PKG001" not in {f.rule.id for f in report.findings}


@pytest.mark.parametrize(
    ("name", "message"),
    [("../evil", "leaves the archive"), ("/etc/x", "absolute name"), ("lib/evil", "written through")],
)
def test_a_hostile_zip_is_refused(tmp_path: Path, name: str, message: str) -> None:
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        link = zipfile.ZipInfo("lib")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/tmp")
        archive.writestr(name, "x")
    with pytest.raises(UsageError, match=message):
        open_package(tmp_path / "e.zip")


def test_a_cut_off_or_exploding_zip_is_refused(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pack(built, tmp_path / "p.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match="not a whole zip archive"):
        open_package(tmp_path / "cut.zip")
    monkeypatch.setattr("newbackend.package.archive.unpack.FREE_BYTES", 0)
    monkeypatch.setattr("newbackend.package.archive.unpack.MAX_RATIO", 1)
    with pytest.raises(UsageError, match="unpack to more than"):
        open_package(tmp_path / "p.zip")


@pytest.mark.parametrize("form", ["gnu", "pax"])
def test_a_sparse_tar_is_read(built: Built, tmp_path: Path, form: str) -> None:
    with (built.root / "model.bin").open("wb") as sink:
        sink.write(b"head")
        sink.seek(4 << 20)
        sink.write(b"tail")
    archive = tmp_path / "p.tar"
    done = subprocess.run(
        ["tar", f"--format={form}", "-S", "-cf", str(archive), "-C", str(built.root), "."], check=False
    )
    if done.returncode != 0 or archive.stat().st_size > 40 << 20:
        pytest.skip("this tar writes no sparse archives")
    content = bytes(open_package(archive).entries["model.bin"].view())
    assert content == b"head" + bytes((4 << 20) - 4) + b"tail"
    assert check_package(archive, options=PackageOptions()).findings == ()


def test_a_sparse_tar_of_zeros_without_end_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as sink:
        sink.truncate(8 << 30)
    subprocess.run(["tar", "-S", "-cf", str(tmp_path / "p.tar"), "-C", str(tmp_path), "big"], check=True)
    with pytest.raises(UsageError, match="stores 0 bytes and unpacks to 8589934592"):
        open_package(tmp_path / "p.tar")
