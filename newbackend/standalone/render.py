"""Every file of a repository of its own, in memory: the backend, LocalAI's files, and the shell around them."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from typing import Any

from newbackend import __version__
from newbackend.catalog.languages import templates_root
from newbackend.catalog.modalities import modalities
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.gallery.record import NAME, Record, sha256
from newbackend.scaffold.generated import blob_id
from newbackend.scaffold.render import RenderedFile
from newbackend.spec import BackendSpec
from newbackend.standalone.gallery import FIRST_VERSION, PATH, Image, gallery_text, images_of
from newbackend.standalone.vendored import LICENSE, LICENSE_COPY, license_text, vendored

_ISSUER = "https://token.actions.githubusercontent.com"
_OFFICIAL = {
    "name": "localai",
    "url": "https://index.localai.io/backends",
    "mirrors": ["github:mudler/LocalAI/backend/index.yaml@master"],
}
_GO = re.compile(r"^go (\d+\.\d+)", re.M)


def repository(
    spec: BackendSpec,
    backend: Mapping[str, RenderedFile],
    checkout: Checkout,
    *,
    image_base: str,
    revision: str,
    development: bool = False,
) -> dict[str, RenderedFile]:
    """Path -> file. `backend` are the backend's own files, rendered or as they were found. With `development` there are
    images of the branch main, too.

    Raises UsageError for a flavour or a platform that needs more of LocalAI's tree.
    """
    if spec.its_flavour.needs_path:
        message = f"{spec.flavour} backends are built from {spec.its_flavour.needs_path}, which stays in LocalAI's tree"
        raise UsageError("standalone-flavour", message, hint="choose another flavour with --set flavour=…")
    own = {path: file for path, file in backend.items() if not path.startswith(".github/")}
    taken = {path: file for path, file in vendored(spec.language, checkout).items() if path not in own}
    same = {path: sha256(file.text) for path, file in taken.items() if file.text == checkout.read(path)}
    files = {
        **_shell(_variables(spec, checkout, image_base, revision, development=development)),
        **taken,
        PATH: RenderedFile(0o644, gallery_text(spec, image_base, FIRST_VERSION, development=development)),
    }
    if spec.language.own_dockerfile:
        files.pop("Dockerfile", None)
    if text := license_text(checkout):
        files[LICENSE_COPY] = RenderedFile(0o644, text)
    if spec.license.upper() == "MIT":
        mit = files[LICENSE_COPY].text.split("\n\n", 2)
        holder = f"Copyright (c) the authors of {spec.name}"
        files[LICENSE] = RenderedFile(0o644, "\n\n".join([mit[0], holder, mit[2]]))
    made = {path: blob_id(file.text) for path, file in sorted(files.items()) if path not in own}
    files |= own
    files[NAME] = RenderedFile(0o644, Record(spec.directory, image_base, revision, same, made, development).text())
    return dict(sorted(files.items()))


def _variables(
    spec: BackendSpec, checkout: Checkout, image_base: str, revision: str, *, development: bool
) -> dict[str, Any]:
    registry, _, rest = image_base.partition("/")
    images = images_of(spec)
    usecases = [usecase for key in spec.modalities for usecase in modalities()[key].usecases]
    own = {"name": spec.name, "url": f"github:{rest}/{PATH}@main"}
    ref = "(heads/main|tags/v.+)" if development else "tags/v.+"
    regex = rf"^https://github\.com/{_escaped(rest)}/\.github/workflows/release\.yml@refs/{ref}$"
    policy = {"issuer": _ISSUER, "identity_regex": regex}
    version = _GO.search(checkout.read("go.mod") or "")
    return {
        "name": spec.name,
        "lang": spec.lang,
        "description": spec.description,
        "modalities": [modalities()[key].title for key in spec.modalities],
        "usecases": list(dict.fromkeys(usecases)),
        "directory": spec.directory,
        "copies_directory": spec.language.copies_directory,
        "dockerfile": posixpath.normpath(spec.language.dockerfile_of(spec.name))
        if spec.language.own_dockerfile
        else "Dockerfile",
        "image_base": image_base,
        "registry": registry,
        "version": FIRST_VERSION,
        "variants": [_image(image) for image in images],
        "galleries_json": json.dumps([_OFFICIAL, own]),
        "verified_json": json.dumps([_OFFICIAL, {**own, "verification": policy}]),
        "development": development,
        "revision": f"revision {revision}" if re.fullmatch("[0-9a-f]{40}", revision) else revision,
        "go_version": version[1] if version else "1.26",
        "newbackend_version": __version__,
    }


def _escaped(text: str) -> str:
    """A text in a regular expression of Go: only the dots of an address mean something."""
    return text.replace(".", r"\.")


def _image(image: Image) -> dict[str, Any]:
    return {"id": image.id, "title": image.title, "legs": image.legs, "args": dict(image.arguments)}


def _shell(variables: Mapping[str, Any]) -> dict[str, RenderedFile]:
    """The rendered files of `templates/standalone`: those of `common`, and the language's Dockerfile."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    root = templates_root() / "standalone"
    # The shell is ours, not the user's text: only values are put in, and nothing is HTML.
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(root),
        undefined=StrictUndefined,
        # GitHub's own expressions are in double braces.
        variable_start_string="@{",
        variable_end_string="}@",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    files: dict[str, RenderedFile] = {}
    for source in sorted(root.glob("common/**/*")):
        if source.is_file():
            path = source.relative_to(root).as_posix()
            files[path.removeprefix("common/").removesuffix(".jinja")] = _rendered(environment, path, variables)
    own = f"{variables['lang']}/Dockerfile.jinja"
    if (root / own).is_file():
        files["Dockerfile"] = _rendered(environment, own, variables)
    return files


def _rendered(environment: Any, path: str, variables: Mapping[str, Any]) -> RenderedFile:
    text = environment.get_template(path).render(variables)
    return RenderedFile(0o755 if text.startswith("#!") else 0o644, text)
