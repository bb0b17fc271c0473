/** Rollouts of deployments, daemon sets and stateful sets: watch, look back, go back, restart, hold. */
import { deepEqual } from "@kubets/machinery/deep-equal";
import type { FlagSet } from "@kubets/machinery/flags";
import { formatTime } from "@kubets/machinery/time";
import { patchObject } from "../api/write.ts";
import { Lines } from "../describe/lines.ts";
import { templateLines } from "../describe/pod-template.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { nameOf, objectAt, textAt } from "../json.ts";
import { printerFor } from "../print/printer.ts";
import { resultPrinter } from "../print/result.ts";
import { alignTabs, DESCRIPTION } from "../print/tabs.ts";
import { kindText, resourceText } from "../resources/mapper.ts";
import { type Info, select } from "../resources/select.ts";
import { revisionsOf } from "../rollout/history.ts";
import { rolloutState } from "../rollout/status.ts";
import type { Api, Session } from "../session.ts";
import { defineVerb, type VerbRun } from "../verb.ts";
import { waitFor } from "../wait/watched.ts";
import {
  bool,
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  fileFlags,
  int,
  outputFlags,
  selectorFlag,
  timeoutFlag,
} from "./flags.ts";

type CommonRun = Pick<VerbRun<FlagSet>, "args"> & {
  readonly flags: { readonly filename: readonly string[]; readonly recursive: boolean; readonly selector: string };
};

/** Runs for each object named; what fails is told at the end. */
async function each(
  session: Session,
  verb: string,
  run: CommonRun,
  does: (info: Info, api: Api) => Promise<void>,
): Promise<void> {
  const api = await session.api();
  if (run.args.length === 0 && run.flags.filename.length === 0) throw new UsageError("required resource not specified");
  const { filename: files, recursive, selector } = run.flags;
  const { infos, errors } = await select(api, {
    verb: `rollout ${verb}`,
    args: run.args,
    files,
    recursive,
    selector,
    all: true,
  });
  const failures = [...errors];
  for (const info of infos) await does(info, api).catch((error: unknown) => failures.push(asError(error)));
  throwAll(failures);
}

const commonFlags = { ...fileFlags, ...selectorFlag };
const FOREVER_MS = 2 ** 31 - 1;

const status = defineVerb({
  name: "status",
  summary: "Show how a rollout goes until it is done",
  usage: "(TYPE NAME | TYPE/NAME) [flags]",
  flags: {
    ...commonFlags,
    ...timeoutFlag("How long to wait; 0 for as long as it takes."),
    watch: bool({ help: "Until the rollout is done.", short: "w", default: true }),
    revision: int({ help: "The revision that is expected." }),
  },
  run: (session, run) =>
    each(session, "status", run, async (info, api) => {
      const { flags } = run;
      const tell = (object: Info["object"]): boolean => {
        const { message, done } = rolloutState(object, flags.revision);
        session.line(message);
        return done || !flags.watch;
      };
      if (tell(info.object)) return;
      let failure: Error | undefined;
      const done = await waitFor(api, info, info.object, flags.timeout || FOREVER_MS, (type, object) => {
        if (type === "DELETED") failure = new UsageError(`object has been deleted`);
        try {
          return failure !== undefined || tell(object);
        } catch (error) {
          failure = asError(error);
          return true;
        }
      });
      if (failure) throw failure;
      if (!done) throw new UsageError("timed out waiting for the condition");
    }),
});

const history = defineVerb({
  name: "history",
  summary: "Show former revisions",
  usage: "(TYPE NAME | TYPE/NAME) [flags]",
  flags: { ...commonFlags, ...outputFlags, revision: int({ help: "Show this revision's template." }) },
  run: (session, run) =>
    each(session, "history", run, async (info, api) => {
      const { revision } = run.flags;
      const revisions = await revisionsOf(api, info);
      const name = `${kindText(info.resource)}/${info.name}`;
      const print = await printerFor(run.flags.output, { showManagedFields: run.flags["show-managed-fields"] });
      const found = revisions.find((one) => one.revision === revision);
      if (revision > 0 && !found) throw new UsageError("unable to find the specified revision");
      if (print) {
        for (const one of found ? [found] : revisions) session.io.output(print(one.object));
        return;
      }
      if (found) {
        const lines = new Lines();
        templateLines(lines, found.template);
        return session.io.output(`${name} with revision #${revision}\n${lines.toString()}\n`);
      }
      if (revisions.length === 0) return session.line(`${name} \nNo rollout history found.`);
      const rows = revisions.map((one) => `${one.revision}\t${one.cause}`).join("\n");
      session.line(`${name} \n${alignTabs(`REVISION\tCHANGE-CAUSE\n${rows}\n`, DESCRIPTION)}`);
    }),
});

const undo = defineVerb({
  name: "undo",
  summary: "Go back to a former revision",
  usage: "(TYPE NAME | TYPE/NAME) [flags]",
  flags: {
    ...commonFlags,
    ...outputFlags,
    ...dryRunFlag,
    "to-revision": int({ help: "The revision; 0 for the one before." }),
  },
  async run(session, run) {
    const dryRun = dryRunOf(run.flags["dry-run"]);
    const tell = await resultPrinter(session, { ...run.flags, typed: true });
    await each(session, "undo", run, async (info, api) => {
      const { object } = info;
      if (info.resource.kind === "Deployment" && objectAt(object, "spec").paused === true)
        throw new UsageError(
          `you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again`,
        );
      const revisions = await revisionsOf(api, info);
      const wanted = run.flags["to-revision"];
      if (wanted === 0 && revisions.length < 2)
        throw new UsageError(
          `no rollout history found for ${info.resource.kind.toLowerCase()} ${JSON.stringify(nameOf(object))}`,
        );
      const target = wanted === 0 ? revisions.at(-2) : revisions.find((one) => one.revision === wanted);
      if (!target) throw new UsageError(`unable to find specified revision ${wanted} in history`);
      if (deepEqual(target.template, objectAt(object, "spec", "template")))
        return tell(info, object, `skipped rollback (current template already matches revision ${target.revision})`);
      const after = dryRun === "client" ? object : await goBack(api, info, target, dryRun);
      tell(info, after, "rolled back", dryRun);
    });
  },
});

function goBack(
  api: Api,
  info: Info,
  target: Awaited<ReturnType<typeof revisionsOf>>[number],
  dryRun: "none" | "server",
) {
  const options = { dryRun, fieldManager: "kubectl-rollout" };
  if (target.patch) return patchObject(api, info, "strategic", target.patch, options);
  return patchObject(api, info, "json", [{ op: "replace", path: "/spec/template", value: target.template }], options);
}

const restart = defineVerb({
  name: "restart",
  summary: "Replace all pods, a few at a time",
  usage: "RESOURCE [flags]",
  flags: { ...commonFlags, ...outputFlags, ...fieldManagerFlag("kubectl-rollout") },
  async run(session, run) {
    const tell = await resultPrinter(session, { ...run.flags, typed: true });
    await each(session, "restart", run, async (info, api) => {
      if (!["Deployment", "DaemonSet", "StatefulSet"].includes(info.resource.kind))
        throw new UsageError(
          `restarting is not supported: ${resourceText(info.resource)} ${JSON.stringify(info.name)}`,
        );
      if (objectAt(info.object, "spec").paused === true)
        throw new UsageError(
          `${resourceText(info.resource)} ${JSON.stringify(info.name)} can't restart paused deployment (run rollout resume first)`,
        );
      const annotations = { "kubectl.kubernetes.io/restartedAt": formatTime(session.now()) };
      const patch = { spec: { template: { metadata: { annotations } } } };
      tell(
        info,
        await patchObject(api, info, "strategic", patch, { fieldManager: run.flags["field-manager"] }),
        "restarted",
      );
    });
  },
});

const hold = (name: "pause" | "resume", paused: boolean) =>
  defineVerb({
    name,
    summary: paused ? "Hold a rollout" : "Let a held rollout go on",
    usage: "RESOURCE [flags]",
    flags: { ...commonFlags, ...outputFlags, ...fieldManagerFlag("kubectl-rollout") },
    async run(session, run) {
      const tell = await resultPrinter(session, { ...run.flags, typed: true });
      await each(session, name, run, async (info, api) => {
        const what = `${resourceText(info.resource)} ${JSON.stringify(info.name)}`;
        if (info.resource.kind !== "Deployment")
          throw new UsageError(`${what} ${paused ? "pausing" : "resuming"} is not supported`);
        if ((textAt(info.object, "spec", "paused") === "true") === paused)
          throw new UsageError(`${what} is ${paused ? "already" : "not"} paused`);
        const after = await patchObject(
          api,
          info,
          "strategic",
          { spec: { paused } },
          { fieldManager: run.flags["field-manager"] },
        );
        tell(info, after, paused ? "paused" : "resumed");
      });
    },
  });

export const rollout = defineVerb({
  name: "rollout",
  summary: "Watch, undo, restart and hold rollouts",
  examples: ["kubectl rollout status deployment/web", "kubectl rollout undo deployment/web"],
  subcommands: [history, hold("pause", true), restart, hold("resume", false), status, undo],
});
