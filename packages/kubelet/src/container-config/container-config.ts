/**
 * A container as the runtime is asked for it. Everything that must be looked up (image, volumes, environment) comes in; what comes out
 * depends on nothing else.
 */
import type { Container, EphemeralContainer, Pod } from "@kubets/api/generated/types/core-v1";
import { fnv1a32 } from "@kubets/machinery/hash";
import { Signal } from "@kubets/wire/generated/cri";
import { logPath } from "../paths.ts";
import * as labels from "../runtime/names.ts";
import type { ContainerConfig, LinuxResources, RuntimeContainer, RuntimeImage } from "../runtime/runtime.ts";
import type { Env } from "./env.ts";
import { expand } from "./expand.ts";
import type { ContainerMount } from "./mounts.ts";
import { containerResources, type NodeFacts } from "./resources.ts";
import { containerSecurity, type SecurityFacts } from "./security-context.ts";

interface ContainerParts {
  readonly attempt: number;
  readonly image: RuntimeImage | undefined;
  /** What the runtime knows the image by. */
  readonly imageRef: string;
  readonly env: Env;
  readonly mounts: readonly ContainerMount[];
  readonly devices: readonly ContainerDevice[];
  readonly cdiDevices?: readonly string[];
  /** From plugins of its devices. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** CPUs and memory nodes that it may use. */
  readonly place?: LinuxResources;
  readonly node: NodeFacts;
  readonly security: SecurityFacts;
}

export interface ContainerDevice {
  readonly containerPath: string;
  readonly hostPath: string;
  /** Of r, w and m. */
  readonly permissions: string;
}

const SIGNALS: Readonly<Record<string, number>> = Signal;

export function containerConfig(
  pod: Pod,
  container: Container | EphemeralContainer,
  parts: ContainerParts,
): ContainerConfig & Pick<RuntimeContainer, "labels" | "annotations"> {
  const lookup = (name: string) => parts.env.get(name);
  const each = (words: readonly string[] | undefined) => (words ?? []).map((word) => expand(word, lookup));
  const { name, namespace, uid } = pod.metadata;
  return {
    metadata: { name: container.name, attempt: parts.attempt },
    image: { image: parts.imageRef, userSpecifiedImage: container.image ?? "" },
    command: each(container.command),
    args: each(container.args),
    workingDir: container.workingDir ?? "",
    envs: [...parts.env].map(([key, value]) => ({ key, value: Buffer.from(value) })),
    mounts: parts.mounts,
    devices: parts.devices,
    CDIDevices: (parts.cdiDevices ?? []).map((name) => ({ name })),
    logPath: logPath(container.name, parts.attempt),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    labels: {
      [labels.POD_NAME]: name,
      [labels.POD_NAMESPACE]: namespace,
      [labels.POD_UID]: uid,
      [labels.CONTAINER_NAME]: container.name,
    },
    annotations: { ...parts.annotations, ...annotationsOf(pod, container, parts.attempt) },
    ...(container.lifecycle?.stopSignal && { stopSignal: SIGNALS[container.lifecycle.stopSignal] ?? 0 }),
    linux: {
      resources: { ...containerResources(pod, container as Container, parts.node), ...parts.place },
      securityContext: containerSecurity(pod, container, parts.image, parts.security),
    },
  };
}

/** What a kubelet that starts later must know of a container whose pod may be gone by then. */
function annotationsOf(pod: Pod, container: Container | EphemeralContainer, attempt: number): Record<string, string> {
  const { deletionGracePeriodSeconds } = pod.metadata;
  return {
    [labels.CONTAINER_HASH]: containerHash(container),
    [labels.RESTART_COUNT]: String(attempt),
    [labels.TERMINATION_MESSAGE_PATH]: container.terminationMessagePath ?? "",
    [labels.TERMINATION_MESSAGE_POLICY]: container.terminationMessagePolicy ?? "",
    ...(container.lifecycle?.preStop && { [labels.PRE_STOP_HANDLER]: JSON.stringify(container.lifecycle.preStop) }),
    ...(container.ports?.length && { [labels.CONTAINER_PORTS]: JSON.stringify(container.ports) }),
    [labels.POD_GRACE]: String(pod.spec.terminationGracePeriodSeconds ?? 30),
    ...(deletionGracePeriodSeconds !== undefined && {
      [labels.POD_DELETION_GRACE]: String(deletionGracePeriodSeconds),
    }),
  };
}

/** Of what a running container cannot take over: when it differs the container is made anew. */
export const containerHash = ({ name, image }: Container | EphemeralContainer): string =>
  fnv1a32(JSON.stringify({ name, image })).toString(16);
