/**
 * Empties a node: closes it for new pods and evicts those that it has.
 * Holds: nothing is evicted when a pod is found that the flags do not allow to go.
 */
import { sleep } from "@kubets/machinery/clock";
import { isReason } from "@kubets/machinery/status-error";
import { parseTime } from "@kubets/machinery/time";
import { deleteObject, patchObject } from "../api/write.ts";
import { asError, PlainError, throwAll, UsageError } from "../errors.ts";
import { type JsonObject, listAt, mapAt, nameOf, namespaceOf, objectAt, textAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { pathOf } from "../resources/mapper.ts";
import { type Info, infoOf, listInfos, select } from "../resources/select.ts";
import type { Api, Session } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { waitGone } from "../wait/gone.ts";
import { bool, chunkSizeFlag, dryRunFlag, dryRunOf, duration, int, selectorFlag, text } from "./flags.ts";

interface DrainFlags {
  readonly force: boolean;
  readonly "ignore-daemonsets": boolean;
  readonly "delete-emptydir-data": boolean;
}

interface Verdict {
  readonly pod: JsonObject;
  readonly goes: boolean;
  readonly error?: string;
  readonly warning?: string;
}

/** Whether a pod may go, and what to say of it. Pure. */
export function judge(pod: JsonObject, flags: DrainFlags): Verdict {
  const owner = listAt(pod, "metadata", "ownerReferences").find((each) => each.controller === true);
  const finished = ["Succeeded", "Failed"].includes(textAt(pod, "status", "phase"));
  if (mapAt(pod, "metadata", "annotations")["kubernetes.io/config.mirror"]) return { pod, goes: false };
  if (!finished && owner?.kind === "DaemonSet") {
    if (flags["ignore-daemonsets"]) return { pod, goes: false, warning: "ignoring DaemonSet-managed Pods" };
    return { pod, goes: false, error: "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)" };
  }
  if (
    !finished &&
    !flags["delete-emptydir-data"] &&
    listAt(pod, "spec", "volumes").some((volume) => volume.emptyDir !== undefined)
  )
    return {
      pod,
      goes: false,
      error: "cannot delete Pods with local storage (use --delete-emptydir-data to override)",
    };
  if (!finished && !owner) {
    if (flags.force) return { pod, goes: true, warning: "deleting Pods that declare no controller" };
    return { pod, goes: false, error: "cannot delete Pods that declare no controller (use --force to override)" };
  }
  return { pod, goes: true };
}

const TRY_AGAIN_MS = 5000;

export const drain = defineVerb({
  name: "drain",
  summary: "Empty a node",
  usage: "NODE [flags]",
  flags: {
    ...selectorFlag,
    ...dryRunFlag,
    ...chunkSizeFlag,
    "skip-wait-for-delete-timeout": int({
      help: "Do not wait for pods that have been going for longer than so many seconds; 0 to wait for all.",
    }),
    force: bool({ help: "Also pods that nothing would make again." }),
    "ignore-daemonsets": bool({ help: "Leave pods of daemon sets." }),
    "delete-emptydir-data": bool({ help: "Also pods with data in emptyDir volumes." }),
    "disable-eviction": bool({ help: "Delete instead of evicting." }),
    "grace-period": int({ help: "Seconds to shut down in; -1 for the pod's own.", default: -1 }),
    timeout: duration({ help: "How long to wait; 0 for as long as it takes." }),
    "pod-selector": text({ help: "Only pods with these labels." }),
  },
  async run(session, { flags, args }) {
    const dryRun = dryRunOf(flags["dry-run"]);
    const api = await session.api();
    const tell = await resultPrinter(session, { output: "" });
    const { infos, errors } = await select(api, { verb: "drain", args: ["nodes", ...args], selector: flags.selector });
    const failures = [...errors];
    const until = flags.timeout > 0 ? session.now() + flags.timeout : Number.POSITIVE_INFINITY;
    for (const info of infos) {
      const closed = objectAt(info.object, "spec").unschedulable === true;
      if (!closed && dryRun !== "client")
        await patchObject(api, info, "strategic", { spec: { unschedulable: true } }, { dryRun });
      tell(info, info.object, closed ? "already cordoned" : "cordoned", dryRun);
      await empty(info).catch((error: unknown) => failures.push(asError(error)));
    }
    throwAll(failures);

    async function empty(node: Info): Promise<void> {
      const resource = (await api.mapper()).resource("pods");
      const list = await listInfos(api, resource, undefined, {
        fieldSelector: `spec.nodeName=${node.name}`,
        selector: flags["pod-selector"],
        chunkSize: flags["chunk-size"],
      });
      const verdicts = list.map(({ object }) => judge(object, flags));
      const refused = grouped(verdicts, "error");
      if (refused) {
        session.note(
          `error: unable to drain node ${JSON.stringify(node.name)} due to error: ${refused}, continuing command...\nThere are pending nodes to be drained:\n ${node.name}`,
        );
        throw new PlainError(refused);
      }
      const warning = grouped(verdicts, "warning");
      if (warning) session.note(`Warning: ${warning}`);
      const going = verdicts.filter(({ goes }) => goes).map(({ pod }) => infoOf(resource, pod));
      for (const pod of going) {
        session.line(
          `evicting pod ${pod.namespace}/${pod.name}${dryRun === "none" ? "" : ` (${dryRun === "client" ? "" : "server "}dry run)`}`,
        );
        if (dryRun === "none") await evict(session, api, pod);
      }
      if (dryRun === "none") {
        const left = until - session.now();
        const skipped = flags["skip-wait-for-delete-timeout"];
        const waited = going.filter(({ object }) => {
          const since = textAt(object, "metadata", "deletionTimestamp");
          return skipped === 0 || since === "" || session.now() - parseTime(since) <= skipped * 1000;
        });
        const uids = waited.map((pod) => ({ ...pod, uid: textAt(pod.object, "metadata", "uid") }));
        await waitGone(session, api, uids, Math.min(left, 2 ** 31 - 1));
        for (const pod of going) session.line(`pod/${pod.name} evicted`);
      }
      session.line(`node/${node.name} drained${dryRun === "none" ? "" : " (dry run)"}`);
    }

    async function evict(run: Session, to: Api, pod: Info): Promise<void> {
      const grace: JsonObject = flags["grace-period"] >= 0 ? { gracePeriodSeconds: flags["grace-period"] } : {};
      if (flags["disable-eviction"]) return void (await deleteObject(to, pod, grace));
      const body = {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { name: pod.name, namespace: pod.namespace as string },
        deleteOptions: grace,
      };
      for (;;) {
        try {
          await to.rest.call("POST", pathOf(pod.resource, pod.namespace, pod.name, "eviction"), { body });
          return;
        } catch (error) {
          if (isReason(error, "NotFound")) return;
          if (!isReason(error, "TooManyRequests")) throw error;
          if (run.now() + TRY_AGAIN_MS > until)
            throw new UsageError(
              `error when evicting pods/${JSON.stringify(pod.name)} -n ${JSON.stringify(pod.namespace)}: global timeout reached`,
            );
          run.note(
            `error when evicting pods/${JSON.stringify(pod.name)} -n ${JSON.stringify(pod.namespace)} (will retry after 5s): ${error.message}`,
          );
          await sleep(run.machine.clock, TRY_AGAIN_MS);
        }
      }
    }
  },
});

function grouped(verdicts: readonly Verdict[], field: "error" | "warning"): string {
  const groups = new Map<string, string[]>();
  for (const verdict of verdicts) {
    const text = verdict[field];
    if (text) groups.set(text, [...(groups.get(text) ?? []), `${namespaceOf(verdict.pod)}/${nameOf(verdict.pod)}`]);
  }
  return [...groups].map(([text, pods]) => `${text}: ${pods.join(", ")}`).join("; ");
}
