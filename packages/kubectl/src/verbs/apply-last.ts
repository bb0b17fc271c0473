/** Shows, changes and sets what client-side apply remembers in objects. */
import { jsonText } from "@kubets/machinery/json-text";
import { patchObject } from "../api/write.ts";
import { LAST_APPLIED, lastApplied, withoutLastApplied } from "../apply/last-applied.ts";
import { editObject } from "../edit/edit-object.ts";
import { throwAll, UsageError } from "../errors.ts";
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

const annotationFor = (applied: JsonObject): string =>
  `${jsonText(withoutEmptyAnnotations(withoutLastApplied(applied)))}\n`;

/** A patch that lets an object remember that `applied` was applied. */
const patchFor = (applied: JsonObject): JsonObject => ({
  metadata: { annotations: { [LAST_APPLIED]: annotationFor(applied) } },
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
      // A printer for each: there is nothing between them.
      const print = await printerFor(flags.output, { indent: 2 }, ["yaml", "json"]);
      if (applied) session.io.output(print?.(applied) ?? "");
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
    ...fieldManagerFlag("kubectl-client-side-apply"),
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
    throwAll(errors);
    const changed: { info: Info; live: JsonObject }[] = [];
    for (const info of infos) {
      const live = await differing(info);
      if (live) changed.push({ info, live });
    }
    for (const { info, live } of changed) {
      const write = () => patchObject(api, infoOf(info.resource, live), "merge", patchFor(info.object), { dryRun });
      tell(info, dryRun === "client" ? info.object : await write(), "configured", dryRun);
    }

    /** The live object, if it remembers something else. */
    async function differing(info: Info): Promise<JsonObject | undefined> {
      const { infos: live, errors: problems } = await select(api, {
        verb: "apply",
        args: [`${info.resource.resource}.${info.resource.version}.${info.resource.group}`, info.name],
      });
      throwAll(problems);
      const object = live[0]?.object ?? {};
      const before = mapAt(object, "metadata", "annotations")[LAST_APPLIED];
      if (!before && !flags["create-annotation"])
        throw new UsageError(
          `no last-applied-configuration annotation found on resource: ${info.name}, to create the annotation, run the command with --create-annotation`,
        );
      if (before !== annotationFor(info.object)) return object;
      session.line(`set-last-applied ${info.name}: no changes required.`);
      return undefined;
    }
  },
});
