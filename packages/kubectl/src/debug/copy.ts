/**
 * A copy of a pod to debug: without its node and its life so far, with other images, another command, one more container. Pure.
 */
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, mapAt, objectAt, textAt } from "../json.ts";
import { type Profile, profiled } from "./profiles.ts";

interface CopyOptions {
  readonly name: string;
  readonly namespace: string;
  readonly profile: Profile;
  /** The container to add, or the part of the one of its name to change. */
  readonly container: JsonObject;
  /** There is an image, so that a container is added where none has the name. */
  readonly adds: boolean;
  /** Image by container; "*" for all others. */
  readonly images: Readonly<Record<string, string>>;
  readonly sameNode: boolean;
  /** Undefined where nobody said. */
  readonly shareProcesses: boolean | undefined;
  readonly keep: Readonly<Record<Kept, boolean>>;
}

export type Kept = "annotations" | "init-containers" | "labels" | "liveness" | "readiness" | "startup";

/** What the legacy profile keeps, whatever the flags say. */
const LEGACY: CopyOptions["keep"] = {
  annotations: true,
  "init-containers": true,
  labels: false,
  liveness: true,
  readiness: true,
  startup: true,
};

const PROBES = { liveness: "livenessProbe", readiness: "readinessProbe", startup: "startupProbe" } as const;

export function copyOf(pod: JsonObject, options: CopyOptions): JsonObject {
  const { name, namespace, profile, sameNode, shareProcesses } = options;
  const legacy = profile === "legacy";
  const keep = legacy ? LEGACY : options.keep;
  const { nodeName, ephemeralContainers: _, initContainers, ...rest } = objectAt(pod, "spec");
  const containers = listAt(pod, "spec", "containers").map((each) => imaged(withoutProbes(each, keep), options.images));
  const shares = shareProcesses ?? (legacy ? undefined : true);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...(keep.annotations && { annotations: mapAt(pod, "metadata", "annotations") }),
      ...(keep.labels && { labels: mapAt(pod, "metadata", "labels") }),
      name,
      namespace,
    },
    spec: {
      ...rest,
      ...(initContainers &&
        keep["init-containers"] && {
          initContainers: listAt(pod, "spec", "initContainers").map((each) => imaged(each, options.images)),
        }),
      ...(sameNode && nodeName !== undefined && { nodeName }),
      ...(shares !== undefined && { shareProcessNamespace: shares }),
      containers: withContainer(containers, options),
    },
  };
}

function withContainer(containers: readonly JsonObject[], { container, adds, profile }: CopyOptions): JsonObject[] {
  const name = textAt(container, "name");
  if (containers.some((each) => textAt(each, "name") === name))
    return containers.map((each) =>
      textAt(each, "name") === name ? profiled({ ...each, ...container }, profile, "copy") : each,
    );
  if (!adds && name !== "") throw new UsageError("you must specify image when creating new container");
  return adds ? [...containers, profiled(container, profile, "copy")] : [...containers];
}

const withoutProbes = (container: JsonObject, keep: CopyOptions["keep"]): JsonObject =>
  Object.fromEntries(
    Object.entries(container).filter(
      ([field]) =>
        !(["liveness", "readiness", "startup"] as const).some((probe) => !keep[probe] && field === PROBES[probe]),
    ),
  );

function imaged(container: JsonObject, images: CopyOptions["images"]): JsonObject {
  const image = images[textAt(container, "name")] ?? images["*"];
  return image === undefined ? container : { ...container, image };
}
