/** Large values as JSON, in turns with other work: the same bytes as in one go. */
import { stringifyJson } from "@kubets/machinery/json";
import { type ReadonlyJson, setOwn } from "@kubets/machinery/json-value";
import { myTurn, piece } from "@kubets/machinery/turns";
import { type Container, DEEPEST, isLargeContainer, keysOf } from "./large.ts";

export async function jsonInTurns(value: unknown): Promise<Buffer[]> {
  const buffers: Buffer[] = [];
  await myTurn();
  let isOver = piece();
  for (const text of texts(value, 0)) {
    buffers.push(Buffer.from(text));
    if (!isOver()) continue;
    await myTurn();
    isOver = piece();
  }
  return buffers;
}

function* texts(value: unknown, depth: number): Generator<string> {
  if (depth > DEEPEST || !isLargeContainer(value)) return yield json(value);
  const isList = Array.isArray(value);
  yield isList ? "[" : "{";
  let comma = "";
  for (const { keys, large } of keysOf(value)) {
    if (large) {
      yield isList ? comma : `${comma}${JSON.stringify(keys[0])}:`;
      yield* texts(large, depth + 1);
    } else {
      const text = json(isList ? keys.map((key) => value[key]) : some(value, keys)).slice(1, -1);
      if (text === "") continue;
      yield comma + text;
    }
    comma = ",";
  }
  yield isList ? "]" : "}";
}

function some(container: Container, keys: readonly string[]): Container {
  const members: Record<string, unknown> = {};
  for (const key of keys) setOwn(members, key, container[key]);
  return members;
}

const json = (value: unknown): string => stringifyJson(value as ReadonlyJson);
