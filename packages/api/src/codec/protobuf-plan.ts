/** The fields of a struct as its protobuf message has them: by number, and those of embedded messages below the embedding's number. */
import type { Field, Struct } from "../schema.ts";

export type Entry =
  | { readonly number: number; readonly field: Field; readonly wrapped: boolean }
  | { readonly number: number; readonly embedded: Message };

export interface Message {
  /** In ascending order of numbers. */
  readonly entries: readonly Entry[];
  readonly byNumber: readonly (Entry | undefined)[];
}

const plans = new WeakMap<Struct, Message>();

export function messageOf(struct: Struct): Message {
  let plan = plans.get(struct);
  if (!plan) {
    plan = build(struct, struct.fields, 0);
    plans.set(struct, plan);
  }
  return plan;
}

function build(struct: Struct, fields: readonly Field[], depth: number): Message {
  const groups = new Map<number, Field[]>();
  for (const field of fields) {
    const number = field.proto[depth];
    if (number === undefined) continue;
    const group = groups.get(number);
    if (group) group.push(field);
    else groups.set(number, [field]);
  }
  const entries = [...groups]
    .sort(([a], [b]) => a - b)
    .map(([number, group]): Entry => {
      const [first] = group as [Field];
      if (first.proto.length > depth + 1) return { number, embedded: build(struct, group, depth + 1) };
      return { number, field: first, wrapped: isWrapped(struct, first) };
    });
  const byNumber: Entry[] = [];
  for (const entry of entries) byNumber[entry.number] = entry;
  return { entries, byNumber };
}

/** The one list that protobuf keeps in a message of its own. */
const isWrapped = (struct: Struct, field: Field) => struct.name.endsWith(".v1.APIResource") && field.name === "verbs";
