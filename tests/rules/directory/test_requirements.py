"""A requirement file is missed only where the engine would not be installed."""

from __future__ import annotations

from pathlib import Path

from rules.found import found, ids, results

from newbackend.checkout.tree import Checkout

PYTHON = "backend/python/pyecho"


def test_a_missing_profile_is_fine_where_the_common_file_has_the_engine(sample: Path) -> None:
    base = (sample / f"{PYTHON}/requirements.txt").read_text(encoding="utf-8")
    engine = {name for file in (sample / PYTHON).glob("requirements-*.txt") for name in file.read_text().split("\n")}
    plain = "\n".join(sorted(one for one in engine if one and not one.startswith("-")))
    (sample / f"{PYTHON}/requirements-intel.txt").unlink()
    assert ids(found(Checkout(sample), "REG813")) == {("REG813", "pyecho")}
    assert found(Checkout(sample, {f"{PYTHON}/requirements.txt": f"{base}\n{plain}\n"}), "REG813") == []


def test_a_missing_profile_is_skipped_where_install_sh_installs_it(sample: Path) -> None:
    (sample / f"{PYTHON}/requirements-intel.txt").unlink()
    script = (sample / f"{PYTHON}/install.sh").read_text(encoding="utf-8")
    own = script + '\n[ "$BUILD_TYPE" = intel ] && pip install x\n'
    outcome = results(Checkout(sample, {f"{PYTHON}/install.sh": own}), "REG813")
    assert not any(finding.rule.id == "REG813" for finding in outcome.findings)
    reasons = [one.reason for one in outcome.checked if one.rule.id == "REG813" and one.backend == "pyecho"]
    assert reasons == ["install.sh installs the profile intel by itself"]


def test_an_after_file_of_comments_is_no_loss(sample: Path) -> None:
    checkout = Checkout(sample, {f"{PYTHON}/requirements-hipblas-after.txt": "# see install.sh\n"})
    assert found(checkout, "REG814") == []
