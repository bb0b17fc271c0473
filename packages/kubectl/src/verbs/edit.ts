/** Opens objects in an editor, and writes what was changed. */
import { jsonText } from "@kubets/machinery/json-text";
import { isObject } from "@kubets/machinery/json-value";
import { patchObject } from "../api/write.ts";
import { lastApplied, withLastApplied } from "../apply/last-applied.ts";
import { structFor } from "../apply/struct.ts";
import { threeWayPatch } from "../apply/three-way.ts";
import { editObject } from "../edit/edit-object.ts";
import { throwAll, UsageError } from "../errors.ts";
import { listOf } from "../get/objects.ts";
import { type JsonObject, listAt, nameOf, textAt, withoutManagedFields } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { type Info, select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import {
  bool,
  fieldManagerFlag,
  fieldValidationOf,
  fileFlags,
  outputFlags,
  saveConfigFlag,
  text,
  validateFlag,
} from "./flags.ts";

export const windowsLineEndingsFlag = {
  "windows-line-endings": bool({ help: "Lines end as on Windows." }),
};

export const edit = defineVerb({
  name: "edit",
  summary: "Change objects in an editor",
  usage: "(TYPE NAME | TYPE/NAME | -f FILE) [flags]",
  flags: {
    ...fileFlags,
    ...outputFlags,
    ...fieldManagerFlag("kubectl-edit"),
    ...validateFlag,
    ...saveConfigFlag,
    ...windowsLineEndingsFlag,
    "output-patch": bool({ help: "Show the patch." }),
    subresource: text({ help: "Change a part of it." }),
  },
  async run(session, { flags, args }) {
    const api = await session.api();
    const tell = await resultPrinter(session, { output: "" });
    const { infos, errors } = await select(api, {
      verb: "edit",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      subresource: flags.subresource,
      all: true,
    });
    throwAll(errors);
    const clean = (object: JsonObject) => (flags["show-managed-fields"] ? object : withoutManagedFields(object));
    const before = infos.map(({ object }) => clean(object));
    if (before.length === 0) return session.note("edit cancelled, no objects found");
    const options = { output: flags.output, windowsLineEndings: flags["windows-line-endings"] };
    const [only] = before;
    await editObject(session, only && before.length === 1 ? only : listOf(before), options, async (after) => {
      const edited = before.length === 1 ? [after] : listAt(after, "items");
      for (const info of infos) await save(info, edited);
    });

    async function save(info: Info, edited: readonly JsonObject[]): Promise<void> {
      const old = clean(info.object);
      const changed = edited.find((each) => nameOf(each) === info.name && textAt(each, "kind") === textAt(old, "kind"));
      if (!isObject(changed) || textAt(changed, "apiVersion") !== textAt(old, "apiVersion"))
        throw new UsageError("At least one of apiVersion, kind and name was changed");
      const after = flags["save-config"] || lastApplied(info.object) ? keptConfig(changed) : changed;
      const struct = structFor(info.resource);
      const patch = threeWayPatch(old, after, old, struct);
      if (Object.keys(patch).length === 0) return tell(info, info.object, "skipped");
      if (flags["output-patch"]) session.line(`Patch: ${jsonText(patch)}`);
      const answer = await patchObject(api, info, struct ? "strategic" : "merge", patch, {
        fieldManager: flags["field-manager"],
        fieldValidation: fieldValidationOf(flags.validate),
        subresource: flags.subresource,
      });
      tell(info, answer, "edited");
    }

    function keptConfig(object: JsonObject): JsonObject {
      return flags["save-config"] ? withLastApplied(object) : object;
    }
  },
});
