// What release-please proposes for a directory: its own code, with a stand-in for GitHub.
//
// Usage: node release-please.mjs MODULES DIRECTORY CHANGED-FILE. Prints JSON: the new
// content of each file of the pull request, after one commit "feat:" to CHANGED-FILE.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, directory, changed] = process.argv.slice(2);
const require = createRequire(join(modules, "index.js"));
const { Manifest, Errors } = require("release-please");
const { FileNotFoundError } = require("release-please/build/src/errors");

const quiet = () => {};
require("release-please").setLogger({
  error: console.error, warn: console.error, info: quiet, debug: quiet, trace: quiet,
});

function read(path) {
  try {
    return readFileSync(join(directory, path), "utf8");
  } catch (error) {
    if (error.code === "ENOENT") throw new FileNotFoundError(path);
    throw error;
  }
}

async function* nothing() {}
async function* commits() {
  yield { sha: "2".repeat(40), message: "feat: something new", files: [changed] };
}

const github = {
  repository: { owner: "octo", repo: "mono", defaultBranch: "main" },
  getFileJson: async (path) => JSON.parse(read(path)),
  getFileContentsOnBranch: async (path) => {
    const parsedContent = read(path);
    const content = Buffer.from(parsedContent).toString("base64");
    return { parsedContent, content, sha: "0".repeat(40), mode: "100644" };
  },
  findFilesByGlobAndRef: async () => [],
  findFilesByFilenameAndRef: async () => [],
  mergeCommitIterator: commits,
  releaseIterator: nothing,
  tagIterator: nothing,
  pullRequestIterator: nothing,
};

const manifest = await Manifest.fromManifest(github, "main");
const written = {};
for (const pull of await manifest.buildPullRequests()) {
  for (const { path, updater, createIfMissing } of pull.updates) {
    let old = written[path];
    try {
      old ??= read(path);
    } catch (error) {
      if (!createIfMissing) continue;
    }
    written[path] = updater.updateContent(old);
  }
}
console.log(JSON.stringify(written));
