/**
 * The resources of resource.k8s.io in their beta versions, served when asked for. v1beta2 is v1 by another name; in v1beta1 a request says at once what v1
 * says under `exactly`, and a device says under `basic` what v1 says at once.
 */
import {
  deviceclassesV1BETA1,
  deviceclassesV1BETA2,
  resourceclaimsV1BETA1,
  resourceclaimsV1BETA2,
  resourceclaimtemplatesV1BETA1,
  resourceclaimtemplatesV1BETA2,
  resourceslicesV1BETA1,
  resourceslicesV1BETA2,
} from "../generated/refs.ts";
import type { PlainObject } from "../meta.ts";
import { otherVersion, type Shapes } from "../other-version.ts";
import { deviceClassResource } from "./device-class.ts";
import { resourceClaimResource } from "./resource-claim.ts";
import { resourceClaimTemplateResource } from "./resource-claim-template.ts";
import { resourceSliceResource } from "./resource-slice.ts";

const beta1 = { stability: "beta", deprecated: ["1.35", "1.38"] } as const;
const beta2 = { stability: "beta", deprecated: ["1.36", "1.39"] } as const;

/** The object with the value at a path put through a change; without a change where there is none. */
function at(object: PlainObject, [key, ...rest]: readonly string[], change: (value: unknown) => unknown): PlainObject {
  if (key === undefined || object[key] == null) return object;
  const value = object[key];
  return { ...object, [key]: rest.length ? at(value as PlainObject, rest, change) : change(value) };
}

const eachAt = (path: readonly string[], change: (item: PlainObject) => PlainObject) => (object: PlainObject) =>
  at(object, path, (list) => (list as readonly PlainObject[]).map(change));

const requestShapes = (path: readonly string[]): Shapes => ({
  toHub: eachAt(path, ({ name, firstAvailable, ...exactly }) => ({
    name,
    ...(Object.keys(exactly).some((key) => exactly[key] !== "") && { exactly }),
    firstAvailable,
  })),
  fromHub: eachAt(path, ({ name, firstAvailable, exactly }) => ({
    name,
    ...(exactly as PlainObject | undefined),
    firstAvailable,
  })),
});

const deviceShapes: Shapes = {
  toHub: eachAt(["spec", "devices"], ({ name, basic }) => ({ name, ...(basic as PlainObject | undefined) })),
  fromHub: eachAt(["spec", "devices"], ({ name, ...basic }) => ({ name, basic })),
};

export const earlierResourceVersions = [
  otherVersion(deviceClassResource, deviceclassesV1BETA2, beta2),
  otherVersion(resourceClaimResource, resourceclaimsV1BETA2, beta2),
  otherVersion(resourceClaimTemplateResource, resourceclaimtemplatesV1BETA2, beta2),
  otherVersion(resourceSliceResource, resourceslicesV1BETA2, beta2),
  otherVersion(deviceClassResource, deviceclassesV1BETA1, beta1),
  otherVersion(resourceClaimResource, resourceclaimsV1BETA1, {
    ...beta1,
    shapes: requestShapes(["spec", "devices", "requests"]),
  }),
  otherVersion(resourceClaimTemplateResource, resourceclaimtemplatesV1BETA1, {
    ...beta1,
    shapes: requestShapes(["spec", "spec", "devices", "requests"]),
  }),
  otherVersion(resourceSliceResource, resourceslicesV1BETA1, { ...beta1, shapes: deviceShapes }),
];
