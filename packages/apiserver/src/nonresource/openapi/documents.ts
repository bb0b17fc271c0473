/**
 * The OpenAPI documents of a server, made when they are first asked for and again when what they are made of has changed.
 * Holds: making one never holds up the event loop; only its packed bytes are kept.
 */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type DocumentEntry, documentSteps } from "@kubets/api/openapi/document";
import { type Dialect, openApiV2, openApiV3 } from "@kubets/api/openapi/json-schema";
import { writeJson } from "@kubets/api/openapi/write-json";
import { writeProtobuf } from "@kubets/api/openapi/write-protobuf";
import { writeProtobufV3 } from "@kubets/api/openapi/write-protobuf-v3";
import type { ResourceDefinition } from "@kubets/api/resource";
import { inShortStretches } from "@kubets/machinery/short-stretches";
import type { RemoteDocuments } from "../../aggregation/remote-documents.ts";
import { merged } from "../../aggregation/remote-open-api.ts";
import type { ServedResources } from "../../served-resource.ts";
import { versionInfo } from "../version.ts";
import { textsOf } from "./texts.ts";

export interface PackedDocument {
  readonly gzipped: Buffer;
  /** The original's form of it: SHA-512 of what the document is made of, in capitals. */
  readonly hash: string;
}

type DocumentForm = "v3 json" | "v3 protobuf" | "v2 json" | "v2 protobuf";

interface Kept {
  readonly hash: string;
  readonly document: Promise<PackedDocument>;
}

export class OpenApiDocuments {
  readonly #served: ServedResources;
  readonly #kept = new Map<string, Kept>();
  #groups: { readonly generation: number; readonly byName: ReadonlyMap<string, Group> } | undefined;

  constructor(served: ServedResources) {
    this.#served = served;
  }

  /** The names of the documents of v3, "apis/apps/v1", each with its hash. */
  groups(): ReadonlyMap<string, Group> {
    if (this.#groups?.generation !== this.#served.generation) {
      const sorted = [...Map.groupBy(this.#served.definitions(), documentName)].toSorted(([a], [b]) =>
        a < b ? -1 : 1,
      );
      const byName = new Map(sorted.map(([name, definitions]) => [name, { definitions, hash: hashOf(definitions) }]));
      this.#groups = { generation: this.#served.generation, byName };
    }
    return this.#groups.byName;
  }

  v3(form: "v3 json" | "v3 protobuf", name: string): Promise<PackedDocument> | undefined {
    const group = this.groups().get(name);
    return group && this.#get(form, name, group);
  }

  /** With what servers behind this one add. */
  v2(form: "v2 json" | "v2 protobuf", remotes: readonly RemoteDocuments["openApiV2"][]): Promise<PackedDocument> {
    const definitions = this.#served.definitions();
    const hash = sha512([
      ...[...this.groups().values()].map((group) => group.hash),
      ...remotes.map(({ hash }) => hash),
    ]);
    return this.#get(
      form,
      "",
      { definitions, hash },
      remotes.flatMap(({ entries }) => entries),
    );
  }

  #get(
    form: DocumentForm,
    name: string,
    { definitions, hash }: Group,
    others: readonly DocumentEntry[] = [],
  ): Promise<PackedDocument> {
    const key = `${form} ${name}`;
    const kept = this.#kept.get(key);
    if (kept?.hash === hash) return kept.document;
    const document = make(form, definitions, others).then((gzipped) => ({ gzipped, hash }));
    this.#kept.set(key, { hash, document });
    document.catch(() => this.#kept.delete(key));
    return document;
  }
}

interface Group {
  readonly definitions: readonly ResourceDefinition[];
  readonly hash: string;
}

const documentName = ({ group, version }: ResourceDefinition) =>
  group ? `apis/${group}/${version}` : `api/${version}`;

const MESSAGES: Readonly<Partial<Record<DocumentForm, typeof writeProtobuf>>> = {
  "v2 protobuf": writeProtobuf,
  "v3 protobuf": writeProtobufV3,
};

async function make(
  form: DocumentForm,
  definitions: readonly ResourceDefinition[],
  others: readonly DocumentEntry[],
): Promise<Buffer> {
  const dialect: Dialect = form.startsWith("v3") ? openApiV3 : openApiV2;
  const document = await inShortStretches(documentSteps(definitions, dialect));
  const own = document.entries(await textsOf(document.types));
  const entries = others.length ? merged(own, others) : own;
  const { gitVersion } = versionInfo;
  const pieces: Uint8Array[] = [];
  const message = MESSAGES[form];
  if (message) await inShortStretches(message(entries, gitVersion), (piece) => pieces.push(piece));
  else await inShortStretches(writeJson(entries, dialect, gitVersion), (text) => pieces.push(Buffer.from(text)));
  return promisify(gzip)(Buffer.concat(pieces));
}

/** Changes when what a document is made of does, without making it. */
const hashOf = (definitions: readonly ResourceDefinition[]): string => sha512(definitions.map(fingerprint));

const fingerprints = new WeakMap<ResourceDefinition, string>();

function fingerprint(d: ResourceDefinition): string {
  let known = fingerprints.get(d);
  if (known === undefined) {
    known = `${d.group}/${d.version} ${d.resource} ${d.kind} ${d.verbs.join(",")} ${Object.keys(d.subresources ?? {}).join(",")} ${d.schemaId ?? ""}`;
    fingerprints.set(d, known);
  }
  return known;
}

const sha512 = (parts: readonly string[]): string =>
  createHash("sha512").update(versionInfo.gitVersion).update(parts.join("\n")).digest("hex").toUpperCase();
