/**
 * The objects in files: YAML or JSON, several in one file, folders, standard input; lists are taken apart.
 * Holds: in the order of the names given, of a folder the order of its file names.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { isObject } from "@kubets/machinery/json-value";
import { parseYamlDocuments } from "@kubets/machinery/yaml";
import { asError, PlainError, UsageError } from "../errors.ts";
import { type JsonObject, listAt, textAt } from "../json.ts";
import { kustomize } from "../kustomize/build.ts";

export interface FileObject {
  readonly object: JsonObject;
  /** The file's name as errors tell it; "STDIN" for standard input. */
  readonly source: string;
}

/** What stands before the name of a folder whose kustomization is meant. */
export const KUSTOMIZATION = "kustomize:";

const EXTENSIONS = new Set([".json", ".yaml", ".yml"]);

export async function readObjects(
  names: readonly string[],
  { recursive, stdin }: { recursive: boolean; stdin: () => Promise<string> },
): Promise<FileObject[]> {
  const objects: FileObject[] = [];
  for (const name of names) {
    if (name.startsWith(KUSTOMIZATION)) {
      const folder = name.slice(KUSTOMIZATION.length);
      for (const object of await kustomize(folder)) objects.push({ object, source: folder });
    } else if (name === "-") objects.push(...objectsIn(await stdin(), "STDIN"));
    else if (/^https?:\/\//.test(name)) objects.push(...objectsIn(await fetched(name), name));
    else
      for (const path of await filesAt(name, recursive)) objects.push(...objectsIn(await readFile(path, "utf8"), path));
  }
  return objects;
}

async function fetched(url: string): Promise<string> {
  const response = await fetch(url).catch((error: unknown) => {
    throw new UsageError(`unable to read URL ${JSON.stringify(url)}: ${causeOf(error)}`);
  });
  if (!response.ok)
    throw new UsageError(
      `unable to read URL ${JSON.stringify(url)}, server reported ${response.status} ${response.statusText}, status code=${response.status}`,
    );
  return response.text();
}

/** What lies under a failed fetch. */
const causeOf = (error: unknown): string => asError((error as { cause?: unknown }).cause ?? error).message;

async function filesAt(name: string, recursive: boolean): Promise<string[]> {
  const found = await stat(name).catch(() => undefined);
  if (!found) throw new UsageError(`the path ${JSON.stringify(name)} does not exist`);
  if (!found.isDirectory()) return [name];
  const entries = (await readdir(name, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(name, entry.name);
    if (entry.isDirectory() && recursive) files.push(...(await filesAt(path, true)));
    else if (!entry.isDirectory() && EXTENSIONS.has(extname(entry.name))) files.push(path);
  }
  return files;
}

export function objectsIn(text: string, source: string): FileObject[] {
  let documents: unknown[];
  try {
    documents = parseYamlDocuments(text);
  } catch (error) {
    const name = source === "STDIN" ? "STDIN" : source;
    throw new PlainError(`error: error parsing ${name}: error converting YAML to JSON: ${yamlText(error)}`);
  }
  return documents.flatMap((document) => flat(document, source));
}

function yamlText(error: unknown): string {
  const { message } = error as Error;
  return message.startsWith("yaml:") ? message : `yaml: ${message}`;
}

function flat(document: unknown, source: string): FileObject[] {
  const whom = source === "STDIN" ? "STDIN" : source;
  if (!isObject(document)) throw new PlainError(`error: unable to decode ${JSON.stringify(whom)}: it holds no object`);
  const kind = textAt(document, "kind");
  if (!kind) throw missing(whom, "kind", document);
  if (!textAt(document, "apiVersion")) throw missing(whom, "apiVersion", document);
  if (kind.endsWith("List") && Array.isArray(document.items)) {
    return listAt(document, "items").flatMap((item) => flat(item, source));
  }
  return [{ object: document, source }];
}

function missing(source: string, field: string, document: JsonObject): Error {
  if (field === "kind")
    return new PlainError(
      `error: error validating ${JSON.stringify(source)}: error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false`,
    );
  void document;
  return new PlainError(
    `error: error validating ${JSON.stringify(source)}: error validating data: apiVersion not set; if you choose to ignore these errors, turn validation off with --validate=false`,
  );
}
