/**
 * What a request writes, as webhooks and policies are shown it: the object in the version that they ask for, a Scale for a scale, the body for what is
 * only an action (bindings, evictions, exec). What they change goes back into the object on its way to storage.
 */
import { canonical } from "@kubets/api/codec/canonical";
import { decode, decodeInTurns } from "@kubets/api/codec/decode";
import { subresourceKind } from "@kubets/api/discovery";
import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import type { GroupVersionKind, ResourceDefinition, ScalePaths } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import { internalError } from "@kubets/machinery";
import { walked } from "../../large.ts";
import { fillDefaults, fromHub, toHub } from "../../write/prepare.ts";
import { type ScaleObject, scaleOf } from "../../write/scale-form.ts";
import type { AdmissionRequest } from "../plugin.ts";

export interface Reviewed {
  readonly kind: GroupVersionKind;
  readonly object: PlainObject | undefined;
  readonly old: PlainObject | undefined;
}

/** The kind that a request is about, in a version of its resource. */
export function reviewedKind(request: AdmissionRequest, target: ResourceDefinition): GroupVersionKind {
  const subresource = target.subresources?.[request.subresource];
  return subresource ? subresourceKind(target, subresource) : target;
}

/** Whether only a webhook can tell how the objects of a request look in a version. */
export function isConverted(request: AdmissionRequest, target: ResourceDefinition): boolean {
  return target.convert !== undefined && request.resource !== target && !isBody(request) && !scalePaths(request);
}

/** Throws an internal error that names the fault of a conversion webhook. */
export async function review(request: AdmissionRequest, target: ResourceDefinition): Promise<Reviewed> {
  if (!isConverted(request, target)) return walked(request, () => reviewNow(request, target));
  const { object, old } = reviewNow(request, request.resource);
  const [first, second] = await converted(
    target,
    [object, old].filter((each) => each !== undefined),
  );
  return { kind: reviewedKind(request, target), object: object && first, old: object ? second : first };
}

/** The same, of what no webhook converts. */
export function reviewNow(request: AdmissionRequest, target: ResourceDefinition): Reviewed {
  const { resource, object, old } = request;
  const kind = reviewedKind(request, target);
  const scale = scalePaths(request);
  const show = (value: KubeObject | Draft<KubeObject> | undefined): PlainObject | undefined => {
    if (!value) return undefined;
    if (scale) return scaleOf(scale, value as KubeObject, 0);
    return shownAs(target, inVersion(resource, target, value as KubeObject));
  };
  if (isBody(request)) {
    const body = request.options as PlainObject | undefined;
    return { kind, object: body && { ...body, kind: kind.kind, apiVersion: groupVersion(kind) }, old: undefined };
  }
  return { kind, object: show(object), old: show(old) };
}

/** What may have labels: a Scale has none. */
export function labelledObjects(request: AdmissionRequest): readonly unknown[] {
  if (scalePaths(request)) return [];
  return isBody(request) ? [request.options] : [request.object, request.old];
}

/** Puts a changed object in the place of the one on its way, with defaults. */
export async function putBack(
  request: AdmissionRequest,
  target: ResourceDefinition,
  changed: PlainObject,
): Promise<void> {
  const scale = scalePaths(request);
  if (scale && request.object) {
    scale.setSpec(request.object, (changed as unknown as ScaleObject).spec?.replicas ?? 0);
    return;
  }
  if (isBody(request)) return replaceContent(request.options as PlainObject, changed);
  const { resource, object } = request;
  if (!object) return;
  const { object: decoded } = await (request.isLarge ? decodeInTurns : decode)(target.schema, changed);
  decoded["kind"] = changed["kind"];
  decoded["apiVersion"] = changed["apiVersion"];
  const from = decoded as unknown as KubeObject;
  const back = (
    isConverted(request, target) ? (await converted(resource, [decoded]))[0] : inVersion(target, resource, from)
  ) as Draft<KubeObject>;
  await walked(request, () => fillDefaults(resource, back));
  replaceContent(
    object as unknown as PlainObject,
    {
      ...back,
      kind: resource.kind,
      apiVersion: groupVersion(resource),
    } as unknown as PlainObject,
  );
}

const shownAs = (target: ResourceDefinition, value: KubeObject): PlainObject => ({
  ...canonical(target.schema, value),
  kind: target.kind,
  apiVersion: groupVersion(target),
});

async function converted(target: ResourceDefinition, objects: readonly PlainObject[]): Promise<PlainObject[]> {
  try {
    const results = await target.convert?.(objects as unknown as KubeObject[]);
    return (results ?? []).map((each) => shownAs(target, each));
  } catch (error) {
    throw internalError(error);
  }
}

function inVersion(from: ResourceDefinition, to: ResourceDefinition, object: KubeObject): KubeObject {
  return from === to ? object : fromHub(to, toHub(from, object));
}

/** Whether there is no stored object on its way, but a body of a kind of its own. */
const isBody = ({ object, old, subresource }: AdmissionRequest) => !object && !old && subresource !== "";

function scalePaths({ resource, subresource }: AdmissionRequest): ScalePaths | undefined {
  const part = resource.subresources?.[subresource];
  return part?.type === "scale" ? part.replicas : undefined;
}

function replaceContent(object: PlainObject, content: PlainObject): void {
  for (const key of Object.keys(object)) delete object[key];
  Object.assign(object, content);
}
