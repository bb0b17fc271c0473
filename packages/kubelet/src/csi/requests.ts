/** What a driver is asked for: names, capabilities and contexts of a volume, made of what the API says. Pure. */
import { createHash } from "node:crypto";
import type { PersistentVolume, Pod } from "@kubets/api/generated/types/core-v1";
import type { CSIDriver } from "@kubets/api/generated/types/storage-v1";
import { ACCESS_MODE, type VolumeCapability } from "./messages.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** An ephemeral volume has no handle of its own. */
export const ephemeralHandle = (podUid: string, volume: string): string => `csi-${sha256(podUid + volume)}`;

/** The name of the object by which a volume is attached to a node. */
export const attachmentName = (handle: string, driver: string, node: string): string =>
  `csi-${sha256(handle + driver + node)}`;

/** Of the folder in which a volume is staged. */
export const stagingName = (handle: string): string => sha256(handle);

type Mode = keyof typeof ACCESS_MODE;
const MODES: Readonly<Record<string, Mode>> = {
  ReadWriteOnce: "SINGLE_NODE_WRITER",
  ReadOnlyMany: "MULTI_NODE_READER_ONLY",
  ReadWriteMany: "MULTI_NODE_MULTI_WRITER",
  ReadWriteOncePod: "SINGLE_NODE_WRITER",
};

/** Drivers that tell one writer from many on a node get the finer words. */
export function accessModeOf(modes: readonly string[], finer: boolean): number {
  const [mode = "ReadWriteOnce"] = modes;
  if (finer && mode === "ReadWriteOnce") return ACCESS_MODE.SINGLE_NODE_MULTI_WRITER;
  if (finer && mode === "ReadWriteOncePod") return ACCESS_MODE.SINGLE_NODE_SINGLE_WRITER;
  return ACCESS_MODE[MODES[mode] ?? "SINGLE_NODE_WRITER"];
}

interface CapabilityFacts {
  readonly block: boolean;
  readonly fsType: string;
  readonly mountFlags: readonly string[];
  readonly accessMode: number;
  /** The pod's group, for drivers that see to it themselves. */
  readonly mountGroup?: number;
}

export const capabilityOf = (facts: CapabilityFacts): VolumeCapability => ({
  ...(facts.block
    ? { block: {} }
    : {
        mount: {
          fsType: facts.fsType,
          mountFlags: facts.mountFlags,
          volumeMountGroup: facts.mountGroup === undefined ? "" : String(facts.mountGroup),
        },
      }),
  accessMode: { mode: facts.accessMode },
});

export const podContext = ({ metadata, spec }: Pod, ephemeral: boolean): Record<string, string> => ({
  "csi.storage.k8s.io/pod.name": metadata.name,
  "csi.storage.k8s.io/pod.namespace": metadata.namespace,
  "csi.storage.k8s.io/pod.uid": metadata.uid,
  "csi.storage.k8s.io/serviceAccount.name": spec.serviceAccountName ?? "",
  "csi.storage.k8s.io/ephemeral": String(ephemeral),
});

/** Whether the kubelet is to give the volume to the pod's group. */
export function givesGroup(
  policy: string | undefined,
  fsType: string,
  persistent: PersistentVolume | undefined,
  readOnly: boolean,
): boolean {
  if (policy === "None" || readOnly) return false;
  if (policy === "File") return true;
  const modes = persistent?.spec.accessModes ?? [];
  return fsType !== "" && modes.some((mode) => mode === "ReadWriteOnce" || mode === "ReadWriteOncePod");
}

/** Why the driver cannot have the volume in this way; undefined when it can. */
export function lifecycleProblem(driver: CSIDriver | undefined, name: string, ephemeral: boolean): string | undefined {
  const mode = ephemeral ? "Ephemeral" : "Persistent";
  const modes = driver?.spec.volumeLifecycleModes ?? ["Persistent"];
  if (modes.includes(mode)) return undefined;
  const only = modes.map((each) => JSON.stringify(each)).join(" ");
  return `volume mode ${JSON.stringify(mode)} not supported by driver ${name} (only supports [${only}])`;
}
