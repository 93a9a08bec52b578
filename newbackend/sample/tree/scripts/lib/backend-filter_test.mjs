// Tests of the path filter: `make test-ci-scripts`, or `node --test` on this file.

import test from "node:test";
import assert from "node:assert/strict";

import {
  BACKEND_MATRIX_FILE,
  BACKEND_PROTO_FILE,
  backendChanged,
  filterMatrix,
  getAllBackendPaths,
  inferBackendPath,
  inferBackendPathDarwin,
} from "./backend-filter.mjs";

const row = (backend, dockerfile, suffix = `-cpu-${backend}`) => ({
  backend,
  dockerfile: `./backend/Dockerfile.${dockerfile}`,
  "tag-suffix": suffix,
});

const includes = [
  row("pywhistle", "python"),
  row("fast-pywhistle", "python"),
  row("gotide", "golang"),
  row("goquill", "golang"),
  row("rustlark", "rust"),
  row("cppanvil", "cppanvil"),
  row("neo-cppanvil", "neo-cppanvil"),
  row("cppreed", "cppreed"),
];
const includesDarwin = [
  { backend: "pywhistle", "tag-suffix": "-metal-darwin-arm64-pywhistle" },
  { backend: "gotide", "tag-suffix": "-metal-darwin-arm64-gotide", lang: "go" },
  { backend: "cppanvil", "tag-suffix": "-metal-darwin-arm64-cppanvil", lang: "go" },
  { backend: "cppreed", "tag-suffix": "-metal-darwin-arm64-cppreed", lang: "go" },
];

const started = (changedFiles, previousMatrix) => {
  const { filtered, filteredDarwin } = filterMatrix({
    includes,
    includesDarwin,
    changedFiles,
    previousMatrix,
  });
  return {
    linux: filtered.map(item => item.backend),
    darwin: filteredDarwin.map(item => item.backend),
  };
};

test("every row has a folder, also on macOS", () => {
  const folders = {
    "pywhistle": "backend/python/pywhistle/",
    "fast-pywhistle": "backend/python/fast-pywhistle/",
    "gotide": "backend/go/gotide/",
    "goquill": "backend/go/goquill/",
    "rustlark": "backend/rust/rustlark/",
    "cppanvil": "backend/cpp/cppanvil/",
    "neo-cppanvil": "backend/cpp/neo-cppanvil/",
    "cppreed": "backend/cpp/cppreed/",
  };
  for (const item of includes) assert.equal(inferBackendPath(item), folders[item.backend]);
  for (const item of includesDarwin) assert.equal(inferBackendPathDarwin(item), folders[item.backend]);
  assert.deepEqual(Object.fromEntries(getAllBackendPaths(includes, includesDarwin)), folders);
});

test("an unknown Dockerfile has no folder", () => {
  assert.equal(inferBackendPath(row("stray", "stray")), null);
});

test("a backend whose name contains another one is not started by it", () => {
  assert.deepEqual(started(["backend/python/pywhistle/backend.py"]).linux, ["pywhistle"]);
  assert.deepEqual(started(["backend/python/fast-pywhistle/backend.py"]).linux, ["fast-pywhistle"]);
});

test("the fork follows the sources it is built from, and only in that direction", () => {
  assert.deepEqual(started(["backend/cpp/cppanvil/grpc-server.cpp"]), {
    linux: ["cppanvil", "neo-cppanvil"],
    darwin: ["cppanvil"],
  });
  assert.deepEqual(started(["backend/cpp/neo-cppanvil/Makefile"]), { linux: ["neo-cppanvil"], darwin: [] });
  assert.equal(backendChanged("cppreed", "backend/cpp/cppreed/", ["backend/cpp/cppanvil/Makefile"]), false);
});

test("a Dockerfile starts exactly its own rows", () => {
  assert.deepEqual(started(["backend/Dockerfile.cppanvil"]), { linux: ["cppanvil"], darwin: [] });
  assert.deepEqual(started(["backend/Dockerfile.golang"]).linux, ["gotide", "goquill"]);
});

test("shared files start the rows that contain them", () => {
  assert.deepEqual(started(["backend/python/common/libbackend.sh"]), {
    linux: ["pywhistle", "fast-pywhistle"],
    darwin: ["pywhistle"],
  });
  assert.deepEqual(started(["pkg/grpc/server.go"]), { linux: ["gotide", "goquill"], darwin: ["gotide"] });
  assert.deepEqual(started(["pkg/grpc/server_test.go"]), { linux: [], darwin: [] });
  assert.deepEqual(started(["scripts/build/cppreed-darwin.sh"]), { linux: [], darwin: ["cppreed"] });
  assert.equal(started([BACKEND_PROTO_FILE]).linux.length, includes.length);
});

test("a file of no backend starts nothing", () => {
  assert.deepEqual(started(["docs/content/features/backends.md", "README.md"]), { linux: [], darwin: [] });
});

test("a changed matrix starts the changed rows, or all when the old one is unknown", () => {
  const before = { include: includes.filter(item => item.backend !== "cppreed"), includeDarwin: includesDarwin };
  assert.deepEqual(started([BACKEND_MATRIX_FILE], before), { linux: ["cppreed"], darwin: [] });
  assert.equal(started([BACKEND_MATRIX_FILE]).linux.length, includes.length);
});
