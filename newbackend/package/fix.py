"""`package fix`: reads a package directory, plans repairs, makes them, and has the package checked again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypedDict

from newbackend.errors import NotFoundError, UsageError
from newbackend.findings import Report
from newbackend.package.archive import directory_tree
from newbackend.package.check import check_package, kept_findings
from newbackend.package.model import load_package
from newbackend.package.options import PackageOptions
from newbackend.package.repair import (
    SCHEMA,
    LeftJson,
    RepairJson,
    RepairPlan,
    Tools,
    carry_out,
    find_patchelf,
    open_root,
    plan_repairs,
    tidy,
)
from newbackend.package.sources import refuse_sources
from newbackend.records import dataclass


class FixJson(TypedDict):
    """What `package fix --format json` prints."""

    schema: str
    path: Annotated[str, "The package."]
    written: Annotated[bool, "Whether the repairs were made; false with --dry-run, and where there are none."]
    repairs: list[RepairJson]
    left: Annotated[list[LeftJson], "Findings that such a repair could have been for, and why there is none."]
    errors_left: Annotated[int, "Errors that the check finds afterwards; with --dry-run, that it would find."]
    warnings_left: Annotated[int, "The same for warnings."]


@dataclass(frozen=True)
class Fix:
    """The repairs of one package, planned."""

    path: Path
    plan: RepairPlan
    options: PackageOptions
    patchelf: str

    def carry_out(self) -> Report:
        """Makes the repairs and checks the package again. Raises UsageError when nothing could be changed."""
        carry_out(self.path, self.plan, self.patchelf)
        return self.check()

    def check(self) -> Report:
        """The package as it is on the disk."""
        return check_package(self.path, options=self.options)

    def predicted(self) -> Report:
        """The findings that the package will have."""
        return Report(SCHEMA, str(self.path), findings=kept_findings(self.plan.package, self.path))

    def as_json(self, report: Report, *, written: bool) -> FixJson:
        """`newbackend/package-fix/1`; `report` is about the package afterwards."""
        left = report.summary()
        return {
            "schema": SCHEMA,
            "path": str(self.path),
            "written": written,
            "repairs": self.plan.repairs_json(),
            "left": self.plan.left_json(),
            "errors_left": left["error"],
            "warnings_left": left["warning"],
        }


def plan_fix(path: Path, options: PackageOptions, root: Path | None, *, writes: bool) -> Fix:
    """Plans the repairs of the package directory at `path`, with missing libraries from `root`.

    Raises NotFoundError when one of them is not there, UsageError for an archive, for sources, and for
    what cannot be read.
    """
    if path.is_file():
        hint = "unpack it, repair the directory, and pack it again with `newbackend package pack`"
        raise UsageError("fix-archive", "is a file; only a directory is repaired", where=str(path), hint=hint)
    if not path.is_dir():
        raise NotFoundError("package-not-found", "there is no such directory", where=str(path))
    refuse_sources(path)
    source = open_root(root, path)
    if writes:
        tidy(path)
    package = load_package(directory_tree(path.resolve()), options)
    patchelf = find_patchelf()
    plan = plan_repairs(package, lambda state: kept_findings(state, path), Tools(source, patchelf))
    return Fix(path, plan, options, patchelf)
