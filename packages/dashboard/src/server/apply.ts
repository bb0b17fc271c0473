/** Applies what is written in YAML, object by object, as the server's own apply does it. */
import { parseYamlDocuments } from "@kubets/machinery/yaml";
import { Failure } from "./failure.ts";
import { type Kind, type Kinds, pathOf } from "./kinds.ts";
import type { KubeObject, ObjectMeta } from "./object.ts";
import { queryText, type Server } from "./server.ts";

export interface Applied {
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly isNew: boolean;
  readonly dryRun: boolean;
}

interface ApplyOptions {
  /** For what names none. */
  readonly namespace: string;
  readonly dryRun: boolean;
}

export const FIELD_MANAGER = "kubets-dashboard";

export async function* applyText(
  server: Server,
  kinds: Kinds,
  text: string,
  options: ApplyOptions,
): AsyncGenerator<Applied> {
  const objects = parseYamlDocuments(text).flatMap((document) => membersOf(document));
  if (objects.length === 0) throw new Failure("there is no object in this text");
  // All of them are looked at before the first is sent.
  const found = objects.map((object, i) => ({ object, kind: kindOf(kinds, object, i) }));
  for (const { object, kind } of found) yield await apply(server, kind, object, options);
}

/** The objects of a list, or the one that there is. */
function membersOf(document: unknown): KubeObject[] {
  const { kind, items } = (document ?? {}) as { readonly kind?: string; readonly items?: readonly KubeObject[] };
  return kind?.endsWith("List") && Array.isArray(items) ? items : [document as KubeObject];
}

function kindOf(kinds: Kinds, object: KubeObject, at: number): Kind {
  const where = `object ${at + 1}`;
  if (typeof object !== "object" || !object?.kind || !object.apiVersion)
    throw new Failure(`${where} does not say its apiVersion and kind`);
  const { name, generateName } = object.metadata ?? {};
  if (!name && !generateName) throw new Failure(`${where}, a ${object.kind}, does not say its metadata.name`);
  const kind = kinds.of(object);
  if (!kind) throw new Failure(`${where}: the server serves no ${object.kind} of ${object.apiVersion}`);
  const [version = ""] = object.apiVersion.split("/").slice(-1);
  return { ...kind, version };
}

async function apply(
  server: Server,
  kind: Kind,
  object: KubeObject,
  { namespace, dryRun }: ApplyOptions,
): Promise<Applied> {
  const { name, namespace: own } = object.metadata;
  const within = kind.namespaced ? own || namespace : "";
  const query = queryText({
    fieldManager: FIELD_MANAGER,
    fieldValidation: "Strict",
    dryRun: dryRun ? "All" : undefined,
  });
  const body = JSON.stringify(object);
  if (!name) {
    const made = await server.json<KubeObject>(`${pathOf(kind, within)}${query}`, { method: "POST", body });
    return { kind, metadata: made.metadata, isNew: true, dryRun };
  }
  const { code, text } = await server.answer(`${pathOf(kind, within, name)}${query}`, {
    method: "PATCH",
    contentType: "application/apply-patch+yaml",
    body,
  });
  return { kind, metadata: (JSON.parse(text) as KubeObject).metadata, isNew: code === 201, dryRun };
}
