/** What `label` and `annotate` share: they change one map in the metadata of objects. */
import { patchObject } from "../api/write.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { type JsonObject, mapAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { kindText } from "../resources/mapper.ts";
import { splitPairs } from "../resources/pairs.ts";
import { type Info, select } from "../resources/select.ts";
import { defineVerb, type Verb } from "../verb.ts";
import {
  allNamespacesFlag,
  bool,
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  fileFlags,
  localFlag,
  outputFlags,
  overwriteFlag,
  selectionOf,
  selectorFlag,
  text,
} from "./flags.ts";

interface MapVerb {
  readonly name: string;
  readonly what: "label" | "annotation";
  readonly field: "labels" | "annotations";
  readonly summary: string;
  /** What was done, by the map before and what was set and removed. */
  did(change: Change): string;
  /** The error for values that are there already. */
  taken(taken: readonly string[]): string;
}

interface Change {
  readonly before: Readonly<Record<string, string>>;
  readonly set: Readonly<Record<string, string>>;
  readonly removed: readonly string[];
}

export const mapVerb = (spec: MapVerb): Verb =>
  defineVerb({
    name: spec.name,
    summary: spec.summary,
    usage: "(-f FILE | TYPE NAME) KEY_1=VAL_1 ... KEY_N- [flags]",
    examples: [`kubectl ${spec.name} pods web ${spec.what === "label" ? "tier=front" : "note='seen'"}`],
    flags: {
      ...fileFlags,
      ...selectorFlag,
      ...allNamespacesFlag,
      ...outputFlags,
      ...dryRunFlag,
      ...overwriteFlag,
      ...localFlag,
      ...fieldManagerFlag(`kubectl-${spec.name}`),
      all: bool({ help: "All objects of the type." }),
      "field-selector": text({ help: "Field selector." }),
      list: bool({ help: "Show what there is." }),
      "resource-version": text({ help: "Only if the object has this version." }),
    },
    async run(session, { flags, args }) {
      const dryRun = dryRunOf(flags["dry-run"]);
      const fromFiles = flags.filename.length > 0;
      const { names, set, remove } = splitPairs(fromFiles ? ["", ...args] : args, spec.what);
      if (Object.keys(set).length + remove.length === 0 && !flags.list)
        throw new UsageError(`at least one ${spec.what} update is required`);
      const api = await session.api();
      const tell = await resultPrinter(session, flags);
      const { infos, errors, single } = await select(api, {
        verb: spec.name,
        args: fromFiles ? [] : names,
        ...selectionOf(flags),
        all: flags.all,
        local: flags.local,
      });
      const failures = [...errors];
      for (const info of infos) {
        try {
          await change(info);
        } catch (error) {
          failures.push(asError(error));
        }
      }
      throwAll(failures);

      async function change(info: Info): Promise<void> {
        const before = mapAt(info.object, "metadata", spec.field);
        if (flags.list) return listMap(before, info);
        const taken = Object.keys(set).filter((key) => before[key] !== undefined && before[key] !== set[key]);
        if (taken.length > 0 && !flags.overwrite)
          throw new UsageError(spec.taken(taken.map((key) => `'${key}' already has a value (${before[key]})`)));
        const removed = remove.filter((key) => before[key] !== undefined);
        if (spec.what === "label")
          for (const key of remove)
            if (before[key] === undefined) session.line(`label ${JSON.stringify(key)} not found.`);
        const did = spec.did({ before, set, removed });
        const patch: JsonObject = { ...set, ...Object.fromEntries(removed.map((key) => [key, null])) };
        const changed = Object.keys(set).some((key) => before[key] !== set[key]) || removed.length > 0;
        const local = flags.local || dryRun === "client" || !changed;
        const version = flags["resource-version"] && { resourceVersion: flags["resource-version"] };
        const after = local
          ? changedLocally(info.object, spec.field, { before, set, removed })
          : await patchObject(
              api,
              info,
              "merge",
              { metadata: { ...version, [spec.field]: patch } },
              { dryRun, fieldManager: flags["field-manager"] },
            );
        tell(info, after, did, dryRun);
      }

      function listMap(map: Readonly<Record<string, string>>, info: Info): void {
        const lines = Object.keys(map)
          .sort()
          .map((key) => `${key}=${map[key]}`);
        if (!single) session.line(`Listing ${spec.field} for ${kindText(info.resource)}/${info.name}:`);
        for (const line of lines) session.line(single ? line : ` ${line}`);
      }
    },
  });

const without = (map: Readonly<Record<string, string>>, keys: readonly string[]) =>
  Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));

function changedLocally(object: JsonObject, field: string, { before, set, removed }: Change): JsonObject {
  const after = without({ ...before, ...set }, removed);
  return { ...object, metadata: { ...(object.metadata as JsonObject), [field]: after } };
}
