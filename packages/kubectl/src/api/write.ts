/** Creates, changes and deletes objects, with the queries that all writes of kubectl carry. */
import type { JsonObject, JsonValue } from "../json.ts";
import { pathOf } from "../resources/mapper.ts";
import type { Info } from "../resources/select.ts";
import type { Api } from "../session.ts";
import { type DryRun, dryRunQuery } from "../verbs/flags.ts";
import { PATCH_TYPES } from "./rest.ts";

interface WriteOptions {
  readonly fieldManager?: string;
  readonly dryRun?: DryRun;
  readonly fieldValidation?: string;
  readonly force?: boolean;
  readonly subresource?: string;
}

type Target = Pick<Info, "resource" | "namespace" | "name">;

const queryOf = ({ fieldManager, dryRun = "none", fieldValidation, force }: WriteOptions) => ({
  fieldManager,
  fieldValidation,
  force,
  ...dryRunQuery(dryRun),
});

export const createObject = (
  api: Api,
  { resource, namespace }: Target,
  object: JsonObject,
  options: WriteOptions = {},
) => api.rest.call("POST", pathOf(resource, namespace), { body: object, query: queryOf(options), of: { resource } });

export const replaceObject = (
  api: Api,
  { resource, namespace, name }: Target,
  object: JsonObject,
  options: WriteOptions = {},
) =>
  api.rest.call("PUT", pathOf(resource, namespace, name, options.subresource), {
    body: object,
    query: queryOf(options),
    of: { resource, name },
  });

export const patchObject = (
  api: Api,
  { resource, namespace, name }: Target,
  type: keyof typeof PATCH_TYPES,
  patch: JsonValue,
  options: WriteOptions = {},
): Promise<JsonObject> =>
  api.rest.call("PATCH", pathOf(resource, namespace, name, options.subresource), {
    body: patch,
    contentType: PATCH_TYPES[type],
    query: queryOf(options),
    of: { resource, name },
  });

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly dryRun?: DryRun;
}

export function deleteObject(
  api: Api,
  { resource, namespace, name }: Target,
  options: DeleteOptions,
): Promise<JsonObject> {
  const { dryRun = "none", gracePeriodSeconds, propagationPolicy } = options;
  return api.rest.call("DELETE", pathOf(resource, namespace, name), {
    body: {
      kind: "DeleteOptions",
      apiVersion: "v1",
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      ...(propagationPolicy !== undefined && { propagationPolicy }),
      ...(dryRun === "server" && { dryRun: ["All"] }),
    },
    of: { resource, name },
  });
}
