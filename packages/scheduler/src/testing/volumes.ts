/** Claims, volumes and classes for tests: bare, with what decides scheduling. */
import type { CSIDriverSpec } from "@kubets/api/generated/types/storage-v1";
import type { KubeObject } from "@kubets/api/meta";

const object = (kind: string, apiVersion: string, metadata: object, more: object): KubeObject =>
  ({
    kind,
    apiVersion,
    metadata: { uid: (metadata as { name: string }).name, resourceVersion: "1", ...metadata },
    ...more,
  }) as unknown as KubeObject;

export interface ClaimOptions {
  readonly volume?: string;
  readonly storageClass?: string;
  readonly modes?: readonly string[];
  readonly size?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
}

/** Bound where it names a volume. */
export function claim(name: string, options: ClaimOptions = {}): KubeObject {
  const { volume, storageClass = "slow", modes = ["ReadWriteOnce"], size = "1Gi", deletionTimestamp } = options;
  const annotations = { ...options.annotations, ...(volume ? { "pv.kubernetes.io/bind-completed": "yes" } : {}) };
  return object(
    "PersistentVolumeClaim",
    "v1",
    { name, namespace: "default", annotations, ...(deletionTimestamp ? { deletionTimestamp } : {}) },
    {
      spec: {
        accessModes: modes,
        storageClassName: storageClass,
        resources: { requests: { storage: size } },
        ...(volume ? { volumeName: volume } : {}),
      },
      status: { phase: volume ? "Bound" : "Pending" },
    },
  );
}

export interface VolumeOptions {
  /** The only node that reaches it. */
  readonly node?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly size?: string;
  readonly storageClass?: string;
  readonly driver?: string;
}

export function volume(
  name: string,
  { node, labels = {}, size = "1Gi", storageClass = "slow", driver }: VolumeOptions = {},
): KubeObject {
  const values = { key: "kubernetes.io/hostname", operator: "In", values: [node] };
  return object(
    "PersistentVolume",
    "v1",
    { name, labels },
    {
      spec: {
        capacity: { storage: size },
        accessModes: ["ReadWriteOnce", "ReadWriteOncePod"],
        storageClassName: storageClass,
        ...(node ? { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [values] }] } } } : {}),
        ...(driver ? { csi: { driver, volumeHandle: name } } : {}),
      },
      status: { phase: "Available" },
    },
  );
}

export const storageClass = (name: string, volumeBindingMode: string, provisioner = "example.com/maker"): KubeObject =>
  object("StorageClass", "storage.k8s.io/v1", { name }, { provisioner, volumeBindingMode });

export const csiDriver = (name: string, spec: Partial<CSIDriverSpec>): KubeObject =>
  object("CSIDriver", "storage.k8s.io/v1", { name }, { spec });

export const storageCapacity = (
  name: string,
  storageClassName: string,
  matchLabels: Readonly<Record<string, string>>,
  capacity: string,
): KubeObject =>
  object(
    "CSIStorageCapacity",
    "storage.k8s.io/v1",
    { name, namespace: "default" },
    { storageClassName, nodeTopology: { matchLabels }, capacity },
  );

export const csiNode = (name: string, driver: string, count: number): KubeObject =>
  object(
    "CSINode",
    "storage.k8s.io/v1",
    { name },
    { spec: { drivers: [{ name: driver, nodeID: name, topologyKeys: [], allocatable: { count } }] } },
  );

/** The volumes of a pod's spec that use these claims. */
export const using = (...claims: readonly string[]) => ({
  volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
});
