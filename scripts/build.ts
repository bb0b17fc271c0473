/** `npm run build`: bundles the program into packages/kubets/dist, as it is published: few files, quick to start. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PACKED_TEXTS } from "@kubets/apiserver/nonresource/openapi/texts";
import { rolldown } from "rolldown";
import { buildDashboard } from "./dashboard.ts";
import { exerciseBundle } from "./exercise-bundle.ts";
import { packedTexts } from "./openapi-texts.ts";

const root = join(import.meta.dirname, "..");

/** What runs when it is loaded. */
const PROGRAMS = {
  main: "packages/kubets/src/main.ts",
  // Threads are started by file name, beside the chunk that starts them.
  "storage-worker": "packages/storage/src/embedded/worker.ts",
  "long-work-worker": "packages/apiserver/src/long-work/worker.ts",
  "admission-plugin-worker": "packages/apiserver/src/admission/user-plugins/worker.ts",
  "namespace-worker": "packages/sandbox/src/namespaces/ffi-worker.ts",
  "namespace-program": "packages/sandbox/src/namespaces/nsenter-program.ts",
};

export async function build(dist = join(root, "packages/kubets/dist")): Promise<string> {
  rmSync(dist, { recursive: true, force: true });
  const bundle = await rolldown({
    cwd: root,
    platform: "node",
    input: { ...PROGRAMS, index: "packages/kubets/src/index.ts" },
    treeshake: true,
  });
  await bundle.write({
    dir: dist,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    minify: false,
    sourcemap: false,
  });
  await bundle.close();
  writeFileSync(join(dist, PACKED_TEXTS), await packedTexts());
  await buildDashboard(join(dist, "dashboard"));
  const programs = Object.keys(PROGRAMS).map((name) => `${name}.js`);
  const program = join(import.meta.dirname, "compile-bundle.ts");
  execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", program, dist, ...programs]);
  await exerciseBundle(dist);
  return dist;
}

if (import.meta.main) console.log(`built into ${await build()}`);
