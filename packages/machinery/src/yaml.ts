/**
 * YAML to JSON values and back, as Kubernetes' own YAML is read and written (see yaml-scalars.ts and yaml-writer.ts).
 * Loaded by itself (`@kubets/machinery/yaml`): nothing else of machinery needs js-yaml.
 */
import { parseEvents, YAMLException } from "js-yaml";
import type { JsonValue } from "./json-value.ts";
import { decodeUtf8 } from "./utf8.ts";
import { constructYaml, YamlError } from "./yaml-construct.ts";

export { YamlError } from "./yaml-construct.ts";
export { toYaml, type YamlWriteOptions } from "./yaml-writer.ts";

interface ParseYamlOptions {
  /** Collects what the original says of keys that stand twice: `line 3: key "data" already set in map`. */
  readonly duplicates?: string[];
}

const MAX_DEPTH = 1000;
const textOf = (input: string | Uint8Array): string => (typeof input === "string" ? input : decodeUtf8(input));

const SEPARATOR = /^---(?=\s|$)/gm;

/** The first document of a text; null for an empty one. Throws a YamlError. */
export function parseYaml(input: string | Uint8Array, options: ParseYamlOptions = {}): JsonValue {
  return construct(firstDocument(textOf(input)), options)[0] ?? null;
}

/** Every document of a text, those that are empty left out. */
export const parseYamlDocuments = (input: string | Uint8Array, options: ParseYamlOptions = {}): JsonValue[] =>
  construct(textOf(input), options).filter((document) => document !== null);

function construct(text: string, { duplicates }: ParseYamlOptions): JsonValue[] {
  const source = text.startsWith("\ufeff") ? text.slice(1) : text;
  try {
    return constructYaml(source, parseEvents(source, { maxDepth: MAX_DEPTH }), duplicates);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = (error.mark?.line ?? 0) + 1;
    throw new YamlError(problemOf(error.reason, source, line), line);
  }
}

/** The text up to the separator that begins the second document. */
function firstDocument(text: string): string {
  const separators = [...text.matchAll(SEPARATOR)].map(({ index }) => index);
  const first = separators[0];
  if (first === undefined) return text;
  const isLeading = /^(?:\ufeff|[ \t]*(?:#.*)?\r?\n|%.*\r?\n)*$/.test(text.slice(0, first));
  return text.slice(0, isLeading ? separators[1] : first);
}

/** The original's words for what a parser finds. */
function problemOf(reason: string, source: string, line: number): string {
  const text = source.split("\n")[line - 1] ?? "";
  if (reason.includes("within a flow collection")) {
    const last = source.trimEnd().at(-1) ?? "";
    if ("[{,:".includes(last)) return "did not find expected node content";
    return `did not find expected ',' or '${source.lastIndexOf("[") > source.lastIndexOf("{") ? "]" : "}"}'`;
  }
  if (reason.includes("end of the stream within")) return "found unexpected end of stream";
  if (reason.includes("tab characters")) return "found character that cannot start any token";
  if (reason.includes("multiline key") || reason.includes("expected ':'")) return "could not find expected ':'";
  if (reason.includes("bad indentation of a sequence")) return "did not find expected '-' indicator";
  if (reason.includes("bad indentation of a mapping")) {
    return /:\s.*:(\s|$)/.test(text) ? "mapping values are not allowed in this context" : "did not find expected key";
  }
  return reason;
}
