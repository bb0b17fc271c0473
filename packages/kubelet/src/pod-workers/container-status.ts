/** The status of one container, from its records in the runtime and what the worker knows of its start. */
import type {
  Container,
  ContainerState,
  ContainerStatus,
  EphemeralContainer,
  ResourceRequirements,
  ResourceStatus,
  VolumeMountStatus,
} from "@kubets/api/generated/types/core-v1";
import { formatTime } from "@kubets/machinery/time";
import { Signal } from "@kubets/wire/generated/cri";
import type { Waiting } from "./plan.ts";
import type { ContainerRecord } from "./runtime-state.ts";

interface ContainerView {
  readonly container: Container | EphemeralContainer;
  /** Newest first. */
  readonly records: readonly ContainerRecord[];
  /** Why it is not running, when that is known. */
  readonly waiting: Waiting | undefined;
  /** What is said of one that never was made. */
  readonly initially: "ContainerCreating" | "PodInitializing";
  /** What it runs with. */
  readonly resources: ResourceRequirements;
  /** How its devices are. */
  readonly health: readonly ResourceStatus[];
  /** Whether it tells by which signal it is asked to end. */
  readonly tellsSignal: boolean;
  readonly started: boolean;
  readonly ready: boolean;
  /** The pod has ended: what is missing will not come. */
  readonly over: boolean;
  /** What the status said before, for what the runtime no longer knows. */
  readonly before: ContainerStatus | undefined;
  readonly runtimeName: string;
  /** Texts that ended containers left behind, by id. */
  readonly messages: ReadonlyMap<string, string>;
  /** The images that volumes show, by the volumes' names. */
  readonly volumeImages: ReadonlyMap<string, string>;
}

export function containerStatus(view: ContainerView): ContainerStatus {
  const { container, records, before } = view;
  const [record, older] = records;
  const id = record ? `${view.runtimeName}://${record.id}` : before?.containerID;
  const { state, lastState } = statesOf(view, record, older);
  const { resources } = view;
  const given = container.resources?.requests;
  const mounts = mountStatuses(view);
  const signal = view.tellsSignal ? signalName(record?.stopSignal) : undefined;
  return {
    name: container.name,
    state,
    lastState,
    ready: view.ready,
    restartCount: record?.attempt ?? before?.restartCount ?? 0,
    image: record?.image || before?.image || container.image || "",
    imageID: record?.imageRef || before?.imageID || "",
    ...(id && { containerID: id }),
    started: view.started,
    ...(record?.phase === "running" && given && { allocatedResources: given }),
    ...(record && {
      resources: {
        ...(resources.limits && { limits: resources.limits }),
        ...(resources.requests && { requests: resources.requests }),
      },
    }),
    ...(mounts.length > 0 && { volumeMounts: mounts }),
    ...(signal && { stopSignal: signal }),
    ...(view.health.length > 0 && { allocatedResourcesStatus: view.health }),
    ...(record?.user && record.phase === "running" && { user: { linux: record.user } }),
  };
}

function statesOf(
  view: ContainerView,
  record: ContainerRecord | undefined,
  older: ContainerRecord | undefined,
): { state: ContainerState; lastState: ContainerState } {
  const last = older && older.phase === "exited" ? terminated(view, older) : (view.before?.lastState ?? {});
  if (!record) return withoutRecord(view);
  if (record.phase === "running")
    return { state: { running: { startedAt: formatTime(record.startedAt) } }, lastState: last };
  if (record.phase === "exited") {
    const ended = terminated(view, record);
    return view.waiting
      ? { state: { waiting: waitingState(view.waiting) }, lastState: ended }
      : { state: ended, lastState: last };
  }
  if (record.phase === "created")
    return {
      state: { waiting: waitingState(view.waiting ?? { reason: view.initially, message: "" }) },
      lastState: last,
    };
  return { state: lost(view), lastState: last };
}

function withoutRecord(view: ContainerView): { state: ContainerState; lastState: ContainerState } {
  const { before, over } = view;
  if (before?.state.terminated) return { state: before.state, lastState: before.lastState };
  if (before?.state.running || (over && before?.containerID)) return { state: lost(view), lastState: before.lastState };
  const waiting = view.waiting ?? { reason: view.initially, message: "" };
  return { state: { waiting: waitingState(waiting) }, lastState: before?.lastState ?? {} };
}

const lost = ({ before }: ContainerView): ContainerState => ({
  terminated: {
    exitCode: 137,
    reason: "ContainerStatusUnknown",
    message: "The container could not be located when the pod was terminated",
    startedAt: null,
    finishedAt: null,
    ...(before?.containerID && { containerID: before.containerID }),
  },
});

const waitingState = ({ reason, message }: Waiting) => ({ reason, ...(message && { message }) });

function terminated({ runtimeName, messages }: ContainerView, record: ContainerRecord): ContainerState {
  const message = messages.get(record.id) || record.message;
  // One that never started counts from when it was made: the runtime says the beginning of 1970.
  const startedAt = record.startedAt > 0 ? formatTime(record.startedAt) : "1970-01-01T00:00:00Z";
  return {
    terminated: {
      exitCode: record.exitCode,
      ...(record.reason && { reason: record.reason }),
      ...(message && { message }),
      startedAt,
      finishedAt: formatTime(record.finishedAt),
      containerID: `${runtimeName}://${record.id}`,
    },
  };
}

const signalName = (signal = 0): string | undefined =>
  signal ? Object.entries(Signal).find(([, number]) => number === signal)?.[0] : undefined;

function mountStatuses({ container, before, volumeImages }: ContainerView): VolumeMountStatus[] {
  return (container.volumeMounts ?? []).map(({ name, mountPath, readOnly, recursiveReadOnly }) => {
    const imageRef = volumeImages.get(name);
    // A kubelet that came later has not brought the images itself.
    const known = before?.volumeMounts?.find((each) => each.mountPath === mountPath)?.volumeStatus;
    const volumeStatus = imageRef ? { image: { imageRef } } : known;
    return {
      name,
      mountPath,
      ...(readOnly && { readOnly, recursiveReadOnly: recursiveReadOnly === "Enabled" ? "Enabled" : "Disabled" }),
      ...(volumeStatus && { volumeStatus }),
    };
  });
}
