/** Moves the pods of a ReplicationController to another, one by one: the way of rolling from before Deployments. */
import { replicationcontrollers } from "@kubets/api/generated/refs";
import type { ReplicationController } from "@kubets/api/generated/types/core-v1";
import type { Input } from "@kubets/api/meta";
import { createClient } from "@kubets/client";
import { UsageError } from "../errors.ts";
import { readObjects } from "../resources/files.ts";
import { makeSuccessor, type RollParts, rename, roll, tellApart } from "../rolling-update/roll.ts";
import { DESIRED, fileProblem, NEXT, ORIGINAL, withImage } from "../rolling-update/successor.ts";
import type { Session } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { bool, containerFlag, dryRunFlag, dryRunOf, dryRunText, duration, fileFlags, text } from "./flags.ts";

const { filename, recursive } = fileFlags;

export const rollingUpdate = defineVerb({
  name: "rolling-update",
  summary: "Move the pods of a replication controller to another, one by one",
  usage: "OLD_CONTROLLER_NAME ([NEW_CONTROLLER_NAME] --image=NEW_CONTAINER_IMAGE | -f NEW_CONTROLLER_SPEC)",
  examples: ["kubectl rolling-update web --image=nginx:1.27", "kubectl rolling-update web-v1 -f web-v2.yaml"],
  hidden: true,
  flags: {
    filename,
    recursive,
    ...containerFlag,
    ...dryRunFlag,
    image: text({ help: "The image of the new pods." }),
    "image-pull-policy": text({ help: "When it is pulled." }),
    "deployment-label-key": text({ help: "The label that tells old and new pods apart.", default: "deployment" }),
    "update-period": duration({ help: "How long to wait between steps.", default: 60_000 }),
    "poll-interval": duration({ help: "How often to look.", default: 3000 }),
    timeout: duration({ help: "How long no step may be possible.", default: 300_000 }),
    rollback: bool({ help: "Go back to what there was before an update that was broken off." }),
  },
  async run(session, { flags, args }) {
    session.note('Command "rolling-update" is deprecated, use "rollout" instead');
    const [oldName, newName, ...more] = args;
    if (!oldName || more.length > 0) throw new UsageError("must specify the controller to update");
    if (flags.filename.length > 0 && flags.image)
      throw new UsageError("--filename and --image can not both be specified");
    if (flags.filename.length === 0 && !flags.image && !flags.rollback)
      throw new UsageError("--filename or --image is required for new controller");
    const api = await session.api();
    const client = createClient(api.rest.link.transport);
    const parts: RollParts = {
      client,
      clock: session.machine.clock,
      line: (line) => session.line(line),
      updatePeriodMs: flags["update-period"],
      pollMs: flags["poll-interval"],
      timeoutMs: flags.timeout,
    };
    const key = { namespace: api.namespace, name: oldName };
    const old = await client.get(replicationcontrollers, key);
    if (flags.rollback) return rollBack(session, parts, old, newName);
    const wanted = flags.image
      ? withImage(old, {
          image: flags.image,
          container: flags.container,
          pullPolicy: flags["image-pull-policy"],
          labelKey: flags["deployment-label-key"],
          ...(newName && { name: newName }),
        })
      : await fromFile(session, flags, old);
    const dryRun = dryRunOf(flags["dry-run"]);
    const name = wanted.metadata?.name ?? "";
    const keepsName = flags.image !== "" && !newName;
    const told = () =>
      keepsName
        ? `replicationcontroller/${oldName} rolling updated${dryRunText(dryRun)}`
        : `replicationcontroller/${name} rolling updated to "${name}"${dryRunText(dryRun)}`;
    if (dryRun !== "none") return session.line(told());
    const next = await makeSuccessor(parts, old, wanted);
    const before = flags.image ? await tellApart(parts, old, flags["deployment-label-key"], name) : old;
    await roll(parts, before, next);
    session.line(
      keepsName ? `Update succeeded. Deleting old controller: ${oldName}` : `Update succeeded. Deleting ${oldName}`,
    );
    await client.delete(replicationcontrollers, key, { propagationPolicy: "Background" });
    if (keepsName) await rename(parts, next, oldName);
    session.line(told());
  },
});

async function fromFile(
  session: Session,
  flags: { readonly filename: readonly string[]; readonly recursive: boolean },
  old: ReplicationController,
): Promise<Input<ReplicationController>> {
  const objects = await readObjects(flags.filename, { recursive: flags.recursive, stdin: session.stdin });
  const [found] = objects;
  if (!found || objects.length > 1 || found.object.kind !== "ReplicationController")
    throw new UsageError(`please make sure ${flags.filename.join(",")} contains exactly one replication controller`);
  const next = found.object as unknown as Input<ReplicationController>;
  const problem = fileProblem(old, next, flags.filename.join(","));
  if (problem) throw new UsageError(problem);
  return next;
}

/** The one of before gets its pods back, and the one that came goes. */
async function rollBack(
  session: Session,
  parts: RollParts,
  old: ReplicationController,
  named: string | undefined,
): Promise<void> {
  const { client } = parts;
  const name = named ?? old.metadata.annotations?.[NEXT];
  if (!name)
    throw new UsageError(`no update of ${old.metadata.name} is in progress: name the controller that it was to become`);
  const key = { namespace: old.metadata.namespace, name };
  const next = await client.get(replicationcontrollers, key);
  const annotations = { ...old.metadata.annotations };
  const goal = annotations[ORIGINAL] ?? String(old.spec.replicas ?? 1);
  const back = { ...old, metadata: { ...old.metadata, annotations: { ...annotations, [DESIRED]: goal } } };
  await roll(parts, next, back);
  session.line(`Update succeeded. Deleting ${name}`);
  await client.delete(replicationcontrollers, key, { propagationPolicy: "Background" });
  session.line(`replicationcontroller/${old.metadata.name} rolled back`);
}
