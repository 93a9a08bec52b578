"""What the import form has to offer, and what it may."""

from __future__ import annotations

from pathlib import Path

from rules.found import edited, found, ids


def test_backends_that_serve_no_model_need_no_importer(sample: Path) -> None:
    path = "core/http/endpoints/localai/backend.go"
    gone = edited(sample, path, ('\t{Name: "gotide", Modality: "vad", AutoDetect: false, ', "\t// {"))
    assert ids(found(gone, "REG601")) == {("REG601", "gotide")}
    index = (sample / "backend/index.yaml").read_text(encoding="utf-8")
    at = index.index('name: "gotide"')
    tags = index.index("tags:\n", at) + len("tags:\n")
    stores = index[:tags] + "    - vector-store\n" + index[tags:]
    both = gone.with_changes({"backend/index.yaml": stores})
    assert found(both, "REG601") == []


def test_an_alias_of_the_loader_is_no_leftover(sample: Path) -> None:
    path = "core/gallery/importers/pywhistle.go"
    other = edited(sample, path, ('return "pywhistle"', 'return "oldname"'))
    assert {finding.subject for finding in found(other, "REG606")} == {"oldname"}
    loader = 'var Aliases = map[string]string{\n\t"oldname": PywhistleBackend,\n}\n'
    assert found(other.with_changes({"pkg/model/initializers.go": loader}), "REG606") == []
