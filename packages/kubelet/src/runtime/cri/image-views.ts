/**
 * Views of images by containerd's own snapshots, on the socket of its CRI: for versions whose CRI gives containers no images as mounts.
 * Holds: a view is a root for containerd's collection of garbage, so that it stays with the layers below it when the image goes.
 */
import type { GrpcClient } from "@kubets/wire/grpc";
import { defineMessages, type MessageType, method } from "@kubets/wire/proto";
import { type ImageMount, isRuntimeError, type RuntimeVersion } from "../runtime.ts";

const type = defineMessages({
  Empty: "",
  SnapshotPlace: "snapshotter=1:string key=2:string",
  ViewRequest: "snapshotter=1:string key=2:string parent=3:string labels=4:map<string,string>",
  Mount: "type=1:string source=2:string options=4:string*",
  Mounts: "mounts=1:Mount*",
});

export interface SnapshotPlace {
  /** "overlayfs" */
  snapshotter: string;
  key: string;
}

interface ViewRequest extends SnapshotPlace {
  parent: string;
  labels: Readonly<Record<string, string>>;
}

const rpc = <Q, R>(name: string, request: string, response: string) =>
  method(
    "unary",
    `/containerd.services.snapshots.v1.Snapshots/${name}`,
    type(request) as MessageType<Q>,
    type(response) as MessageType<R>,
  );

interface Mounts {
  mounts: readonly ImageMount[];
}

export const Snapshots = {
  view: rpc<ViewRequest, Mounts>("View", "ViewRequest", "Mounts"),
  mounts: rpc<SnapshotPlace, Mounts>("Mounts", "SnapshotPlace", "Mounts"),
  remove: rpc<SnapshotPlace, object>("Remove", "SnapshotPlace", "Empty"),
} as const;

/** CRI's images live in this namespace of containerd. */
const NAMESPACE = { metadata: { "containerd-namespace": "k8s.io" } };
const KEPT = { "containerd.io/gc.root": "kubets" };

type Call = GrpcClient["unary"];

/** `parent`: the layers of the image, by the name of the uppermost. */
export async function viewSnapshot(call: Call, place: SnapshotPlace, parent: string): Promise<readonly ImageMount[]> {
  try {
    return (await call(Snapshots.mounts, place, NAMESPACE)).mounts;
  } catch (error) {
    if (!isRuntimeError(error, "NotFound")) throw error;
    return (await call(Snapshots.view, { ...place, parent, labels: KEPT }, NAMESPACE)).mounts;
  }
}

export async function removeSnapshot(call: Call, place: SnapshotPlace): Promise<void> {
  try {
    await call(Snapshots.remove, place, NAMESPACE);
  } catch (error) {
    if (!isRuntimeError(error, "NotFound")) throw error;
  }
}

/** containerd does since 2.1; with others nothing but the CRI is spoken. */
export function canMountImages({ name, version }: Pick<RuntimeVersion, "name" | "version">): boolean {
  if (name !== "containerd") return true;
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 1);
}
