/** The objects in a text: YAML or JSON, several behind one another; lists are taken apart. */
import { isObject } from "@kubets/machinery/json-value";
import { parseYamlDocuments } from "@kubets/machinery/yaml";
import { PlainError } from "../errors.ts";
import { type JsonObject, listAt, textAt } from "../json.ts";

export interface FileObject {
  readonly object: JsonObject;
  /** The file's name as errors tell it; "STDIN" for standard input. */
  readonly source: string;
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
