/** The kinds with every field filled, as JSON and as protobuf, where the folder of facts lies beside the repository. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { typeName } from "../define.ts";
import { parseGroupVersion } from "../resource-ref.ts";
import { hasStruct, type Struct, structOf } from "../schema.ts";

const root = join(import.meta.dirname, "../../../../..");

/** The folder of facts and recordings, or undefined. */
export const sharedFolder = ["shared", "../shared"].map((name) => join(root, name)).find((path) => existsSync(path));

export interface Golden {
  readonly name: string;
  readonly struct: Struct;
  readonly json: string;
  readonly protobuf: Buffer;
}

/** Every pair whose kind the tables have; the others are of versions that are not served any more. */
export function* goldenPairs(): Generator<Golden> {
  if (!sharedFolder) return;
  const folder = join(sharedFolder, "facts/golden");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const value = JSON.parse(readFileSync(join(folder, file), "utf8")) as { apiVersion?: string; kind?: string };
    if (!value.apiVersion || !value.kind) continue;
    const { group, version } = parseGroupVersion(value.apiVersion);
    const type = [typeName(group, version, value.kind), `apimachinery.pkg.apis.meta.v1.${value.kind}`].find(hasStruct);
    if (!type) continue;
    const protobuf = readFileSync(join(folder, file.replace(/json$/, "pb")));
    yield { name: file.replace(/\.json$/, ""), struct: structOf(type), json: JSON.stringify(value), protobuf };
  }
}
