/** Puts objects of files in the place of those that are there; by force, after deleting them. */
import { isReason } from "@kubets/machinery/status-error";
import { createObject, deleteObject, replaceObject } from "../api/write.ts";
import { lastApplied, withLastApplied } from "../apply/last-applied.ts";
import { asError, throwAll, UsageError, whileDoing } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { kindText } from "../resources/mapper.ts";
import { type Info, select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { waitGone } from "../wait/gone.ts";
import {
  bool,
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  fieldValidationOf,
  fileFlags,
  int,
  outputFlags,
  propagationOf,
  saveConfigFlag,
  text,
  timeoutFlag,
  validateFlag,
  WEEK_MS,
} from "./flags.ts";
import { rawFlag, sendRaw } from "./raw.ts";

export const replace = defineVerb({
  name: "replace",
  summary: "Put objects of files in the place of those that are there",
  usage: "-f FILENAME [flags]",
  flags: {
    ...fileFlags,
    ...outputFlags,
    ...dryRunFlag,
    ...validateFlag,
    ...saveConfigFlag,
    ...fieldManagerFlag("kubectl-replace"),
    ...timeoutFlag("How long to wait for objects to go, with --force."),
    force: bool({ help: "Delete the objects and create them anew." }),
    "grace-period": int({ help: "Seconds that objects are given to end, with --force.", default: -1 }),
    cascade: text({ help: "background, foreground or orphan, with --force.", default: "background" }),
    ...rawFlag,
    wait: bool({ help: "With --force: wait until the objects are gone. They are always waited for." }),
    subresource: text({ help: "Replace a part of it: status, scale, resize." }),
  },
  async run(session, { flags, args }) {
    if (flags.raw) return sendRaw(session, "PUT", flags.raw, flags.filename);
    if (args.length > 0) throw new UsageError(`Unexpected args: [${args.join(" ")}]`);
    if (flags.filename.length === 0) throw new UsageError("must specify --filename to replace");
    if (flags["grace-period"] >= 0 && !flags.force) throw new UsageError("--grace-period must have --force specified");
    if (flags.force && flags["dry-run"] !== "none")
      throw new UsageError("--dry-run can not be used when --force is set");
    const dryRun = dryRunOf(flags["dry-run"]);
    const api = await session.api();
    const tell = await resultPrinter(session, flags);
    const { infos, errors } = await select(api, {
      verb: "replace",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      local: true,
    });
    const failures = [...errors];
    const options = {
      dryRun,
      fieldManager: flags["field-manager"],
      fieldValidation: fieldValidationOf(flags.validate),
      subresource: flags.subresource,
    };
    if (flags.force) for (const info of infos) await remove(info);
    for (const info of infos) {
      const { name, source = "" } = info;
      try {
        const object = kept(info.object);
        if (flags.force) tell(info, await createObject(api, info, object, options), "replaced", dryRun);
        else if (dryRun === "client") tell(info, object, "replaced", dryRun);
        else if (name === "") throw new UsageError(`resource name may not be empty`);
        else tell(info, await replaceObject(api, info, object, options), "replaced", dryRun);
      } catch (error) {
        failures.push(whileDoing(asError(error), `error when replacing ${JSON.stringify(source)}`));
      }
    }
    throwAll(failures);

    function kept(object: JsonObject): JsonObject {
      return flags["save-config"] || lastApplied(object) ? withLastApplied(object) : object;
    }

    async function remove(info: Info): Promise<void> {
      try {
        await deleteObject(api, info, {
          propagationPolicy: propagationOf(flags.cascade),
          ...(flags["grace-period"] >= 0 && { gracePeriodSeconds: flags["grace-period"] }),
        });
      } catch (error) {
        if (!isReason(error, "NotFound")) throw error;
        return;
      }
      session.line(`${kindText(info.resource)} ${JSON.stringify(info.name)} deleted`);
      await waitGone(session, api, [info], flags.timeout || WEEK_MS);
    }
  },
});
