/** Makes a pod of an image, and joins it if asked to. */
import { deleteObject } from "../api/write.ts";
import { createGenerated, writeFlags } from "../create/generator.ts";
import { overridden, overrideFlags } from "../create/overrides.ts";
import { UsageError } from "../errors.ts";
import { type JsonObject, labelsOf, listAt, textAt } from "../json.ts";
import { pathOf } from "../resources/mapper.ts";
import { infoOf } from "../resources/select.ts";
import { join, showLog } from "../stream/join.ts";
import { defineVerb } from "../verb.ts";
import { waitGone } from "../wait/gone.ts";
import { waitFor } from "../wait/watched.ts";
import { bool, duration, fieldManagerFlag, fileFlags, int, list, propagationOf, text, WEEK_MS } from "./flags.ts";

export const run = defineVerb({
  name: "run",
  summary: "Run an image in a pod",
  usage: 'NAME --image=image [--env="key=value"] [--port=port] [--command] -- [COMMAND] [args...] [flags]',
  examples: ["kubectl run web --image=web:1 --port=80", "kubectl run -it --rm shell --image=busybox -- sh"],
  flags: {
    ...writeFlags,
    ...fieldManagerFlag("kubectl-run"),
    image: text({ help: "The image to run.", required: true }),
    "image-pull-policy": text({ help: "Always, IfNotPresent or Never." }),
    port: int({ help: "The port that the container exposes." }),
    env: list({ help: "Environment: key=value.", split: false }),
    labels: text({ help: "Labels: key=value,...", short: "l" }),
    annotations: list({ help: "Annotations: key=value.", split: false }),
    restart: text({ help: "Always, OnFailure or Never.", default: "Always" }),
    command: bool({ help: "What follows is the command, not its arguments." }),
    ...overrideFlags,
    ...fileFlags,
    expose: bool({ help: "Make a service for the port too." }),
    "leave-stdin-open": bool({ help: "Keep standard input open after the first who joined left." }),
    cascade: text({ help: "With --rm: what happens to dependents.", default: "background" }),
    force: bool({ help: "With --rm and --grace-period=0: let go of the pod at once." }),
    "grace-period": int({ help: "With --rm: seconds to shut down in; -1 for the pod's own.", default: -1 }),
    timeout: duration({ help: "With --rm: how long to wait until the pod is gone." }),
    wait: bool({ help: "With --rm: wait until the pod is gone." }),
    privileged: bool({ help: "Run the container privileged." }),
    stdin: bool({ help: "Pass standard input to the container.", short: "i" }),
    tty: bool({ help: "Standard input is a terminal.", short: "t" }),
    attach: bool({ help: "Join the container when it runs." }),
    rm: bool({ help: "Delete the pod when done." }),
    quiet: bool({ help: "Print only what the container prints.", short: "q" }),
    "pod-running-timeout": duration({ help: "How long to wait for the pod to run.", default: 60_000 }),
  },
  async run(session, { flags, args, argsAtDash }) {
    const [name, ...words] = args;
    if (!name || argsAtDash === 0)
      throw new UsageError("NAME is required for run\nSee 'kubectl run -h' for help and examples");
    const joins = flags.attach || flags.stdin || flags.tty;
    if (flags.rm && !joins) throw new UsageError("--rm should only be used for attached containers");
    if (flags.expose && flags.port < 1) throw new UsageError("must set --port when exposing service");
    const container: JsonObject = {
      ...(words.length > 0 && { [flags.command ? "command" : "args"]: words }),
      ...(flags.env.length > 0 && { env: flags.env.map(variable) }),
      image: flags.image,
      ...(flags["image-pull-policy"] && { imagePullPolicy: flags["image-pull-policy"] }),
      name,
      ...(flags.port > 0 && { ports: [{ containerPort: flags.port }] }),
      resources: {},
      ...(flags.privileged && { securityContext: { privileged: true } }),
      ...(flags.stdin && { stdin: true, ...(!flags["leave-stdin-open"] && { stdinOnce: true }) }),
      ...(flags.tty && { tty: true }),
    };
    const annotations = Object.fromEntries(flags.annotations.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
    const built: JsonObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        ...(flags.annotations.length > 0 && { annotations }),
        labels: flags.labels
          ? Object.fromEntries(flags.labels.split(",").map((pair) => pair.split("=")))
          : { run: name },
        name,
      },
      spec: { containers: [container], dnsPolicy: "ClusterFirst", restartPolicy: flags.restart },
      status: {},
    };
    const pod = overridden(built, flags);
    if (!joins || flags["dry-run"] !== "none") {
      if (flags.expose) {
        await createGenerated(session, flags, serviceFor(name, flags.port, labelsOf(pod)));
        // The original ends the one and begins the other.
        if (flags.output === "yaml") session.line("---\n---");
      }
      await createGenerated(session, flags, pod);
      return;
    }
    if (flags.expose) await createGenerated(session, flags, serviceFor(name, flags.port, labelsOf(pod)));
    const api = await session.api();
    const resource = (await api.mapper()).resource("pods");
    const path = pathOf(resource, api.namespace);
    const made = await api.rest.call("POST", path, {
      body: pod,
      query: { fieldManager: flags["field-manager"] },
      of: { resource },
    });
    const info = infoOf(resource, made);
    const phase = (object: JsonObject) => textAt(object, "status", "phase");
    let last = made;
    try {
      const ready = await waitFor(api, info, made, flags["pod-running-timeout"], (_type, object) => {
        last = object;
        return ["Running", "Succeeded", "Failed"].includes(phase(object));
      });
      if (!ready) throw new UsageError("timed out waiting for the condition");
      if (phase(last) === "Running") await join(session, api, info, name, flags);
      else await showLog(session, api, info, name, false);
      if (flags.restart === "Always") return 0;
      if (phase(last) === "Running") {
        await waitFor(api, info, last, flags["pod-running-timeout"], (_type, object) => {
          last = object;
          return ["Succeeded", "Failed"].includes(phase(object));
        });
      }
      return exitCodeOf(last);
    } finally {
      if (flags.rm) {
        await deleteObject(api, info, {
          ...(flags["grace-period"] >= 0 && { gracePeriodSeconds: flags["grace-period"] }),
          propagationPolicy: propagationOf(flags.cascade),
        });
        if (flags.wait) await waitGone(session, api, [info], flags.timeout || WEEK_MS);
        if (!flags.quiet) session.line(`pod ${JSON.stringify(name)} deleted from ${info.namespace} namespace`);
      }
    }
  },
});

const serviceFor = (name: string, port: number, selector: Readonly<Record<string, string>>): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { ports: [{ port, protocol: "TCP", targetPort: port }], selector },
  status: { loadBalancer: {} },
});

function variable(pair: string): JsonObject {
  const [name = "", value] = pair.split(/=(.*)/s);
  if (value === undefined || name === "") throw new UsageError(`invalid env: ${pair}`);
  return { name, value };
}

const exitCodeOf = (pod: JsonObject): number =>
  Number(textAt(listAt(pod, "status", "containerStatuses")[0], "state", "terminated", "exitCode") || 0);
