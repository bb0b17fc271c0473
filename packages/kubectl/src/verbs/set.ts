/** Changes parts of what runs containers: images, variables, resources, accounts. */
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, textAt } from "../json.ts";
import { defineVerb } from "../verb.ts";
import { env } from "./set-env.ts";
import { resources, selector, serviceaccount, subject } from "./set-parts.ts";
import { changeAll, withPodSpec, workloadFlags } from "./set-workload.ts";

const image = defineVerb({
  name: "image",
  summary: "Change the images of containers",
  usage: "(-f FILE | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [flags]",
  examples: ["kubectl set image deployment/web web=web:2"],
  flags: workloadFlags,
  run(session, { flags, args }) {
    const images = Object.fromEntries(
      args.filter((arg) => arg.includes("=")).map((arg) => arg.split(/=(.*)/s).slice(0, 2) as [string, string]),
    );
    if (Object.keys(images).length === 0) throw new UsageError("at least one image update is required");
    return changeAll(
      session,
      flags,
      args.filter((arg) => !arg.includes("=")),
      {
        verb: "set image",
        did: "image updated",
        change: (info) => withPodSpec(info, (spec) => withImages(spec, images)),
      },
    );
  },
});

function withImages(spec: JsonObject, images: Readonly<Record<string, string>>): JsonObject {
  const missing = new Set(Object.keys(images).filter((name) => name !== "*"));
  const changed = { ...spec };
  for (const field of ["initContainers", "containers"]) {
    if (spec[field] === undefined) continue;
    changed[field] = listAt(spec, field).map((container) => {
      const name = textAt(container, "name");
      missing.delete(name);
      const wanted = images[name] ?? images["*"];
      return wanted === undefined ? container : { ...container, image: wanted };
    });
  }
  if (missing.size > 0)
    throw new UsageError(
      [...missing].map((name) => `unable to find container named ${JSON.stringify(name)}`).join("\n"),
    );
  return changed;
}

export const set = defineVerb({
  name: "set",
  summary: "Change parts of objects",
  subcommands: [env, image, resources, selector, serviceaccount, subject],
});
