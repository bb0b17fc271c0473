/** The kinds with every field filled, as JSON and as protobuf, where the folder of facts lies beside the repository. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { typeName } from "../define.ts";
import type { PlainObject } from "../meta.ts";
import { hasStruct, type Struct, structOf } from "../schema.ts";
import { hasMessage, readMessages, structLike } from "./golden-struct.fixture.ts";

const root = join(import.meta.dirname, "../../../../..");

/** The folder of facts and recordings, or undefined. */
export const sharedFolder = ["shared", "../shared"].map((name) => join(root, name)).find((path) => existsSync(path));

export interface Golden {
  readonly name: string;
  readonly struct: Struct;
  readonly json: string;
  readonly protobuf: Buffer;
}

interface Pair extends Omit<Golden, "struct"> {
  readonly value: PlainObject;
  /** What its type may be called: that of its group, or one of meta, which are kinds of all groups. */
  readonly types: readonly string[];
}

/** Every pair whose kind the tables have. */
export function* goldenPairs(): Generator<Golden> {
  for (const { types, ...pair } of pairs()) {
    const type = types.find(hasStruct);
    if (type) yield { ...pair, struct: structOf(type) };
  }
}

/** The others: of versions that are not served any more, and of kinds that no request or answer holds as protobuf. */
export function* unpublishedPairs(): Generator<Golden> {
  const messages = sharedFolder ? readMessages(join(sharedFolder, "facts")) : {};
  for (const { types, ...pair } of pairs()) {
    if (types.some(hasStruct)) continue;
    const message = types.find((type) => hasMessage(messages, type)) ?? "";
    yield { ...pair, struct: structLike(messages, message, pair.value) };
  }
}

function* pairs(): Generator<Pair> {
  if (!sharedFolder) return;
  const folder = join(sharedFolder, "facts/golden");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const value = JSON.parse(readFileSync(join(folder, file), "utf8")) as PlainObject;
    const name = file.replace(/\.json$/, "");
    const [, group = "", version = "", kind = ""] = /^(.*)\.(\w+)\.(\w+)$/.exec(name) ?? [];
    const types = [typeName(group === "core" ? "" : group, version, kind), `apimachinery.pkg.apis.meta.v1.${kind}`];
    const protobuf = readFileSync(join(folder, `${name}.pb`));
    yield { name, value, types, json: JSON.stringify(value), protobuf };
  }
}
