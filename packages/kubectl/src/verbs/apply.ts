/** Makes the cluster's objects as files say: creates what is missing, changes what differs. */
import { deleteObject } from "../api/write.ts";
import { applyObject } from "../apply/apply-object.ts";
import { prune } from "../apply/prune.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { listOf } from "../get/objects.ts";
import { type JsonObject, textAt } from "../json.ts";
import { OBJECT_FORMS, printerFor } from "../print/printer.ts";
import { resultPrinter } from "../print/result.ts";
import { type Info, select } from "../resources/select.ts";
import { labelSelectorOfText } from "../resources/selector.ts";
import { defineVerb } from "../verb.ts";
import { waitGone } from "../wait/gone.ts";
import { editLastApplied, setLastApplied, viewLastApplied } from "./apply-last.ts";
import {
  bool,
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  fieldValidationOf,
  fileFlags,
  int,
  list,
  outputFlags,
  propagationOf,
  selectorFlag,
  text,
  timeoutFlag,
  validateFlag,
  WEEK_MS,
} from "./flags.ts";

export const apply = defineVerb({
  name: "apply",
  summary: "Make objects as files say",
  usage: "-f FILE [flags]",
  examples: ["kubectl apply -f web.yaml", "cat pod.json | kubectl apply -f -", "kubectl apply --server-side -f crds/"],
  flags: {
    ...fileFlags,
    ...outputFlags,
    ...selectorFlag,
    ...dryRunFlag,
    ...validateFlag,
    ...fieldManagerFlag("kubectl-client-side-apply"),
    "server-side": bool({ help: "Let the server merge, by who owns which field." }),
    "force-conflicts": bool({ help: "With --server-side: take over fields that others own." }),
    prune: bool({ help: "Delete what was applied before by the same selector and is in the files no more." }),
    "prune-allowlist": list({ help: "With --prune: only these kinds, GROUP/VERSION/KIND." }),
    all: bool({ help: "With --prune: among all objects, whatever their labels." }),
    force: bool({ help: "Delete and create anew what cannot be changed." }),
    "grace-period": int({
      help: "With --force or --prune: seconds to shut down in; -1 for the object's own.",
      default: -1,
    }),
    cascade: text({ help: "With --force or --prune: background, orphan or foreground.", default: "background" }),
    wait: bool({ help: "With --force or --prune: wait until what is deleted is gone." }),
    ...timeoutFlag("With --force or --prune: how long to wait until objects are gone; 0 for as long as it takes."),
    "openapi-patch": bool({
      help: "Make patches by what the server tells of kinds. They are made by tables.",
      default: true,
      hidden: true,
    }),
    subresource: text({ help: "Apply to a part of the object: status, scale, resize." }),
    overwrite: bool({ help: "Resolve conflicts by what the file says.", default: true }),
  },
  subcommands: [editLastApplied, setLastApplied, viewLastApplied],
  async run(session, { flags, args, given }) {
    if (args.length > 0)
      throw new UsageError(`Unexpected args: [${args.join(" ")}]\nSee 'kubectl apply -h' for help and examples`);
    if (flags.filename.length === 0) throw new UsageError("must specify one of -f and -k");
    const dryRun = dryRunOf(flags["dry-run"]);
    const serverSide = flags["server-side"];
    if (flags["force-conflicts"] && !serverSide)
      throw new UsageError("--force-conflicts only works with --server-side");
    if (dryRun === "client" && serverSide)
      throw new UsageError("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
    if (flags.force && serverSide) throw new UsageError("--force cannot be used with --server-side");
    if (flags.force && dryRun === "server") throw new UsageError("--dry-run=server cannot be used with --force");
    if (flags.prune && flags.selector === "" && !flags.all)
      throw new UsageError(
        "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector",
      );
    const api = await session.api();
    const tell = await resultPrinter(session, flags);
    const whole =
      flags.output !== "" && flags.output !== "name"
        ? await printerFor(
            flags.output,
            { template: flags.template, showManagedFields: flags["show-managed-fields"] },
            [...OBJECT_FORMS],
          )
        : undefined;
    const { infos, errors } = await select(api, {
      verb: "apply",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      local: true,
    });
    const propagationPolicy = propagationOf(flags.cascade);
    const grace = flags["grace-period"] >= 0 ? { gracePeriodSeconds: flags["grace-period"] } : {};
    const matches = labelSelectorOfText(flags.selector);
    const failures: Error[] = [...errors];
    const objects: JsonObject[] = [];
    const uids = new Set<string>();
    for (const info of infos.filter(({ object }) => matches(object))) {
      try {
        const { object, did } = await applyObject(api, info, {
          dryRun,
          serverSide,
          forceConflicts: flags["force-conflicts"],
          overwrite: flags.overwrite,
          fieldManager: serverSide && !given.has("field-manager") ? "kubectl" : flags["field-manager"],
          fieldValidation: fieldValidationOf(flags.validate),
          subresource: flags.subresource,
          ...(flags.force && { replace: (live: Info) => removed(live) }),
          warn: (warning) => session.note(warning),
        });
        uids.add(textAt(object, "metadata", "uid"));
        if (whole) objects.push(object);
        else tell(info, object, did, dryRun);
      } catch (error) {
        failures.push(asError(error));
      }
    }
    if (whole && objects.length > 0)
      session.io.output(
        whole(objects.length === 1 && infos.length === 1 ? (objects[0] as JsonObject) : listOf(objects)),
      );
    if (
      infos.length > 0 &&
      objects.length === 0 &&
      failures.length === 0 &&
      !infos.some(({ object }) => matches(object))
    )
      throw new UsageError("no objects passed to apply");
    // What could not be applied could be among what is not there yet: nothing is taken away then.
    if (flags.prune && failures.length === 0)
      await prune(session, api, {
        selector: flags.selector,
        allowlist: flags["prune-allowlist"],
        dryRun,
        applied: infos,
        uids,
        deletion: { propagationPolicy, ...grace },
        ...(flags.wait && { gone: (info: Info) => waitGone(session, api, [info], flags.timeout || WEEK_MS) }),
      });
    throwAll(failures);

    async function removed(info: Info): Promise<void> {
      await deleteObject(api, info, { propagationPolicy, ...grace });
      await waitGone(session, api, [info], flags.timeout || WEEK_MS);
    }
  },
});
