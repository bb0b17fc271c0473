/** Short forms for declaring the overloads of a library. */
import type { Overload } from "./declarations.ts";
import type { CelType } from "./types.ts";

type More = Pick<Overload, "cost" | "estimate" | "work">;

/** `name(a, b)` */
export const func = (
  name: string,
  id: string,
  params: readonly CelType[],
  result: CelType,
  call: Overload["call"],
  more: More = {},
): Overload => ({ id, name, member: false, params, result, call, ...more });

/** `a.name(b)`; the target is the first parameter. */
export const method = (
  name: string,
  id: string,
  params: readonly CelType[],
  result: CelType,
  call: Overload["call"],
  more: More = {},
): Overload => ({ id, name, member: true, params, result, call, ...more });
