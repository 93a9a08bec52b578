// Which rows of the build matrix does a change invalidate? Pure functions only: the script that
// talks to GitHub is scripts/changed-backends.js.

// The folder a Linux row is built from. The tests run from the specific to the general: the
// Dockerfile of a fork may end like the one it was forked from.
export function inferBackendPath(item) {
  if (item.dockerfile.endsWith("python")) {
    return `backend/python/${item.backend}/`;
  }
  // goquill wraps a C++ engine, but the row is built by Dockerfile.golang. Said here so that a
  // later change of the Dockerfile's name does not cut the row off.
  if (item.backend === "goquill") {
    return `backend/go/goquill/`;
  }
  if (item.dockerfile.endsWith("golang")) {
    return `backend/go/${item.backend}/`;
  }
  if (item.dockerfile.endsWith("rust")) {
    return `backend/rust/${item.backend}/`;
  }
  if (item.dockerfile.endsWith("neo-cppanvil")) {
    // A fork that builds from backend/cpp/cppanvil; see backendChanged.
    return `backend/cpp/neo-cppanvil/`;
  }
  if (item.dockerfile.endsWith("cppreed")) {
    return `backend/cpp/cppreed/`;
  }
  if (item.dockerfile.endsWith("cppanvil")) {
    return `backend/cpp/cppanvil/`;
  }
  return null;
}

export function inferBackendPathDarwin(item) {
  // C++ rows carry lang: go for the runner's tools only; their sources are not under backend/go.
  if (item.backend === "cppanvil") {
    return `backend/cpp/cppanvil/`;
  }
  if (item.backend === "cppreed") {
    return `backend/cpp/cppreed/`;
  }
  if (!item.lang) {
    return `backend/python/${item.backend}/`;
  }

  return `backend/${item.lang}/${item.backend}/`;
}

// Backend name -> folder, over both matrices.
export function getAllBackendPaths(includes, includesDarwin) {
  const paths = new Map();
  const add = (item, path) => {
    if (path && !paths.has(item.backend)) paths.set(item.backend, path);
  };
  for (const item of includes) add(item, inferBackendPath(item));
  for (const item of includesDarwin) add(item, inferBackendPathDarwin(item));
  return paths;
}

export function backendChanged(backend, pathPrefix, changedFiles) {
  if (changedFiles.some(file => file.startsWith(pathPrefix))) return true;

  // The fork has no sources of its own.
  return (backend === "neo-cppanvil") &&
    changedFiles.some(file => file.startsWith("backend/cpp/cppanvil/"));
}

// Rows with a step of their own in backend_build_darwin.yml. Keep the two in step.
const DARWIN_BESPOKE_BUILDERS = new Set([
  "cppanvil",
  "cppreed",
]);

const isLinuxPython = item => item.dockerfile.endsWith("python");
const isLinuxGo = item => item.dockerfile.endsWith("golang");
const isDarwinPython = item => !item.lang;
const isDarwinGenericGo = item =>
  !!item.lang && !DARWIN_BESPOKE_BUILDERS.has(item.backend);
const always = () => true;
const never = () => false;

export const BACKEND_PROTO_FILE = "backend/backend.proto";
export const BACKEND_MATRIX_FILE = ".github/backend-matrix.yml";

// Files outside every backend's folder that end up in images. The first rule that matches a file
// decides, so the catch-all stands last.
export const SHARED_BUILD_INPUTS = [
  { matches: file => file === BACKEND_PROTO_FILE, linux: always, darwin: always },
  {
    matches: file => file.startsWith("backend/python/common/"),
    linux: isLinuxPython,
    darwin: isDarwinPython,
  },
  {
    matches: file => file.startsWith("pkg/grpc/") && !file.endsWith("_test.go"),
    linux: isLinuxGo,
    darwin: isDarwinGenericGo,
  },
  { matches: file => file === ".github/workflows/backend_build.yml", linux: always, darwin: never },
  { matches: file => file === ".github/workflows/backend_build_darwin.yml", linux: never, darwin: always },
  { matches: file => file === "scripts/build/package-gpu-libs.sh", linux: always, darwin: never },
  { matches: file => file === "scripts/build/python-darwin.sh", linux: never, darwin: isDarwinPython },
  { matches: file => file === "scripts/build/golang-darwin.sh", linux: never, darwin: isDarwinGenericGo },
  {
    matches: file => file === "scripts/build/cppanvil-darwin.sh",
    linux: never,
    darwin: item => item.backend === "cppanvil",
  },
  {
    matches: file => file === "scripts/build/cppreed-darwin.sh",
    linux: never,
    darwin: item => item.backend === "cppreed",
  },
  {
    matches: file => file.startsWith("scripts/build/") && !file.endsWith("_test.sh"),
    linux: always,
    darwin: always,
  },
];

// One image: its tag, and the architecture when two rows share the tag.
export function matrixEntryKey(item) {
  return JSON.stringify([item["tag-suffix"] || "", item["platform-tag"] || ""]);
}

function fingerprint(item) {
  return JSON.stringify(Object.keys(item).sort().map(key => [key, item[key]]));
}

function changedEntryKeys(current, previous) {
  const before = new Map(previous.map(item => [matrixEntryKey(item), fingerprint(item)]));
  return new Set(
    current.filter(item => before.get(matrixEntryKey(item)) !== fingerprint(item)).map(matrixEntryKey)
  );
}

function matchedSharedRules(changedFiles) {
  const rules = new Set();
  for (const file of changedFiles) {
    const rule = SHARED_BUILD_INPUTS.find(r => r.matches(file));
    if (rule) rules.add(rule);
  }
  return [...rules];
}

// Rows of both matrices that the changed files invalidate, and the names of their backends. A
// changed matrix file whose old text is unknown rebuilds everything: an empty answer would look
// exactly like "nothing to do".
export function filterMatrix({ includes, includesDarwin, changedFiles, previousMatrix }) {
  const rules = matchedSharedRules(changedFiles);
  const matrixChanged = changedFiles.includes(BACKEND_MATRIX_FILE);
  const unknownBefore = matrixChanged && !previousMatrix;
  const linuxKeys = matrixChanged && previousMatrix
    ? changedEntryKeys(includes, previousMatrix.include || []) : new Set();
  const darwinKeys = matrixChanged && previousMatrix
    ? changedEntryKeys(includesDarwin, previousMatrix.includeDarwin || []) : new Set();

  const filtered = includes.filter(item => {
    const path = inferBackendPath(item);
    if (!path) return false;
    return backendChanged(item.backend, path, changedFiles)
      || changedFiles.includes(item.dockerfile.replace(/^\.\//, ""))
      || unknownBefore
      || linuxKeys.has(matrixEntryKey(item))
      || rules.some(rule => rule.linux(item));
  });
  const filteredDarwin = includesDarwin.filter(item =>
    changedFiles.some(file => file.startsWith(inferBackendPathDarwin(item)))
    || unknownBefore
    || darwinKeys.has(matrixEntryKey(item))
    || rules.some(rule => rule.darwin(item))
  );

  const changedBackends = new Set([...filtered, ...filteredDarwin].map(item => item.backend));
  for (const [backend, path] of getAllBackendPaths(includes, includesDarwin)) {
    if (backendChanged(backend, path, changedFiles)) changedBackends.add(backend);
  }
  return { filtered, filteredDarwin, changedBackends };
}
