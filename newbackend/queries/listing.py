"""All backends as rows: variants and verify status of each."""

from __future__ import annotations

from collections import Counter
from typing import Any

from newbackend.catalog import variant_table
from newbackend.checkout.tree import Checkout
from newbackend.findings import Status
from newbackend.registrations.matrix.place import variant_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.run import report, run


def listing(checkout: Checkout) -> list[dict[str, Any]]:
    """One row per backend: name, lang, directory, variants (in canonical order), status and counts."""
    from datetime import date

    context = Context(checkout)
    whole = report(context, run(context), (), date.today())
    counts: Counter[tuple[str, str]] = Counter()
    for finding in whole.findings:
        if finding.status is Status.FAIL:
            counts[finding.backend, finding.level.value] += 1
    statuses = {status.name: status.status.value for status in whole.backends}
    return [
        {
            "name": name,
            "lang": info.lang,
            "directory": info.directory,
            "variants": variants_of(info),
            "status": statuses[name],
            "error": counts[name, "error"],
            "warning": counts[name, "warning"],
            "note": counts[name, "note"],
        }
        for name, info in context.backends.items()
    ]


def variants_of(info: BackendInfo) -> list[str]:
    """The variants that a backend's rows build, in canonical order."""
    return list(variant_table().ordered(variant_of(row) for row in info.images))
