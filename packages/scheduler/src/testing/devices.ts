/** Resource claims, classes and slices for tests: bare, with what decides who gets which device. */
import type {
  Device,
  DeviceClaim,
  DeviceClass,
  DeviceClassSpec,
  ResourceClaim,
  ResourceClaimStatus,
  ResourceSlice,
  ResourceSliceSpec,
} from "@kubets/api/generated/types/resource-v1";
import type { KubeObject } from "@kubets/api/meta";

export const DRIVER = "gpu.example.com";

const object = <T extends KubeObject>(kind: string, metadata: object, more: object): T =>
  ({
    kind,
    apiVersion: "resource.k8s.io/v1",
    metadata: { uid: (metadata as { name: string }).name, resourceVersion: "1", ...metadata },
    ...more,
  }) as unknown as T;

export const deviceClass = (name: string, spec: DeviceClassSpec = {}): DeviceClass =>
  object("DeviceClass", { name }, { spec });

export const resourceClaim = (name: string, devices: DeviceClaim, status: ResourceClaimStatus = {}): ResourceClaim =>
  object("ResourceClaim", { name, namespace: "default" }, { spec: { devices }, status });

/** A claim of one request for so many devices of a class. */
export const claimFor = (name: string, deviceClassName: string, count = 1): ResourceClaim =>
  resourceClaim(name, { requests: [{ name: "r", exactly: { deviceClassName, allocationMode: "ExactCount", count } }] });

/** A pool of its own, unless `more` says otherwise. */
export const resourceSlice = (
  name: string,
  devices: readonly Device[],
  more: Partial<ResourceSliceSpec> = { allNodes: true },
): ResourceSlice =>
  object(
    "ResourceSlice",
    { name },
    { spec: { driver: DRIVER, pool: { name, generation: 1, resourceSliceCount: 1 }, devices, ...more } },
  );

/** In a pod's spec. */
export const usingClaims = (...names: readonly string[]) => ({
  resourceClaims: names.map((resourceClaimName) => ({ name: resourceClaimName, resourceClaimName })),
});
