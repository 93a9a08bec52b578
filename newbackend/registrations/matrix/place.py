"""`.github/backend-matrix.yml`: one row per image leg.

Without a row no image is ever built, and the gallery entry points at a tag that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from newbackend.catalog import variant_table
from newbackend.catalog.languages import language_table
from newbackend.checkout.layout import MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.overrides import check_row
from newbackend.registrations.base import Altered, Change, ExpectedFact, Fact, Place, Probe, groups
from newbackend.registrations.support.alter_item import alter_item
from newbackend.registrations.support.os_excluded import check_os
from newbackend.registrations.support.yaml_files import probe_sequence, sequence
from newbackend.spec import BackendSpec
from newbackend.splice.operation import add_items, anchor_missing, drop_items
from newbackend.splice.yaml_list import Item, YamlList
from newbackend.splice.yaml_text import scalar

DARWIN_LANG = "python"
"""What a macOS row without `lang` is built as (.github/workflows/backend_build_darwin.yml)."""


def lang_of_row(row: Mapping[str, Any]) -> str:
    """Language id of a Linux row, by its Dockerfile."""
    return language_table().of_dockerfile(str(row.get("dockerfile") or "")).id


def variant_of(fact: Fact) -> str:
    """Variant id of a Linux or macOS row, or "" when no variant is like it."""
    table = variant_table()
    return table.of_darwin_row() if fact.kind == "darwin" else table.of_linux_row(fact.value)


def rows_of(spec: BackendSpec, variant_id: str) -> list[dict[str, str]]:
    """The rows that a variant of this backend needs, fields in canonical order."""
    table = variant_table()
    variant = table.variants[variant_id]
    override = (spec.overrides.get("variants") or {}).get(variant_id) or {}
    if "rows" in override:
        return [dict(row) for row in override["rows"]]
    rows: list[dict[str, str]] = []
    for template in variant.rows_for(spec.its_flavour.profile):
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
    file = MATRIX
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        return probe_sequence(checkout, MATRIX, ("include",))

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        facts: list[Fact] = []
        for list_key, kind in (("include", "row"), ("includeDarwin", "darwin")):
            rows = sequence(checkout, MATRIX, (list_key,))
            for item in rows.items if rows else ():
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
            rows = sequence(checkout, MATRIX, (list_key,))
            if rows is None or not rows.items:
                operation = anchor_missing(f"has no block list at {list_key}", rows.line if rows else 1)
            else:
                sibling = _sibling(rows, group[0].value, spec)
                items = [(wanted.value, _row_lines(wanted.value, sibling)) for wanted in group]
                operation = add_items(rows, sibling, items)
            yield self.added(checkout, group, operation)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        for list_key in ("include", "includeDarwin"):
            rows = sequence(checkout, MATRIX, (list_key,))
            gone = [item for item in rows.items if item.get("backend") == name] if rows else []
            if rows and gone:
                yield self.taken(checkout, drop_items(rows, gone), f"the {list_key} rows of {name}", "REG101")

    def remove(self, checkout: Checkout, facts: Sequence[Fact]) -> Iterable[Change]:
        lines = {fact.line for fact in facts}
        for list_key in ("include", "includeDarwin"):
            rows = sequence(checkout, MATRIX, (list_key,))
            gone = [item for item in rows.items if item.line in lines] if rows else []
            if rows and gone:
                reason = f"the {list_key} rows {', '.join(str(item.get('tag-suffix')) for item in gone)}"
                yield self.taken(checkout, drop_items(rows, gone), reason, "REG101")

    def alter(self, checkout: Checkout, spec: BackendSpec, altered: Sequence[Altered]) -> Iterable[Change]:
        for fact in altered:
            rows = sequence(checkout, MATRIX, ("include" if fact.new.kind == "row" else "includeDarwin",))
            item = next(item for item in rows.items if item.line == fact.there.line) if rows else None
            if rows and item:
                operation = alter_item(rows, item, fact, partial(_row_lines, sibling=item))
                yield self.added(checkout, [fact.new], operation)

    def text(self, wanted: ExpectedFact) -> list[str]:
        return _row_lines(wanted.value, None)


def _sibling(rows: YamlList, row: Mapping[str, Any], spec: BackendSpec) -> Item:
    """The row after which new rows go: the last of the same variant and language that is not
    inside another backend's block; failing that, ever wider."""
    items = rows.items
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
    table = variant_table()
    variant, lang = table.of_linux_row(row), lang_of_row(row)

    def same_variant(item: Item) -> bool:
        return table.of_linux_row(item.own()) == variant

    def same_lang(item: Item) -> bool:
        return lang_of_row(item.own()) == lang

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
