/** Helps to look into a pod or a node: by one more container in the pod, a copy of it, or a pod in the node's own namespaces. */
import { readFile } from "node:fs/promises";
import { strategicMergePatch } from "@kubets/api/patch/strategic";
import { structOf } from "@kubets/api/schema";
import { list, map } from "@kubets/machinery/flags";
import { nameSuffix } from "@kubets/machinery/random";
import { parseYaml } from "@kubets/machinery/yaml";
import { createObject, deleteObject, patchObject } from "../api/write.ts";
import { threeWayPatch } from "../apply/three-way.ts";
import { copyOf, type Kept } from "../debug/copy.ts";
import { nodePod, profiled, profileOf } from "../debug/profiles.ts";
import { throwAll, UsageError } from "../errors.ts";
import { type JsonObject, listAt, objectAt, textAt } from "../json.ts";
import { type ApiResource, apiVersionOf, resourceText } from "../resources/mapper.ts";
import { type Info, infoOf, select } from "../resources/select.ts";
import type { Api, Session } from "../session.ts";
import { join, showLog } from "../stream/join.ts";
import { defineVerb } from "../verb.ts";
import { waitFor } from "../wait/watched.ts";
import { bool, containerFlag, text } from "./flags.ts";

const keepFlag = (what: string, help: string, byDefault = false) =>
  ({ [`keep-${what}`]: bool({ help: `With --copy-to: keep ${help}.`, default: byDefault }) }) as const;

export const debug = defineVerb({
  name: "debug",
  summary: "Look into pods and nodes with a container of your own",
  usage: "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ] [flags]",
  examples: [
    "kubectl debug web-0 -it --image=busybox --target=web",
    "kubectl debug web-0 -it --image=busybox --copy-to=web-debug",
    "kubectl debug node/node-1 -it --image=busybox",
  ],
  flags: {
    ...containerFlag,
    filename: list({ help: "Files with the objects to debug.", short: "f" }),
    image: text({ help: "The image of the debugging container." }),
    "image-pull-policy": text({ help: "Always, IfNotPresent or Never." }),
    env: map({ help: "Environment of the container: key=value." }),
    "arguments-only": bool({ help: "What follows -- are arguments, not the command." }),
    "copy-to": text({ help: "Debug a copy of the pod, of this name." }),
    replace: bool({ help: "With --copy-to: delete the pod that is copied." }),
    "same-node": bool({ help: "With --copy-to: on the pod's node." }),
    "set-image": map({ help: "With --copy-to: other images, CONTAINER=IMAGE, * for all." }),
    "share-processes": bool({ help: "With --copy-to: containers see each other's processes.", default: true }),
    ...keepFlag("annotations", "the pod's annotations"),
    ...keepFlag("init-containers", "init containers", true),
    ...keepFlag("labels", "the pod's labels"),
    ...keepFlag("liveness", "liveness probes"),
    ...keepFlag("readiness", "readiness probes"),
    ...keepFlag("startup", "startup probes"),
    target: text({ help: "See the processes of this container." }),
    profile: text({ help: "legacy, general, baseline, netadmin, restricted or sysadmin.", default: "legacy" }),
    custom: text({ help: "A JSON or YAML file with a part of a container, put over what the profile gives." }),
    attach: bool({ help: "Join the container when it runs; by default with --stdin." }),
    stdin: bool({ help: "Pass standard input to the container.", short: "i" }),
    tty: bool({ help: "Standard input is a terminal.", short: "t" }),
    quiet: bool({ help: "Print only what the container prints.", short: "q" }),
  },
  async run(session, { flags, args, argsAtDash, given }) {
    const names = argsAtDash < 0 ? args : args.slice(0, argsAtDash);
    const command = argsAtDash < 0 ? [] : args.slice(argsAtDash);
    const copies = flags["copy-to"] !== "";
    if (names.length + flags.filename.length === 0 && (copies || flags.image))
      throw new UsageError("NAME or filename is required for debug");
    if (!copies && !flags.image) throw new UsageError("you must specify --image when not using --copy-to.");
    if (!copies && flags.replace) throw new UsageError("--replace may only be used with --copy-to.");
    if (!copies && Object.keys(flags["set-image"]).length > 0)
      throw new UsageError("--set-image may only be used with --copy-to.");
    if (!copies && flags["same-node"]) throw new UsageError("--same-node may only be used with --copy-to.");
    if (copies && !flags.image && Object.keys(flags["set-image"]).length + command.length === 0)
      throw new UsageError("you must specify --image, --set-image or command arguments.");
    if (copies && !flags.image && command.length > 0 && !flags.container)
      throw new UsageError("you must specify an existing container or a new image when specifying args.");
    if (copies && flags.target)
      throw new UsageError("--target is incompatible with --copy-to. Use --share-processes instead.");
    if (flags.tty && !flags.stdin) throw new UsageError("-i/--stdin is required for containers with -t/--tty=true");
    const profile = profileOf(flags.profile);
    const custom = flags.custom ? await partialContainer(flags.custom) : undefined;
    if (flags.target && !flags.quiet)
      session.line(
        `Targeting container ${JSON.stringify(flags.target)}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.`,
      );
    if (profile === "legacy")
      session.note(
        '--profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".',
      );
    const api = await session.api();
    const { infos, errors } = await select(api, {
      verb: "debug",
      args: flags.filename.length > 0 ? [] : names.map((name) => (name.includes("/") ? name : `pods/${name}`)),
      files: flags.filename,
    });
    throwAll(errors);
    const attaches = given.has("attach") ? flags.attach : flags.stdin;
    for (const info of infos) {
      const { pod, container } = await debugged(info);
      if (attaches && container) await joined(session, api, pod, container, flags);
    }

    async function debugged(info: Info): Promise<{ pod: Info; container: string }> {
      const kind = resourceText(info.resource);
      if (kind === "nodes") return onNode(info);
      if (kind === "pods") return copies ? copied(info) : inside(info);
      throw new UsageError(
        `${JSON.stringify(`${apiVersionOf(info.resource)}, Kind=${info.resource.kind}`)} not supported by debug`,
      );
    }

    async function inside(pod: Info): Promise<{ pod: Info; container: string }> {
      const name = flags.container || defaultName();
      const own = {
        ...containerOf(name),
        ...(flags.target && { targetContainerName: flags.target }),
        terminationMessagePolicy: "File",
      };
      const container = customized(profiled(own, profile, "ephemeral"));
      const present = listAt(pod.object, "spec", "ephemeralContainers");
      const wanted = { spec: { ephemeralContainers: [...present, container] } };
      const patch = threeWayPatch({}, wanted, { spec: { ephemeralContainers: present } }, structOf("api.core.v1.Pod"));
      const object = await patchObject(api, pod, "strategic", patch, { subresource: "ephemeralcontainers" });
      return { pod: infoOf(pod.resource, object), container: name };
    }

    async function copied(pod: Info): Promise<{ pod: Info; container: string }> {
      const adds = flags.image !== "";
      const name = flags.container || (adds ? defaultName() : "");
      const object = copyOf(pod.object, {
        name: flags["copy-to"],
        namespace: api.namespace,
        profile,
        container: customized(name ? containerOf(name) : {}),
        adds,
        images: flags["set-image"],
        sameNode: flags["same-node"],
        shareProcesses: given.has("share-processes") ? flags["share-processes"] : undefined,
        keep: keptBy(flags as unknown as Readonly<Record<string, boolean>>),
      });
      const made = await createObject(api, { ...pod, namespace: api.namespace }, object);
      if (flags.replace) await deleteObject(api, pod, {});
      return { pod: infoOf(pod.resource, made), container: name };
    }

    async function onNode(node: Info): Promise<{ pod: Info; container: string }> {
      const resource: ApiResource = (await api.mapper()).resource("pods");
      const container = flags.container || "debugger";
      const name = `node-debugger-${node.name}-${nameSuffix(session.machine.random)}`;
      const pod = nodePod(node.name, name, customized(containerOf(container)), profile);
      if (!flags.quiet)
        session.line(`Creating debugging pod ${name} with container ${container} on node ${node.name}.`);
      const made = await createObject(api, { resource, namespace: api.namespace, name }, pod);
      return { pod: infoOf(resource, made), container };
    }

    function defaultName(): string {
      const name = `debugger-${nameSuffix(session.machine.random)}`;
      if (!flags.quiet) session.note(`Defaulting debug container name to ${name}.`);
      return name;
    }

    function containerOf(name: string): JsonObject {
      const env = Object.entries(flags.env).map(([key, value]) => ({ name: key, value }));
      return {
        name,
        ...(env.length > 0 && { env }),
        ...(flags.image && { image: flags.image }),
        ...(flags["image-pull-policy"] && { imagePullPolicy: flags["image-pull-policy"] }),
        ...(flags.stdin && { stdin: true }),
        ...(flags.tty && { tty: true }),
        ...(command.length > 0 && { [flags["arguments-only"] ? "args" : "command"]: command }),
      };
    }

    function customized(container: JsonObject): JsonObject {
      if (!custom) return container;
      return strategicMergePatch(structOf("api.core.v1.Container"), container, custom) as JsonObject;
    }
  },
});

const keptBy = (flags: Readonly<Record<string, boolean>>): Readonly<Record<Kept, boolean>> => {
  const kept = (what: Kept) => flags[`keep-${what}`] ?? false;
  return {
    annotations: kept("annotations"),
    "init-containers": kept("init-containers"),
    labels: kept("labels"),
    liveness: kept("liveness"),
    readiness: kept("readiness"),
    startup: kept("startup"),
  };
};

async function partialContainer(path: string): Promise<JsonObject> {
  const written = await readFile(path, "utf8").catch(() => {
    throw new UsageError(
      `must pass a container spec json file for custom profile: open ${path}: no such file or directory`,
    );
  });
  const container = parseYaml(written) as JsonObject;
  for (const field of ["name", "command", "image", "lifecycle", "volumeDevices"])
    if (container[field] !== undefined) throw new UsageError(`${field} is not supported in the custom profile`);
  return container;
}

async function joined(
  session: Session,
  api: Api,
  pod: Info,
  container: string,
  flags: { stdin: boolean; tty: boolean; quiet: boolean },
): Promise<void> {
  const state = (object: JsonObject): JsonObject =>
    ["ephemeralContainerStatuses", "containerStatuses", "initContainerStatuses"]
      .flatMap((field) => listAt(object, "status", field))
      .filter((each) => textAt(each, "name") === container)
      .map((each) => objectAt(each, "state"))[0] ?? {};
  let last = pod.object;
  const begun = (object: JsonObject) => "running" in state(object) || "terminated" in state(object);
  if (!begun(last))
    await waitFor(api, pod, last, LONGEST_WAIT_MS, (type, object) => {
      last = object;
      if (type === "DELETED") throw new UsageError(`pods ${JSON.stringify(pod.name)} not found`);
      return begun(object);
    });
  if ("terminated" in state(last)) await showLog(session, api, pod, container, false);
  else await join(session, api, pod, container, flags);
}

/** As long as a timer can be set. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;
