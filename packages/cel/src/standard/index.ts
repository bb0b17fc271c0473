/** What every environment has. */
import type { Library } from "../declarations.ts";
import { standardMacros } from "../macros.ts";
import { type CelType, runtimeTypeName, celTypes as t } from "../types.ts";
import { TypeValue } from "../values.ts";
import { arithmetic } from "./arithmetic.ts";
import { comparison, logic } from "./comparison.ts";
import { conversions } from "./conversions.ts";
import { texts } from "./texts.ts";
import { timeParts } from "./times.ts";

const typeNames: readonly CelType[] = [
  t.bool,
  t.int,
  t.uint,
  t.double,
  t.string,
  t.bytes,
  t.null,
  t.timestamp,
  t.duration,
  t.list(t.dyn),
  t.map(t.dyn, t.dyn),
  t.type,
];

export const standard: Library = {
  name: "standard",
  overloads: [...arithmetic, ...comparison, ...logic, ...conversions, ...texts, ...timeParts],
  macros: standardMacros,
  constants: Object.fromEntries(
    typeNames.map((type) => [
      runtimeTypeName(type),
      { type: t.typeOf(type), value: new TypeValue(runtimeTypeName(type)) },
    ]),
  ),
};
