"""The proof of Makefile edits: any change but the declared one fails, for either reader."""

from __future__ import annotations

import pytest

from newbackend.splice.make_items import MakeEdit, MakeItem
from newbackend.splice.prove import ProofFailed
from newbackend.splice.prove_make import is_makefile, prove_makefile

OLD = """\
.NOTPARALLEL: a b

# what it builds
test: prepare
\t$(MAKE) -C one test
ifeq ($(GPU),1)
\t$(MAKE) -C two test
endif

BACKEND_ONE = one|x
$(eval $(call build,$(BACKEND_ONE)))
"""
WORD = MakeItem("word", ".NOTPARALLEL", "c")
LINE = MakeItem("recipe", "test", "$(MAKE) -C three test")
HELD = MakeItem("recipe", "test", "$(MAKE) -C three test", ("ifeq ($(GPU),1)",))


def test_the_declared_change_is_proven() -> None:
    new = OLD.replace("a b\n", "a b c\n").replace("-C one test\n", "-C one test\n\t$(MAKE) -C three test\n")
    prove_makefile(OLD, new, [MakeEdit((WORD,)), MakeEdit((LINE,))])
    prove_makefile(new, OLD, [MakeEdit(removed=(WORD, LINE))])


@pytest.mark.parametrize(
    ("old", "new", "edit"),
    [
        ("a b\n", "a b d\n", MakeEdit((WORD,))),
        ("a b\n", "a c\n", MakeEdit((WORD,))),
        ("a b\n", "b a c\n", MakeEdit((WORD,))),
        ("a b\n", "a b # c\n", MakeEdit((WORD,))),
        ("a b\n", "a b\n", MakeEdit((WORD,))),
        ("-C two test\n", "-C two test\n\t$(MAKE) -C three test\n", MakeEdit((LINE,))),
        ("-C one test\n", "-C one test\n\t$(MAKE) -C three test\n", MakeEdit((HELD,))),
        ("-C one test\n", "-C one test \\\n\t$(MAKE) -C three test\n", MakeEdit((LINE,))),
        ("-C one test\n", "-C one test\n    $(MAKE) -C three test\n", MakeEdit((LINE,))),
        ("test: prepare\n", "test: prepare\nX = 1\n", MakeEdit()),
        ("endif\n", "endif\nendif\n", MakeEdit()),
        ("one|x\n", "one|y\n", MakeEdit()),
        ("# what it builds\ntest:", "# what it builds\nother: x\ntest:", MakeEdit()),
    ],
)
def test_anything_else_is_refused(old: str, new: str, edit: MakeEdit) -> None:
    assert OLD.count(old) == 1
    with pytest.raises(ProofFailed):
        prove_makefile(OLD, OLD.replace(old, new), [edit])


def test_each_reader_would_refuse_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    new = OLD + "x: y\n"
    with monkeypatch.context() as patch:
        patch.setattr("newbackend.splice.make_grammar.items", lambda text: [])
        with pytest.raises(ProofFailed, match="gain 'rule x :'"):
            prove_makefile(OLD, new, [])
    with monkeypatch.context() as patch:
        patch.setattr("newbackend.splice.prove_make.items_of", lambda statements: [])
        with pytest.raises(ProofFailed, match="gain 'rule x :'"):
            prove_makefile(OLD, new, [])


def test_comments_and_blank_lines_do_not_count() -> None:
    prove_makefile(OLD, OLD.replace("# what it builds\n", "\n"), [])


def test_makefiles_are_known_by_their_names() -> None:
    assert all(is_makefile(path) for path in ("Makefile", "backend/go/a/Makefile", "x/rules.mk"))
    assert not is_makefile("docs/Makefile.md")
