"""Two processes read the same map as one."""

from __future__ import annotations

import errno
import os
import signal

import pytest

from newbackend.checkout.tree import Checkout
from newbackend.child import Child
from newbackend.map import gather
from newbackend.map.gather import map_of
from newbackend.map.render import page


@pytest.fixture
def alone(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page as one process makes it; from now on two are wanted, however many processors there are."""
    made = page(map_of(checkout))
    monkeypatch.setattr(gather, "_SHARED", 2)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    return made


def test_the_page_is_the_same(alone: str, checkout: Checkout) -> None:
    assert page(map_of(checkout)) == alone


def test_without_a_second_process_it_is_the_same(
    alone: str, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    map_of(checkout)  # the path filter's process
    monkeypatch.setattr(os, "fork", refused)
    assert page(map_of(checkout)) == alone


def test_when_the_second_process_is_killed_it_is_the_same(
    alone: str, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Child.send

    def killed(child: Child, request: bytes) -> None:
        if not request:  # the map's, and not the path filter's
            os.kill(child.pid, signal.SIGKILL)
        real(child, request)

    monkeypatch.setattr(Child, "send", killed)
    assert page(map_of(checkout)) == alone
