"""Which of the uncommitted changes are a backend's.

The backend's own files are. Of a file that all backends share, such as the gallery, only what is the backend's is: the
file is read without the backend, as it was committed and as it is now. Where these two differ, somebody changed
something else there too, and that stays uncommitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from newbackend.catalog.languages import languages
from newbackend.checkout.commit import Chosen
from newbackend.checkout.git import Git
from newbackend.checkout.revision import RevisionCheckout
from newbackend.checkout.tree import Checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.plan.build import planned
from newbackend.plan.files import merge
from newbackend.plan.remove import own_paths, plan_remove
from newbackend.records import dataclass
from newbackend.registrations import places
from newbackend.registrations.gallery_index.place import families
from newbackend.registrations.support.backend_names import backend_names


@dataclass(frozen=True)
class Selection:
    """`mixed` are files of which only the backend's part is committed, `left` changed files that are not committed.
    `known` says whether the backend was there before."""

    chosen: Chosen
    mixed: tuple[str, ...]
    left: tuple[str, ...]
    known: bool


def select(name: str, checkout: Checkout, commit: str, include: Sequence[str] = ()) -> Selection:
    """What differs between a commit and the work tree, divided. `include` are more files, or folders, to commit.

    Raises NotFoundError for a file in `include` that did not change, UsageError when a shared file's changes cannot be
    told apart.
    """
    git = Git(checkout.root)
    changed = git.changed(commit)
    before = RevisionCheckout(checkout.root, commit, git, now=checkout, differ=changed)
    before.prefetch([place.path(before) for place in places()])
    known = name in backend_names(before)
    wanted = _included(changed, include)
    own = {path for tree in (before, checkout) for path in own_paths((name, *families(tree, name)), tree)}
    folders = tuple(f"{language.directory_of(name)}/" for language in languages().values())
    mine = {path for path in changed if path in wanted or path in own or path.startswith(folders)}
    shared: dict[str, str] = {}
    if set(changed) - mine:
        shared = _shared(name, before, checkout, [path for path in changed if path not in mine])
    whole = mine | {path for path, text in shared.items() if text == checkout.read(path)}
    mixed = {path: text for path, text in shared.items() if path not in whole}
    links = {path: link for path in whole if checkout.is_dir(path) and (link := checkout.link(path)) is not None}
    return Selection(
        Chosen(tuple(sorted(whole - links.keys())), mixed, links),
        tuple(sorted(mixed)),
        tuple(path for path in changed if path not in whole and path not in mixed),
        known,
    )


def _included(changed: Sequence[str], include: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for path in include:
        plain = path.removeprefix("./").rstrip("/")
        under = {name for name in changed if name == plain or name.startswith(f"{plain}/")}
        if not under:
            raise NotFoundError("pr-not-changed", "has no uncommitted change", where=path, choices=changed[:20])
        found |= under
    return found


def _shared(name: str, before: Checkout, now: Checkout, changed: Iterable[str]) -> dict[str, str]:
    """The text to commit of each changed file that has something of the backend."""
    old, new = _without(name, before), _without(name, now)
    found = {}
    for path in changed:
        try:
            rest_before, rest_now = old.read(path), new.read(path)
            with_before, with_now = before.read(path), now.read(path)
        except UsageError:  # no text, so no registration
            continue
        if with_now is None or rest_now is None or (rest_now == with_now and rest_before == with_before):
            continue
        found[path] = _own_part(name, path, with_before or "", with_now, rest_before or "", rest_now)
    return found


def _own_part(name: str, path: str, with_before: str, with_now: str, rest_before: str, rest_now: str) -> str:
    """The file now, without what changed besides the backend."""
    if "\r\n" not in with_before and "\r\n" in with_now and _lf(rest_now) == rest_before:
        return with_now  # git's own conversion of line ends
    if rest_now == rest_before:
        return with_now
    if "\r\n" not in with_before:
        with_now, rest_now = _lf(with_now), _lf(rest_now)
    text, conflict = merge(with_now, rest_now, rest_before)
    if conflict:
        raise UsageError(
            "pr-mixed",
            f"other uncommitted changes touch the same lines as those of {name}",
            where=path,
            hint=f"commit or stash them first, or pass --include {path} to commit the whole file",
        )
    return text


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n")


def _without(name: str, tree: Checkout) -> Checkout:
    """A checkout without the backend's registration."""
    try:
        return planned(plan_remove(name, tree, keep_files=True), tree)
    except NotFoundError:
        return tree
