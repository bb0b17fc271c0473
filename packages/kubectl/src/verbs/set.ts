/** Changes images of what runs containers. */
import { patchObject } from "../api/write.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { type JsonObject, listAt, textAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { type Info, select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { bool, dryRunFlag, dryRunOf, fieldManagerFlag, fileFlags, outputFlags, selectorFlag } from "./flags.ts";
import { env } from "./set-env.ts";
import { resources, selector, serviceaccount, subject } from "./set-parts.ts";
import { podSpecPath } from "./set-workload.ts";

const image = defineVerb({
  name: "image",
  summary: "Change the images of containers",
  usage: "(-f FILE | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [flags]",
  examples: ["kubectl set image deployment/web web=web:2"],
  flags: {
    ...fileFlags,
    ...selectorFlag,
    ...outputFlags,
    ...dryRunFlag,
    ...fieldManagerFlag("kubectl-set"),
    all: bool({ help: "All objects of the type." }),
  },
  async run(session, { flags, args }) {
    const dryRun = dryRunOf(flags["dry-run"]);
    const images = Object.fromEntries(
      args.filter((arg) => arg.includes("=")).map((arg) => arg.split(/=(.*)/s).slice(0, 2) as [string, string]),
    );
    if (Object.keys(images).length === 0) throw new UsageError("at least one image update is required");
    const api = await session.api();
    const tell = await resultPrinter(session, { ...flags, typed: true });
    const { infos, errors } = await select(api, {
      verb: "set image",
      args: args.filter((arg) => !arg.includes("=")),
      files: flags.filename,
      recursive: flags.recursive,
      selector: flags.selector,
      all: flags.all,
    });
    const failures = [...errors];
    for (const info of infos) {
      try {
        const patch = patchOf(info);
        if (!patch) continue;
        const after =
          dryRun === "client"
            ? info.object
            : await patchObject(api, info, "strategic", patch, { dryRun, fieldManager: flags["field-manager"] });
        tell(info, after, "image updated", dryRun);
      } catch (error) {
        failures.push(asError(error));
      }
    }
    throwAll(failures);

    function patchOf(info: Info): JsonObject | undefined {
      const path = podSpecPath(info);
      const spec: JsonObject = {};
      const missing = new Set(Object.keys(images).filter((name) => name !== "*"));
      let changed = false;
      for (const field of ["initContainers", "containers"]) {
        const changes = listAt(info.object, ...path, field).flatMap((container) => {
          const name = textAt(container, "name");
          missing.delete(name);
          const wanted = images[name] ?? images["*"];
          return wanted === undefined || wanted === textAt(container, "image") ? [] : [{ name, image: wanted }];
        });
        if (changes.length > 0) spec[field] = changes;
        changed ||= changes.length > 0;
      }
      if (missing.size > 0)
        throw new UsageError(
          [...missing].map((name) => `unable to find container named ${JSON.stringify(name)}`).join("\n"),
        );
      if (!changed) return undefined;
      return path.reduceRight<JsonObject>((inner, key) => ({ [key]: inner }), spec);
    }
  },
});

export const set = defineVerb({
  name: "set",
  summary: "Change parts of objects",
  subcommands: [env, image, resources, selector, serviceaccount, subject],
});
