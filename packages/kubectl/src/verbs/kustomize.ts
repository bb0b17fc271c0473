/** Prints what a kustomization builds. */
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toYaml } from "@kubets/machinery/yaml";
import { UsageError } from "../errors.ts";
import { type JsonObject, nameOf, textAt } from "../json.ts";
import { kustomize as build } from "../kustomize/build.ts";
import { defineVerb } from "../verb.ts";
import { text } from "./flags.ts";

export const kustomize = defineVerb({
  name: "kustomize",
  summary: "Print what a kustomization builds",
  usage: "DIR [flags]",
  examples: ["kubectl kustomize overlays/test"],
  flags: { output: text({ help: "A file to write to, or a folder for a file of each object.", short: "o" }) },
  async run(session, { flags, args }) {
    if (args.length > 1) throw new UsageError("specify one path to kustomization.yaml");
    const objects = await build(args[0] ?? ".");
    const all = objects.map((object) => toYaml(object)).join("---\n");
    if (!flags.output) return session.io.output(all);
    const isFolder = (await stat(flags.output).catch(() => undefined))?.isDirectory();
    if (!isFolder) return writeFile(flags.output, all);
    for (const object of objects) await writeFile(join(flags.output, fileName(object)), toYaml(object));
  },
});

/** "apps_v1_deployment_web.yaml". */
function fileName(object: JsonObject): string {
  const apiVersion = textAt(object, "apiVersion").replaceAll("/", "_");
  return `${[apiVersion, textAt(object, "kind"), nameOf(object)].join("_").toLowerCase()}.yaml`;
}
