"""The drawings of all rows as data for the page's script: every text and every station once.

Five hundred rows pass through the same few jobs and Dockerfiles; written out they would be most of the page.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from typing import Any

from newbackend.map.model import Map, Way
from newbackend.sanitize import printable
from newbackend.trace.stations import Station


def drawings(map_: Map) -> dict[str, Any]:
    """`texts`; `stations` of [class, title, broken, [[text, place], …]], the last four by the numbers of their texts;
    `ways` of each backend, in the order of the map: [platform, architecture, tag suffix, station numbers, unknown]."""
    texts, stations = _Numbers(), _Numbers()

    def station(one: Station) -> int:
        lines = tuple((texts.of(text), texts.of(where)) for text, where in one.lines)
        return stations.of((one.id, texts.of(one.title), one.broken, lines))

    def way(one: Way) -> list[Any]:
        unknown = [texts.of(text) for text in one.unknown]
        where = [printable(word) for word in (one.variant, one.platform, one.suffix)]
        return [*where, [station(stop) for stop in one.stations], unknown]

    ways = [[way(one) for one in backend.ways] for backend in map_.backends]
    return {
        "texts": [printable(text) for text in texts],
        "stations": list(stations),
        "ways": ways,
        "platforms": dict(map_.platforms),
    }


def data_block(value: Any) -> str:
    """JSON that can stand in a `script` element whatever is in it: no `<` begins a tag or a comment."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Numbers:
    """Numbers values from 0, equal ones alike; iterates over the values."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def of(self, value: Hashable) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._numbers)
