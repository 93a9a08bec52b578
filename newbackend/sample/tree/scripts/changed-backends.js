import fs from "fs";
import * as yaml from "js-yaml";
import { Octokit } from "@octokit/core";

import {
  getAllBackendPaths,
  filterMatrix,
  BACKEND_MATRIX_FILE,
} from "./lib/backend-filter.mjs";

const matrixYml = yaml.load(fs.readFileSync(BACKEND_MATRIX_FILE, "utf8"));
const includes = matrixYml.include;
const includesDarwin = matrixYml.includeDarwin;

const event = JSON.parse(fs.readFileSync(process.env.GITHUB_EVENT_PATH, "utf8"));
const octokit = new Octokit({ auth: process.env.GITHUB_TOKEN });

// GitHub does not start a matrix of more than 256 jobs and does not say so: single-architecture
// rows, the list that grows, are dealt out over this many jobs. backend.yml has one block each.
const SINGLEARCH_SHARDS = 2;

const repository = () => ({ owner: event.repository.owner.login, repo: event.repository.name });

// The changed files of the event, or null for "cannot tell, build everything".
async function changedFilesOf() {
  if (event.pull_request) {
    const files = [];
    for (let page = 1; ; page++) {
      const res = await octokit.request("GET /repos/{owner}/{repo}/pulls/{pull_number}/files", {
        ...repository(), pull_number: event.pull_request.number, per_page: 100, page,
      });
      files.push(...res.data.map(f => f.filename));
      if (res.data.length < 100) return files;
    }
  }
  const isTag = typeof event.ref === "string" && event.ref.startsWith("refs/tags/");
  if (!event.ref || isTag || process.env.FORCE_ALL === "true" || /^0*$/.test(event.before || "")) return null;
  const res = await octokit.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
    ...repository(), basehead: `${event.before}...${event.after}`,
  });
  // The list ends at 300 files: a longer change is not known in full.
  return res.data.files.length < 300 ? res.data.files.map(f => f.filename) : null;
}

async function previousMatrixOf(changedFiles) {
  if (!changedFiles.includes(BACKEND_MATRIX_FILE)) return null;
  const ref = event.pull_request ? event.pull_request.base.sha : event.before;
  try {
    const res = await octokit.request("GET /repos/{owner}/{repo}/contents/{path}", {
      ...repository(), path: BACKEND_MATRIX_FILE, ref, mediaType: { format: "raw" },
    });
    return yaml.load(res.data);
  } catch (err) {
    console.log(`no ${BACKEND_MATRIX_FILE} at ${ref}: building everything`, err.message);
    return null;
  }
}

const emit = (name, value) => fs.appendFileSync(process.env.GITHUB_OUTPUT, `${name}=${value}\n`);

// Rows of one image share a tag-suffix; a merge job publishes their tag.
function mergeMatrix(entries) {
  const byTag = new Map(entries.map(item => [item["tag-suffix"], item["tag-latest"]]));
  return { include: [...byTag].map(([suffix, latest]) => ({ "tag-suffix": suffix, "tag-latest": latest })) };
}

function emitMatrix(name, entries) {
  emit(`has-backends-${name}`, entries.length > 0);
  emit(`has-merges-${name}`, entries.length > 0);
  emit(`matrix-${name}`, JSON.stringify({ include: entries }));
  emit(`merge-matrix-${name}`, JSON.stringify(mergeMatrix(entries)));
}

(async () => {
  const changedFiles = await changedFilesOf();
  const runAll = changedFiles === null;
  const { filtered, filteredDarwin, changedBackends } = runAll
    ? { filtered: includes, filteredDarwin: includesDarwin, changedBackends: null }
    : filterMatrix({
        includes, includesDarwin, changedFiles, previousMatrix: await previousMatrixOf(changedFiles),
      });

  emit("run-all", runAll);
  emitMatrix("multiarch", filtered.filter(item => item["platform-tag"]));
  const single = filtered.filter(item => !item["platform-tag"]);
  const size = Math.ceil(single.length / SINGLEARCH_SHARDS);
  for (let n = 0; n < SINGLEARCH_SHARDS; n++) {
    emitMatrix(`singlearch-${n + 1}`, single.slice(n * size, (n + 1) * size));
  }
  emit("has-backends-darwin", filteredDarwin.length > 0);
  emit("matrix-darwin", JSON.stringify({ include: filteredDarwin }));
  for (const backend of getAllBackendPaths(includes, includesDarwin).keys()) {
    emit(backend, runAll || changedBackends.has(backend));
  }
})();
