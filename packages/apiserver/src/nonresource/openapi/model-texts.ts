/**
 * The texts of the published API, read from the models of `@kubernetes/client-node`: in a checkout when they are asked for, and when the
 * program is bundled. The models name a type by its version and kind, and by its group where two groups have the same.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { TypeText } from "@kubets/api/openapi/type-texts";
import { RELEASE } from "@kubets/machinery/release";

/** The folder of the models, where the package is installed. */
export function modelsFolder(): string | undefined {
  try {
    const folder = join(dirname(createRequire(import.meta.url).resolve("@kubernetes/client-node")), "gen/models");
    return existsSync(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** The text of one type, or undefined where there is none of this release. */
export async function modelText(folder: string, type: string): Promise<TypeText | undefined> {
  for (const model of modelNames(type)) {
    const source = await readFile(join(folder, `${model}.d.ts`), "utf8").catch(() => undefined);
    if (source?.includes(`release-${RELEASE}`)) return readModel(source);
  }
  return undefined;
}

/** "io.k8s.api.core.v1.EndpointPort" -> "CoreV1EndpointPort", "V1EndpointPort" */
function modelNames(type: string): string[] {
  const words = type.split(".");
  const [group = "", version = "", kind = ""] = words.slice(-3);
  const pascal = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
  return [`${pascal(group)}${pascal(version)}${kind}`, `${pascal(version)}${kind}`];
}

const CLASS = /\/\*\*\n((?:\*.*\n)+)\*\/\nexport declare class/;
const FIELD = /^ {4}\/\*\*\n((?: {4}\*.*\n)+?) {4}\*\/\n {4}'([^']+)'/gm;

function readModel(source: string): TypeText {
  const fields: Record<string, string> = {};
  for (const [, comment = "", name = ""] of source.matchAll(FIELD)) fields[fieldName(name)] = plain(comment);
  return { text: plain(CLASS.exec(source)?.[1] ?? ""), fields };
}

/** Models avoid the words of their language: `_continue`, and `$ref` is `$ref`. */
const fieldName = (name: string) => name.replace(/^_/, "");

const plain = (comment: string): string =>
  comment
    .split("\n")
    .map((line) => line.replace(/^ *\* ?/, ""))
    .join("\n")
    .trim()
    .replace(/\\(["'\\])/g, "$1");
