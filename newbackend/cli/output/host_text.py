"""The host table as text: for each meta its entries, and the kinds of hosts that get them."""

from __future__ import annotations

from collections.abc import Mapping

from newbackend.catalog.hosts import HOSTS
from newbackend.cli.common import style
from newbackend.gallery.check import reason
from newbackend.gallery.table import Pick
from newbackend.sanitize import one_line


def host_text(table: Mapping[str, Mapping[str, Pick]]) -> str:
    """One block for each meta; hosts that get nothing come last, with the reason."""
    paint = style()
    blocks = []
    for meta, row in table.items():
        given: dict[str, list[str]] = {}
        none: dict[str, list[str]] = {}
        for host, pick in row.items():
            if pick.entry is not None and pick.why is None:
                given.setdefault(one_line(pick.entry.name), []).append(HOSTS[host])
            else:
                none.setdefault(one_line(reason(pick)), []).append(HOSTS[host])
        width = max((len(name) for name in given), default=0)
        lines = [paint.paint("strong", one_line(meta))]
        lines += [f"  {name:<{width}}  {'; '.join(hosts)}" for name, hosts in given.items()]
        lines += [f"  nothing: {'; '.join(hosts)} ({why})" for why, hosts in none.items()]
        blocks.append("\n".join(lines))
    return "\n".join([*blocks, ""]) if blocks else ""
