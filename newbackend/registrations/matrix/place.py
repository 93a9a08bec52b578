"""`.github/backend-matrix.yml`: one row per image leg (contract 11.2, 13).

Without a row no image is ever built, and the gallery entry points at a tag that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from newbackend.catalog import variant_table
from newbackend.checkout.layout import MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.overrides import check_row
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, groups, rules_of
from newbackend.registrations.support.os_excluded import check_os
from newbackend.registrations.support.yaml_files import probe_sequence, removal, sequence
from newbackend.spec import BackendSpec
from newbackend.splice.outcome import AnchorMissing, Inserted
from newbackend.splice.prove import ListEdit
from newbackend.splice.yaml_list import Item, YamlList, insert_after, scalar

_LANG_OF_SUFFIX = {"python": "python", "golang": "go", "rust": "rust"}


def lang_of_dockerfile(dockerfile: str) -> str:
    """Language id of a row: shared Dockerfiles name it, every other Dockerfile is a C++ backend's own."""
    suffix = dockerfile.rsplit("Dockerfile.", 1)[-1]
    return _LANG_OF_SUFFIX.get(suffix, "cpp")


def variant_of_row(row: Mapping[str, Any]) -> str:
    """Variant id of a Linux row by its fields, or "" when no variant is like it (contract 13)."""
    build, major = str(row.get("build-type") or ""), str(row.get("cuda-major-version") or "")
    suffix = str(row.get("tag-suffix") or "")
    if build in ("cublas", "l4t"):
        return f"l4t-cuda{major}" if "l4t" in suffix or build == "l4t" else f"cuda{major}"
    named = {
        "": "cpu",
        "hipblas": "rocm",
        "intel": "intel",
        "sycl_f16": "sycl-f16",
        "sycl_f32": "sycl-f32",
        "vulkan": "vulkan",
    }
    return named.get(build, "")


def rows_of(spec: BackendSpec, variant_id: str) -> list[dict[str, str]]:
    """The rows that a variant of this backend needs, fields in canonical order."""
    table = variant_table()
    variant = table.variants[variant_id]
    override = (spec.overrides.get("variants") or {}).get(variant_id) or {}
    if "rows" in override:
        return [dict(row) for row in override["rows"]]
    rows: list[dict[str, str]] = []
    for template in variant.rows_for(spec.lang, spec.flavour):
        row = {key: value.replace("{name}", spec.name) for key, value in template.items()}
        if variant.darwin:
            rows.append({**row, **(override.get("fields") or {})})
            continue
        row["backend"] = spec.name
        row["dockerfile"] = spec.language.dockerfile_of(spec.name)
        row.update(override.get("fields") or {})
        rows.append({key: row[key] for key in table.field_order if key in row})
    return rows


def row_key(row: Mapping[str, Any]) -> str:
    """Identity of a Linux row: tag suffix and platform tag, as the repository's own filter has it."""
    return f"{row.get('tag-suffix') or ''}|{row.get('platform-tag') or ''}"


class Matrix(Place):
    """Linux and macOS rows."""

    id = "matrix"
    title = "build matrix"
    order = 10
    takes_facts = True

    def path(self, checkout: Checkout) -> str:
        return MATRIX

    def probe(self, checkout: Checkout) -> Probe:
        return probe_sequence(checkout, MATRIX, ("include",))

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        facts: list[Fact] = []
        for list_key, kind in (("include", "row"), ("includeDarwin", "darwin")):
            found = sequence(checkout, MATRIX, (list_key,))
            for item in found.items if found else ():
                row = item.own()
                prefix = "" if kind == "row" else "darwin:"
                facts.append(Fact(kind, prefix + row_key(row), str(row.get("backend") or ""), row, MATRIX, item.line))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        check_os(spec)
        wanted: list[ExpectedFact] = []
        for variant_id in spec.variants:
            variant = variant_table().variants[variant_id]
            for row in rows_of(spec, variant_id):
                if variant.darwin:
                    reason, rules = f"macOS builds of {spec.name}", ("REG104",)
                    wanted.append(ExpectedFact("darwin", f"darwin:{row_key(row)}", row, reason, rules, variant_id))
                else:
                    reason, rules = f"{variant.title}: image {row['tag-suffix']}", ("REG101",)
                    wanted.append(ExpectedFact("row", row_key(row), row, reason, rules, variant_id))
        return wanted

    def from_answers(self, spec: BackendSpec, key: str, value: Any) -> Any:
        check_row(f"overrides.places.{self.id}.facts.{key}", value, "")
        kind = "darwin:" if key.startswith("darwin:") else ""
        if value.get("backend") != spec.name or key != kind + row_key(value):
            raise self.refuse_fact(key, f"is not the key of a row of {spec.name}")
        return dict(value)

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        for group in groups(missing):
            list_key = "include" if group[0].kind == "row" else "includeDarwin"
            found = sequence(checkout, MATRIX, (list_key,))
            if found is None or not found.items:
                reason = f"has no block list at {list_key}"
                outcome = AnchorMissing(reason, found.line if found else 1)
                yield Change(self.id, MATRIX, outcome, group[0].reason, rules_of(group), self.snippet(group))
                continue
            sibling = _sibling(found, group[0].value, spec)
            text = [_row_lines(wanted.value, sibling) for wanted in group]
            outcome_ok = Inserted((insert_after(found, sibling, text),), sibling.last + 2)
            proof = ListEdit((list_key,), tuple((sibling.index + 1, wanted.value) for wanted in group))
            yield Change(self.id, MATRIX, outcome_ok, group[0].reason, rules_of(group), self.snippet(group), (proof,))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        for list_key in ("include", "includeDarwin"):
            found = sequence(checkout, MATRIX, (list_key,))
            gone = removal(found, lambda item: item.get("backend") == name) if found else None
            if gone:
                splices, proof, line = gone
                reason = f"the {list_key} rows of {name}"
                yield Change(self.id, MATRIX, Inserted(splices, line), reason, ("REG101",), "", (proof,))

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        return "\n".join("\n".join(_row_lines(one.value, None)) for one in wanted)


def _sibling(found: YamlList, row: Mapping[str, Any], spec: BackendSpec) -> Item:
    """The row after which new rows go: the last of the same variant and language that does not stand
    inside another backend's block; failing that, ever wider."""
    items = found.items
    nested = {item.index for item, following in pairwise(items) if item.get("backend") == following.get("backend")}

    def last(*tests: Any) -> Item | None:
        return next((item for item in reversed(items) if all(test(item) for test in tests)), None)

    def free(item: Item) -> bool:
        return item.index not in nested

    if "dockerfile" not in row:
        return (
            last(lambda i: i.get("lang") == row.get("lang") and i.get("build-type") == row.get("build-type"))
            or items[-1]
        )
    variant, lang = variant_of_row(row), lang_of_dockerfile(str(row["dockerfile"]))

    def same_variant(item: Item) -> bool:
        return variant_of_row(item.own()) == variant

    def same_lang(item: Item) -> bool:
        return lang_of_dockerfile(str(item.get("dockerfile") or "")) == lang

    def liked(item: Item) -> bool:
        return bool(spec.like) and item.get("backend") == spec.like

    return (
        last(liked, same_variant)
        or last(same_variant, same_lang, free)
        or last(same_variant, same_lang)
        or last(same_variant, free)
        or last(same_variant)
        or items[-1]
    )


def _row_lines(row: Mapping[str, str], sibling: Item | None) -> list[str]:
    """A row as text in its sibling's indentation and, field by field, its quoting."""
    table = variant_table()
    indent = " " * (sibling.indent if sibling else 2)
    lines = []
    for number, (key, value) in enumerate(row.items()):
        style = '"' if key in table.double_quoted or "dockerfile" not in row else "'"
        if sibling and key in sibling.fields:
            style = sibling.fields[key].style or style
        lines.append(f"{indent}{'- ' if number == 0 else '  '}{key}: {scalar(str(value), style)}")
    return lines


PLACE = Matrix()
