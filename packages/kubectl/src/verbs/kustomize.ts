/** Prints what a kustomization builds. */
import { toYaml } from "@kubets/machinery/yaml";
import { UsageError } from "../errors.ts";
import { kustomize as build } from "../kustomize/build.ts";
import { defineVerb } from "../verb.ts";

export const kustomize = defineVerb({
  name: "kustomize",
  summary: "Print what a kustomization builds",
  usage: "DIR [flags]",
  examples: ["kubectl kustomize overlays/test"],
  async run(session, { args }) {
    if (args.length > 1) throw new UsageError("specify one path to kustomization.yaml");
    const objects = await build(args[0] ?? ".");
    session.io.output(objects.map((object) => toYaml(object)).join("---\n"));
  },
});
