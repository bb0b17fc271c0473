/** Large values as JSON, in turns with other work: the same bytes as in one go. */
import { stringifyJson } from "@kubets/machinery/json";
import { type ReadonlyJson, setOwn } from "@kubets/machinery/json-value";
import { myTurn, piece } from "@kubets/machinery/turns";
import { isLarge } from "./large.ts";

type Members = Readonly<Record<string, unknown>>;

/** As many members are written in one go, if none of them is large. */
const TOGETHER = 200;
/** What stands deeper is written in one go. */
const DEEPEST = 32;

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
  if (typeof value !== "object" || value === null || depth > DEEPEST || !isLarge(value)) return yield json(value);
  const isList = Array.isArray(value);
  yield isList ? "[" : "{";
  let comma = "";
  for (const some of together(value as Members, isList)) {
    if (some.large === undefined) {
      const text = json(some.members).slice(1, -1);
      if (text === "") continue;
      yield comma + text;
    } else {
      yield isList ? comma : `${comma}${JSON.stringify(some.large)}:`;
      yield* texts((value as Members)[some.large], depth + 1);
    }
    comma = ",";
  }
  yield isList ? "]" : "}";
}

type Some =
  | { readonly large: string; readonly members?: undefined }
  | { readonly large?: undefined; readonly members: object };

/** The members in their order: each large one for itself, others together. */
function* together(container: Members, isList: boolean): Generator<Some> {
  let members: Record<string, unknown> | unknown[] = isList ? [] : {};
  let count = 0;
  for (const key of Object.keys(container)) {
    const member = container[key];
    const isAlone = typeof member === "object" && member !== null && isLarge(member);
    if (!isAlone) put(members, key, member);
    if (!isAlone && ++count < TOGETHER) continue;
    yield { members };
    if (isAlone) yield { large: key };
    members = isList ? [] : {};
    count = 0;
  }
  yield { members };
}

function put(members: Record<string, unknown> | unknown[], key: string, value: unknown): void {
  if (Array.isArray(members)) members.push(value);
  else setOwn(members, key, value);
}

const json = (value: unknown): string => stringifyJson(value as ReadonlyJson);
