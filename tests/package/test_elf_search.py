"""The search of the loader, inside the package only."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from newbackend.package.archive import Entry, Kind, Tree
from newbackend.package.elf import ELFFile, Found, Missing, Search

X86, ARM = 62, 183
Files = dict[str, ELFFile | str]


def elf(*needed: str, soname: str = "", rpath: str = "", runpath: str = "", machine: int = X86) -> ELFFile:
    return ELFFile(
        machine=machine, bits=64, little=True, type=3, segments=(), tags={}, interp="", dynamic=True, needed=needed,
        soname=soname, rpath=rpath, runpath=runpath, needs=(), definitions=(), build_id="", isa_needed=0,
        dlopen_notes=(),
    )  # fmt: skip


def search(files: Mapping[str, ELFFile | str], path: tuple[str, ...] = ("lib",), loader: str = "") -> Search:
    """A search over `files`; a text instead of an ELF record is a link's target, or `!` and why it is broken."""
    entries = {"": Entry("", Kind.DIRECTORY)}
    elves, broken = {}, {}
    for name, what in files.items():
        parent = name
        while "/" in parent:
            parent = parent.rpartition("/")[0]
            entries[parent] = Entry(parent, Kind.DIRECTORY)
        link = isinstance(what, str) and not what.startswith("!")
        entries[name] = Entry(name, Kind.SYMLINK, link=str(what)) if link else Entry(name, Kind.FILE)
        if isinstance(what, ELFFile):
            elves[name] = what
        elif not link:
            broken[name] = str(what)[1:]
    return Search(Tree("test", entries), elves, broken, path, loader)


def answer(found: Found | Missing) -> str:
    return found.path if isinstance(found, Found) else f"missing {found.name}"


def found_for(files: Mapping[str, ELFFile | str], path: tuple[str, ...] = ("lib",)) -> str:
    return answer(search(files, path).find("x.so.1", [("bin", "bin")]))


def test_the_library_path_of_run_sh_wins_over_runpath() -> None:
    files: Files = {"bin": elf("x.so.1", runpath="$ORIGIN/own"), "lib/x.so.1": elf(), "own/x.so.1": elf()}
    assert found_for(files) == "lib/x.so.1"


def test_rpath_wins_over_the_library_path_unless_there_is_a_runpath() -> None:
    files: Files = {
        "bin": elf("x.so.1", rpath="$ORIGIN/own"),
        "lib/x.so.1": elf(),
        "own/x.so.1": elf(),
        "run/x.so.1": elf(),
    }
    assert found_for(files) == "own/x.so.1"
    both = files | {"bin": elf("x.so.1", rpath="$ORIGIN/own", runpath="$ORIGIN/run")}
    assert found_for(both) == "lib/x.so.1"
    assert found_for(both, path=()) == "run/x.so.1"


def test_rpath_is_inherited_and_runpath_is_not() -> None:
    files: Files = {
        "bin": elf("a.so", rpath="$ORIGIN/own"),
        "own/a.so": elf("b.so"),
        "own/b.so": elf(),
    }
    closure = search(files, path=()).closure("bin")
    assert closure.order == ("bin", "own/a.so", "own/b.so")
    files["bin"] = elf("a.so", runpath="$ORIGIN/own")
    closure = search(files, path=()).closure("bin")
    assert [(m.requester, m.name) for m in closure.missing] == [("own/a.so", "b.so")]


def test_a_library_that_is_loaded_answers_by_its_soname() -> None:
    files: Files = {"bin": elf("a.so", "b.so"), "lib/a.so": elf(soname="liba.so.1"), "lib/b.so": elf("liba.so.1")}
    assert search(files).closure("bin").missing == ()


def test_the_bundled_loader_answers_for_its_own_soname() -> None:
    files: Files = {"bin": elf("c.so"), "lib/c.so": elf("ld-linux.so.2"), "lib/ld.so": elf(soname="ld-linux.so.2")}
    assert search(files, loader="lib/ld.so").closure("bin").missing == ()
    assert [m.name for m in search(files).closure("bin").missing] == ["ld-linux.so.2"]


def test_a_file_for_another_machine_is_skipped_and_remembered() -> None:
    files: Files = {"bin": elf("x.so.1"), "a/x.so.1": elf(machine=ARM), "b/x.so.1": elf()}
    assert found_for(files, path=("a", "b")) == "b/x.so.1"
    missing = search(files, path=("a",)).find("x.so.1", [("bin", "bin")])
    assert isinstance(missing, Missing)
    assert missing.rejected == (("a/x.so.1", "built for aarch64 (64 bit)"),)


def test_a_damaged_file_ends_the_search_as_it_does_in_the_loader() -> None:
    files: Files = {"bin": elf("x.so.1"), "a/x.so.1": "!truncated", "b/x.so.1": elf()}
    assert found_for(files, path=("a", "b")) == "missing x.so.1"


def test_origin_is_the_directory_where_the_link_lies() -> None:
    files: Files = {
        "bin": elf("a.so"), "lib/a.so": "../real/a.so", "real/a.so": elf("x.so.1", runpath="$ORIGIN"),
        "lib/x.so.1": elf(), "real/x.so.1": elf(soname="other"),
    }  # fmt: skip
    closure = search(files).closure("bin")
    assert closure.order[-1] == "lib/x.so.1"


@pytest.mark.parametrize("value", ["/usr/lib", "$ORIGIN/../../..", "lib", "$LIB", "$ORIGIN/$PLATFORM", ""])
def test_nothing_outside_the_package_is_searched(value: str) -> None:
    files: Files = {"bin": elf("x.so.1", runpath=value), "usr/lib/x.so.1": elf(), "lib/x.so.1": elf()}
    assert found_for(files, path=()) == "missing x.so.1"


def test_a_dangling_link_is_named_as_the_reason() -> None:
    missing = search({"bin": elf("x.so.1"), "lib/x.so.1": "/opt/x.so.1"}).find("x.so.1", [("bin", "bin")])
    assert isinstance(missing, Missing)
    assert "/opt/x.so.1" in missing.rejected[0][1]


def test_libraries_that_need_each_other_are_loaded_once() -> None:
    files: Files = {"bin": elf("a.so"), "lib/a.so": elf("b.so"), "lib/b.so": elf("a.so")}
    assert search(files).closure("bin").order == ("bin", "lib/a.so", "lib/b.so")


def test_what_the_process_has_already_is_not_searched_again() -> None:
    files: Files = {"plugin.so": elf("libc.so.6"), "lib/libc.so.6": elf(soname="libc.so.6")}
    closure = search(files, path=()).closure("plugin.so", loaded={"libc.so.6": "lib/libc.so.6"})
    assert closure.missing == ()
    assert closure.edges["plugin.so"] == (("libc.so.6", "lib/libc.so.6"),)
