/** ConfigMaps and Secrets made of literals and files; their names end on a hash of what they hold, so that a change is a new object. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { jsonText } from "@kubets/machinery/json-text";
import { UsageError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import type { GeneratorOptions, GeneratorRule } from "./file.ts";

export interface Generated {
  readonly object: JsonObject;
  readonly hashed: boolean;
  readonly behavior: NonNullable<GeneratorRule["behavior"]>;
}

export async function generate(
  kind: "ConfigMap" | "Secret",
  rule: GeneratorRule,
  folder: string,
  common: GeneratorOptions = {},
): Promise<Generated> {
  const data: Record<string, string> = {};
  const binaryData: Record<string, string> = {};
  const put = (key: string, value: Buffer) => {
    if (kind === "Secret") data[key] = value.toString("base64");
    else if (Buffer.from(value.toString("utf8")).equals(value)) data[key] = value.toString("utf8");
    else binaryData[key] = value.toString("base64");
  };
  for (const path of [...(rule.envs ?? []), ...(rule.env ? [rule.env] : [])])
    for (const line of (await readFile(join(folder, path), "utf8")).split("\n"))
      if (line.trim() !== "" && !line.startsWith("#")) put(...pairOf(line.trim()));
  for (const text of rule.files ?? []) {
    const [key, path] = text.includes("=") ? (text.split(/=(.*)/s) as [string, string]) : [basename(text), text];
    put(key, await readFile(join(folder, path)));
  }
  for (const literal of rule.literals ?? []) put(...pairOf(literal));
  const options = { ...common, ...rule.options };
  const labels = { ...common.labels, ...rule.options?.labels };
  const annotations = { ...common.annotations, ...rule.options?.annotations };
  const object: JsonObject = {
    apiVersion: "v1",
    kind,
    metadata: {
      name: rule.name,
      ...(rule.namespace && { namespace: rule.namespace }),
      ...(Object.keys(labels).length && { labels }),
      ...(Object.keys(annotations).length && { annotations }),
    },
    ...(kind === "Secret" && { type: rule.type ?? "Opaque" }),
    ...(Object.keys(data).length && { data }),
    ...(Object.keys(binaryData).length && { binaryData }),
    ...(options.immutable && { immutable: true }),
  };
  return { object, hashed: !options.disableNameSuffixHash, behavior: rule.behavior ?? "create" };
}

function pairOf(text: string): [string, Buffer] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new UsageError(`invalid literal source ${text}, expected key=value`);
  const value = text.slice(equals + 1).replace(/^(["'])(.*)\1$/s, "$2");
  return [text.slice(0, equals), Buffer.from(value)];
}

/** Ten letters and digits of a hash of what an object holds, whatever its name unless that is given; none of them can make a word. */
export function hashOf(object: JsonObject, name = ""): string {
  const { kind, data, binaryData, type } = object;
  const told: JsonObject = {
    data: data ?? "",
    kind: kind as string,
    name,
    ...(kind === "Secret" && { type: (type as string | undefined) ?? "" }),
  };
  if (binaryData) told["binaryData"] = binaryData;
  const sorted = Object.fromEntries(Object.entries(told).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const hex = createHash("sha256").update(jsonText(sorted)).digest("hex");
  return hex.slice(0, 10).replace(/[013ae]/g, (letter) => SAFE[letter] as string);
}
const SAFE: Readonly<Record<string, string>> = { "0": "g", "1": "h", "3": "k", a: "m", e: "t" };
