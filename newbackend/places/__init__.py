"""The registration places, in the order that a reviewer reads them."""

from __future__ import annotations

from functools import cache

from newbackend.places.base import Place


@cache
def places() -> tuple[Place, ...]:
    """Every place; adding one means one module here and its twin test."""
    from newbackend.places.bump_bot import BumpBot
    from newbackend.places.dockerignore import Dockerignore
    from newbackend.places.gallery_index import GalleryIndex
    from newbackend.places.makefile import RootMakefile
    from newbackend.places.matrix import Matrix
    from newbackend.places.path_filter import PathFilterPlace

    return (Matrix(), GalleryIndex(), RootMakefile(), PathFilterPlace(), BumpBot(), Dockerignore())
