/** Shows, changes and sets what client-side apply remembers in objects. */
import { jsonText } from "@kubets/machinery/json-text";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { patchObject } from "../api/write.ts";
import { LAST_APPLIED, lastApplied, withoutLastApplied } from "../apply/last-applied.ts";
import { editObject } from "../edit/edit-object.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { type JsonObject, mapAt, nameOf, textAt } from "../json.ts";
import { printerFor } from "../print/printer.ts";
import { resultPrinter } from "../print/result.ts";
import { type Info, infoOf, select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { windowsLineEndingsFlag } from "./edit.ts";
import {
  bool,
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  fileFlags,
  list,
  outputFlags,
  selectorFlag,
  text,
  validateFlag,
} from "./flags.ts";

/** A patch that sets the annotation of an object to what would have written `applied`. */
const patchFor = (applied: JsonObject): JsonObject => ({
  metadata: { annotations: { [LAST_APPLIED]: `${jsonText(withoutEmptyAnnotations(withoutLastApplied(applied)))}\n` } },
});

export const viewLastApplied = defineVerb({
  name: "view-last-applied",
  summary: "Show what was last applied to objects",
  usage: "(TYPE NAME | TYPE/NAME | -f FILE) [flags]",
  flags: {
    ...fileFlags,
    ...selectorFlag,
    all: bool({ help: "All objects of the type." }),
    output: text({ help: "yaml or json.", short: "o", default: "yaml" }),
  },
  async run(session, { flags, args }) {
    const api = await session.api();
    const print = await printerFor(flags.output, { indent: 2 }, ["yaml", "json"]);
    const { infos, errors } = await select(api, {
      verb: "apply",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      selector: flags.selector,
      all: true,
    });
    for (const { object } of infos) {
      const applied = lastApplied(object);
      if (applied) session.io.output(print?.(withoutEmptyAnnotations(applied)) ?? "");
    }
    throwAll(errors);
  },
});

/** The empty map that apply adds is none of the file's. */
function withoutEmptyAnnotations(applied: JsonObject): JsonObject {
  if (Object.keys(mapAt(applied, "metadata", "annotations")).length > 0) return applied;
  const { annotations: _, ...metadata } = applied.metadata as JsonObject;
  return { ...applied, metadata };
}

export const editLastApplied = defineVerb({
  name: "edit-last-applied",
  summary: "Change in an editor what was last applied to objects",
  usage: "(TYPE NAME | TYPE/NAME | -f FILE) [flags]",
  flags: {
    ...fileFlags,
    ...outputFlags,
    ...validateFlag,
    ...fieldManagerFlag("kubectl-last-applied"),
    ...windowsLineEndingsFlag,
  },
  async run(session, { flags, args }) {
    const api = await session.api();
    const tell = await resultPrinter(session, { output: "" });
    const { infos, errors } = await select(api, {
      verb: "apply",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      all: true,
    });
    throwAll(errors);
    for (const info of infos) {
      const applied = lastApplied(info.object);
      if (!applied)
        throw new UsageError(
          "no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`",
        );
      const options = { output: flags.output, windowsLineEndings: flags["windows-line-endings"] };
      await editObject(session, withoutEmptyAnnotations(applied), options, async (after) => {
        if (nameOf(after) !== info.name || textAt(after, "kind") !== info.resource.kind)
          throw new UsageError("At least one of apiVersion, kind and name was changed");
        const answer = await patchObject(api, info, "merge", patchFor(after), { fieldManager: flags["field-manager"] });
        tell(info, answer, "edited");
      });
    }
  },
});

export const setLastApplied = defineVerb({
  name: "set-last-applied",
  summary: "Let objects remember files as what was last applied",
  usage: "-f FILE [flags]",
  flags: {
    ...outputFlags,
    ...dryRunFlag,
    filename: list({ help: "Files with what was applied.", short: "f" }),
    "create-annotation": bool({ help: "Also where nothing is remembered yet." }),
  },
  async run(session, { flags, args }) {
    const dryRun = dryRunOf(flags["dry-run"]);
    const tell = await resultPrinter(session, flags);
    const api = await session.api();
    const { infos, errors } = await select(api, { verb: "apply", args, files: flags.filename, local: true });
    const failures = [...errors];
    for (const info of infos)
      await set(info).catch((error: unknown) => {
        failures.push(asError(error));
      });
    throwAll(failures);

    async function set(info: Info): Promise<void> {
      const { infos: live, errors: problems } = await select(api, {
        verb: "apply",
        args: [`${info.resource.resource}.${info.resource.version}.${info.resource.group}`, info.name],
      });
      throwAll(problems);
      const object = live[0]?.object ?? {};
      const before = lastApplied(object);
      if (!before && !flags["create-annotation"])
        throw new UsageError(
          `no last-applied-configuration annotation found on resource: ${info.name}, to create the annotation, run the command with --create-annotation`,
        );
      if (before && deepEqual(withoutLastApplied(before), withoutLastApplied(info.object)))
        return session.line(`set-last-applied ${info.name}: no changes required.`);
      const patch = patchFor(info.object);
      const after =
        dryRun === "client"
          ? info.object
          : await patchObject(api, infoOf(info.resource, object), "merge", patch, { dryRun });
      tell(info, after, "configured", dryRun);
    }
  },
});
