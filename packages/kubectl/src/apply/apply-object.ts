/**
 * Applies one object of a file: by the server (field ownership), or by a patch made here from three versions of it.
 * Holds: an object that is as the file says is not written.
 */
import { jsonText } from "@kubets/machinery/json-text";
import { isReason, StatusError } from "@kubets/machinery/status-error";
import { createObject, patchObject } from "../api/write.ts";
import { asError, PlainError, whileDoing } from "../errors.ts";
import { type JsonObject, mapAt, textAt } from "../json.ts";
import { apiVersionOf, pathOf } from "../resources/mapper.ts";
import type { Info } from "../resources/select.ts";
import type { Api } from "../session.ts";
import type { DryRun } from "../verbs/flags.ts";
import { LAST_APPLIED, lastApplied, withLastApplied, withoutLastApplied } from "./last-applied.ts";
import { migrationPatch } from "./migrate.ts";
import { structFor } from "./struct.ts";
import { threeWayPatch } from "./three-way.ts";

interface ApplyOptions {
  readonly dryRun: DryRun;
  readonly fieldManager: string;
  readonly fieldValidation: string;
  readonly serverSide: boolean;
  readonly forceConflicts: boolean;
  readonly overwrite: boolean;
  readonly subresource?: string;
  /** Takes the object away, to be made anew where it cannot be changed. */
  replace?(live: Info): Promise<void>;
  /** Without noting in the object what is applied: only to see what would change. */
  readonly unannotated?: boolean;
  warn(text: string): void;
}

interface Applied {
  readonly object: JsonObject;
  readonly did: "created" | "configured" | "unchanged" | "serverside-applied";
}

export function applyObject(api: Api, info: Info, options: ApplyOptions): Promise<Applied> {
  return options.serverSide ? applyByServer(api, info, options) : applyHere(api, info, options);
}

async function applyByServer(api: Api, info: Info, options: ApplyOptions): Promise<Applied> {
  try {
    const write = () => patchObject(api, info, "apply", info.object, { ...options, force: options.forceConflicts });
    const object = await write();
    return { object: (await migrated(api, info, object, options)) ? await write() : object, did: "serverside-applied" };
  } catch (error) {
    if (isReason(error, "Conflict")) throw new PlainError(conflictText(error));
    throw error;
  }
}

/** Whether something was left of client-side apply, which is then taken over; the object is to be applied once more. */
async function migrated(api: Api, info: Info, object: JsonObject, options: ApplyOptions): Promise<boolean> {
  if (options.dryRun !== "none") return false;
  for (let state = object, tries = 0; tries < MIGRATION_TRIES; tries++) {
    const patch = migrationPatch(state, options.fieldManager);
    if (!patch) return false;
    try {
      await patchObject(api, info, "json", patch);
      return true;
    } catch (error) {
      if (!isReason(error, "Conflict")) throw error;
      state = (await liveObject(api, info)) ?? state;
    }
  }
  throw new Error("the field ownership could not be taken over from client-side apply: others keep writing");
}

const MIGRATION_TRIES = 5;

const conflictText = (error: StatusError): string => `error: ${error.message}
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`;

async function applyHere(api: Api, info: Info, options: ApplyOptions): Promise<Applied> {
  const { resource, namespace, name, source } = info;
  const modified = options.unannotated ? withoutLastApplied(info.object) : withLastApplied(info.object);
  const live = await liveObject(api, info, options.subresource);
  if (!live) {
    if (options.dryRun === "client") return { object: modified, did: "created" };
    try {
      return { object: await createObject(api, info, modified, options), did: "created" };
    } catch (error) {
      throw whileDoing(error, `error when creating ${JSON.stringify(source)}`);
    }
  }
  if (!options.unannotated && mapAt(live, "metadata", "annotations")[LAST_APPLIED] === undefined)
    options.warn(missingAnnotation(info));
  const struct = structFor(resource);
  const original = options.unannotated ? (lastApplied(live) ?? {}) : originalOf(live);
  const patch = threeWayPatch(original, modified, live, struct);
  if (Object.keys(patch).length === 0) return { object: live, did: "unchanged" };
  if (textAt(live, "metadata", "deletionTimestamp"))
    options.warn(`Warning: Detected changes to resource ${name} which is currently being deleted.`);
  if (options.dryRun === "client") return { object: modified, did: "configured" };
  try {
    const object = await patchObject(api, info, struct ? "strategic" : "merge", patch, options);
    return { object, did: "configured" };
  } catch (error) {
    if (options.replace && (isReason(error, "Conflict") || isReason(error, "Invalid"))) {
      await options.replace(info);
      return { object: await createObject(api, info, modified, options), did: "configured" };
    }
    const gv = apiVersionOf(resource);
    const about = `error when applying patch:\n${jsonText(patch)}\nto:\nResource: "${gv}, Resource=${resource.resource}", GroupVersionKind: "${gv}, Kind=${resource.kind}"\nName: "${name}", Namespace: "${namespace ?? ""}"\nfor: ${JSON.stringify(source)}: error when patching ${JSON.stringify(source)}`;
    throw whileDoing(error, about);
  }
}

const originalOf = (live: JsonObject): JsonObject => {
  const original = lastApplied(live);
  return original ? withLastApplied(original) : {};
};

async function liveObject(
  api: Api,
  { resource, namespace, name, source }: Info,
  subresource?: string,
): Promise<JsonObject | undefined> {
  try {
    return await api.rest.get(pathOf(resource, namespace, name, subresource), { of: { resource, name } });
  } catch (error) {
    if (isReason(error, "NotFound") && error.status.details?.name === name) return undefined;
    throw whileDoing(
      asError(error),
      `error when retrieving current configuration of:\nResource: "${apiVersionOf(resource)}, Resource=${resource.resource}", GroupVersionKind: "${apiVersionOf(resource)}, Kind=${resource.kind}"\nName: "${name}", Namespace: "${namespace ?? ""}"\nfrom server for: ${JSON.stringify(source)}`,
    );
  }
}

const missingAnnotation = ({ resource, name }: Info): string =>
  `Warning: resource ${resource.resource}/${name} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.`;
