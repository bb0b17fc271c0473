/** Changes a part of an object. */
import { FIELD_MANAGER } from "./apply.ts";
import { type Kind, pathOf } from "./kinds.ts";
import type { KubeObject } from "./object.ts";
import { queryText, type Server } from "./server.ts";

const TYPES = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
} as const;

export interface Patch {
  readonly type: keyof typeof TYPES;
  readonly patch: unknown;
  readonly subresource?: string;
}

export const AS_DASHBOARD = queryText({ fieldManager: FIELD_MANAGER });

export const patchObject = (
  server: Server,
  kind: Kind,
  { metadata: { namespace, name } }: KubeObject,
  { type, patch, subresource }: Patch,
): Promise<unknown> =>
  server.text(`${pathOf(kind, namespace, name, subresource)}${AS_DASHBOARD}`, {
    method: "PATCH",
    contentType: TYPES[type],
    body: JSON.stringify(patch),
  });
