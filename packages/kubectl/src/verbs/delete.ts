/**
 * Deletes objects by file, name or selector, and waits until they are gone.
 * Holds: each deletion is told when the server took it; waiting comes after the last.
 */
import { isReason } from "@kubets/machinery/status-error";
import { deleteObject } from "../api/write.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { textAt } from "../json.ts";
import { kindText } from "../resources/mapper.ts";
import { type Info, select } from "../resources/select.ts";
import type { Session } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { waitGone } from "../wait/gone.ts";
import {
  allNamespacesFlag,
  bool,
  dryRunFlag,
  dryRunOf,
  dryRunText,
  fileFlags,
  int,
  optionalText,
  propagationOf,
  selectionOf,
  selectorFlag,
  text,
  timeoutFlag,
  WEEK_MS,
} from "./flags.ts";
import { rawFlag, sendRaw } from "./raw.ts";

async function confirmed(session: Session, infos: readonly Info[]): Promise<boolean> {
  session.line(`You are about to delete the following ${infos.length} resource(s):`);
  for (const { resource, name } of infos) session.line(`${kindText(resource)}/${name}`);
  session.io.output("Do you want to continue? (y/N): ");
  return /^y(es)?$/i.test(await session.answer());
}

export const deleteVerb = defineVerb({
  name: "delete",
  summary: "Delete objects by file, name or selector",
  usage: "(-f FILE | TYPE [NAME | -l label | --all]) [flags]",
  examples: ["kubectl delete -f web.yaml", "kubectl delete pod,svc web", "kubectl delete pods -l app=web --wait=false"],
  flags: {
    ...fileFlags,
    ...selectorFlag,
    ...allNamespacesFlag,
    ...dryRunFlag,
    ...timeoutFlag("How long to wait until objects are gone; 0 for as long as it takes."),
    "field-selector": text({ help: "Field selector." }),
    all: bool({ help: "All objects of the type in the namespace." }),
    cascade: optionalText(
      text({ help: 'What happens to dependents: "background", "orphan", "foreground".', default: "background" }),
      "background",
    ),
    force: bool({ help: "With --grace-period=0: let go of the object at once." }),
    "grace-period": int({ help: "Seconds to shut down in; -1 for the object's own.", default: -1 }),
    "ignore-not-found": bool({ help: "It is no error when an object is missing." }),
    now: bool({ help: "Shut down within a second." }),
    wait: bool({ help: "Wait until the objects are gone.", default: true }),
    interactive: bool({ help: "Ask before anything is deleted.", short: "i" }),
    ...rawFlag,
    output: text({ help: '"name" for names only.', short: "o" }),
  },
  async run(session, { flags, args, given }) {
    if (flags.raw) return sendRaw(session, "DELETE", flags.raw, flags.filename);
    const dryRun = dryRunOf(flags["dry-run"]);
    const propagationPolicy = propagationOf(flags.cascade);
    if (flags.now && given.has("grace-period"))
      throw new UsageError("--now and --grace-period cannot be specified together");
    const grace = flags.now ? 1 : flags["grace-period"];
    if (flags.all && flags.selector) throw new UsageError("setting 'all' parameter but found a non empty selector. ");
    const api = await session.api();
    if (flags.force && grace === 0)
      session.note(
        "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.",
      );
    const bySelector = flags.all || flags.selector !== "" || flags["field-selector"] !== "";
    const { infos, errors } = await select(api, {
      verb: "delete",
      args,
      ...selectionOf(flags),
      all: flags.all,
      local: !bySelector,
    });
    if (flags.interactive && infos.length > 0 && !(await confirmed(session, infos)))
      return session.line("deletion is cancelled");
    const failures = [...errors];
    const deleted: (Info & { uid: string })[] = [];
    const ignores = flags["ignore-not-found"] || bySelector;
    for (const info of infos) {
      try {
        const uid = dryRun === "client" ? "" : await remove(info);
        deleted.push({ ...info, uid });
        session.line(flags.output === "name" ? `${kindText(info.resource)}/${info.name}` : told(info));
      } catch (error) {
        if (!(ignores && isReason(error, "NotFound"))) failures.push(asError(error));
      }
    }
    if (infos.length === 0 && failures.length === 0 && !flags["ignore-not-found"]) session.line("No resources found");
    if (flags.wait && dryRun === "none") {
      const timeoutMs = flags.timeout === 0 ? WEEK_MS : flags.timeout;
      await waitGone(session, api, deleted, timeoutMs).catch((error: unknown) => failures.push(asError(error)));
    }
    throwAll(failures);

    async function remove(info: Info): Promise<string> {
      const answer = await deleteObject(api, info, {
        propagationPolicy,
        ...(grace >= 0 && { gracePeriodSeconds: grace }),
        dryRun,
      });
      return textAt(answer, "details", "uid") || textAt(answer, "metadata", "uid");
    }

    function told(info: Info): string {
      const how = flags.force && grace === 0 ? "force deleted" : "deleted";
      const where = info.namespace ? ` from ${info.namespace} namespace` : "";
      return `${kindText(info.resource)} ${JSON.stringify(info.name)} ${how}${where}${dryRunText(dryRun)}`;
    }
  },
});
