/** Changes fields of objects by a patch of the caller. */
import { readFile } from "node:fs/promises";
import { applyJsonPatch, applyMergePatch } from "@kubets/machinery";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { parseYaml } from "@kubets/machinery/yaml";
import { patchObject } from "../api/write.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { type JsonObject, type JsonValue, textAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { dryRunFlag, dryRunOf, fieldManagerFlag, fileFlags, localFlag, outputFlags, text } from "./flags.ts";

export const patch = defineVerb({
  name: "patch",
  summary: "Change fields of an object",
  usage: "(-f FILE | TYPE NAME) [-p PATCH|--patch-file FILE] [flags]",
  examples: [`kubectl patch node n1 -p '{"spec":{"unschedulable":true}}'`],
  flags: {
    ...fileFlags,
    ...outputFlags,
    ...dryRunFlag,
    ...localFlag,
    ...fieldManagerFlag("kubectl-patch"),
    patch: text({ help: "The patch, JSON or YAML.", short: "p" }),
    "patch-file": text({ help: "A file with the patch." }),
    type: text({ help: "json, merge or strategic.", default: "strategic" }),
    subresource: text({ help: "Change a part of it: status, scale, resize." }),
  },
  async run(session, { flags, args }) {
    const dryRun = dryRunOf(flags["dry-run"]);
    const { type } = flags;
    if (type !== "json" && type !== "merge" && type !== "strategic")
      throw new UsageError(`--type must be one of [json merge strategic], not ${JSON.stringify(type)}`);
    if ((flags.patch === "") === (flags["patch-file"] === ""))
      throw new UsageError("must specify --patch or --patch-file containing the contents of the patch");
    const written = flags.patch || (await readFile(flags["patch-file"], "utf8"));
    let body: JsonValue;
    try {
      body = parseYaml(written);
    } catch (error) {
      throw new UsageError(`unable to parse ${JSON.stringify(written)}: ${asError(error).message}`);
    }
    const api = await session.api();
    const tell = await resultPrinter(session, flags);
    const { infos, errors } = await select(api, {
      verb: "patch",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      subresource: flags.subresource,
      local: flags.local,
    });
    const failures = [...errors];
    for (const info of infos) {
      try {
        const local = flags.local || dryRun === "client";
        const after = local
          ? patchedHere(info.object, type, body)
          : await patchObject(api, info, type, body, {
              dryRun,
              fieldManager: flags["field-manager"],
              subresource: flags.subresource,
            });
        const same = local
          ? deepEqual(after, info.object)
          : textAt(after, "metadata", "resourceVersion") === textAt(info.object, "metadata", "resourceVersion");
        tell(info, after, same ? "patched (no change)" : "patched", dryRun);
      } catch (error) {
        failures.push(asError(error));
      }
    }
    throwAll(failures);
  },
});

function patchedHere(object: JsonObject, type: string, body: JsonValue): JsonObject {
  if (type === "json") return applyJsonPatch(object, body as unknown[] as never) as JsonObject;
  return applyMergePatch(object, body) as JsonObject;
}
