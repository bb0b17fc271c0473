/** A large object as JSON, written before its revision is known, in turns with other work: all but the metadata, which are written with the revision. */
import type { KubeObject } from "@kubets/api/meta";
import { jsonInTurns } from "../large-json.ts";

export interface WithoutMetadata {
  readonly before: readonly Buffer[];
  readonly behind: readonly Buffer[];
}

export async function writtenInTurns(object: KubeObject): Promise<WithoutMetadata> {
  const members = Object.entries(object);
  const at = members.findIndex(([name]) => name === "metadata");
  const before = await jsonInTurns(Object.fromEntries(members.slice(0, at)));
  const behind = await jsonInTurns(Object.fromEntries(members.slice(at + 1)));
  return { before, behind };
}

const HEAD = Buffer.from('"metadata":');
const COMMA = Buffer.from(",");

export function withMetadata({ before, behind }: WithoutMetadata, metadata: string): Buffer {
  const [first, last] = [Buffer.concat(before), Buffer.concat(behind)];
  const isEmpty = (written: Buffer) => written.length === 2;
  return Buffer.concat([
    first.subarray(0, -1),
    ...(isEmpty(first) ? [] : [COMMA]),
    HEAD,
    Buffer.from(metadata),
    ...(isEmpty(last) ? [] : [COMMA]),
    last.subarray(1),
  ]);
}
