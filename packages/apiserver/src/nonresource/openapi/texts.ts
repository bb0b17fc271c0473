/**
 * Texts of the API's types for the documents that show them: from the packed file beside the bundle, or in a checkout from the models.
 * Nothing is kept: who builds a document asks for what it needs, and documents are built seldom.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Describe } from "@kubets/api/openapi/json-schema";
import { nameOfLine, type TypeText, unpackedLine } from "@kubets/api/openapi/type-texts";
import { inShortStretches } from "@kubets/machinery/short-stretches";
import { modelsFolder, modelText } from "./model-texts.ts";

/** What the bundle is published with. */
export const PACKED_TEXTS = "openapi-texts.jsonl.gz";

/** The texts of these types, as far as there are any. */
export async function textsOf(types: readonly string[]): Promise<Describe> {
  const texts = (await packedTexts(types)) ?? (await modelTexts(types));
  return (type, field) => {
    const found = texts.get(type);
    return (field === undefined ? found?.text : found?.fields[field]) || undefined;
  };
}

async function packedTexts(types: readonly string[]): Promise<Map<string, TypeText> | undefined> {
  const packed = await readFile(join(import.meta.dirname, PACKED_TEXTS)).catch(() => undefined);
  if (!packed) return undefined;
  const wanted = new Set(types);
  const found = new Map<string, TypeText>();
  const text = (await promisify(gunzip)(packed)).toString();
  await inShortStretches(lines(text), (line) => {
    const name = nameOfLine(line);
    if (wanted.has(name)) found.set(name, unpackedLine(line));
  });
  return found;
}

function* lines(text: string): Generator<string, void, void> {
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at);
    yield text.slice(at, end);
    at = end + 1;
  }
}

async function modelTexts(types: readonly string[]): Promise<Map<string, TypeText>> {
  const found = new Map<string, TypeText>();
  const folder = modelsFolder();
  if (!folder) return found;
  for (let i = 0; i < types.length; i += FILES_AT_ONCE) {
    const some = types.slice(i, i + FILES_AT_ONCE);
    for (const [at, text] of (await Promise.all(some.map((type) => modelText(folder, type)))).entries())
      if (text) found.set(some[at] as string, text);
  }
  return found;
}
const FILES_AT_ONCE = 4;
