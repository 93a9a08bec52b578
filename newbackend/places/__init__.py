"""The registration places, in the order that a reviewer reads them."""

from __future__ import annotations

from functools import cache

from newbackend.places.base import Place


@cache
def places() -> tuple[Place, ...]:
    """Every place; adding one means one module here and its twin test."""
    from newbackend.places.bump_bot import BumpBot
    from newbackend.places.capabilities import Capabilities
    from newbackend.places.compatibility_table import CompatibilityTable
    from newbackend.places.darwin_builders import DarwinBuilders
    from newbackend.places.darwin_makefile import DarwinMakefile
    from newbackend.places.darwin_workflow import DarwinWorkflow
    from newbackend.places.dockerignore import Dockerignore
    from newbackend.places.docs_list import DocsList
    from newbackend.places.engine_preference import EnginePreference
    from newbackend.places.gallery_index import GalleryIndex
    from newbackend.places.importer_drop_in import ImporterDropIn
    from newbackend.places.importer_registry import ImporterRegistry
    from newbackend.places.known_backends import KnownBackends
    from newbackend.places.makefile import RootMakefile
    from newbackend.places.matrix import Matrix
    from newbackend.places.path_filter import PathFilterPlace
    from newbackend.places.path_filter_forks import PathFilterForks
    from newbackend.places.readme_engines import ReadmeEngines
    from newbackend.places.submodules import Submodules
    from newbackend.places.test_workflow import TestWorkflow

    return (
        Matrix(),
        GalleryIndex(),
        RootMakefile(),
        DarwinMakefile(),
        PathFilterPlace(),
        PathFilterForks(),
        DarwinBuilders(),
        DarwinWorkflow(),
        BumpBot(),
        Dockerignore(),
        Submodules(),
        KnownBackends(),
        ImporterRegistry(),
        ImporterDropIn(),
        Capabilities(),
        EnginePreference(),
        TestWorkflow(),
        CompatibilityTable(),
        DocsList(),
        ReadmeEngines(),
    )
