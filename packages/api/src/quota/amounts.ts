/** Arithmetic of named amounts, without zeros. */
import { parseQuantity, type Quantity, zeroQuantity } from "@kubets/machinery";

export type Amounts = ReadonlyMap<string, Quantity>;

export const amount = (amounts: Amounts, name: string): Quantity => amounts.get(name) ?? zeroQuantity;

/** What is more in the first than in the second, or less; what is the same is left out. */
export function difference(now: Amounts, before: Amounts): Amounts {
  const result = new Map<string, Quantity>();
  for (const name of new Set([...now.keys(), ...before.keys()])) {
    const delta = amount(now, name).sub(amount(before, name));
    if (!delta.isZero()) result.set(name, delta);
  }
  return result;
}

export function ofList(list: Readonly<Record<string, string>> | undefined): Map<string, Quantity> {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]));
}

/** "a=1,b=2", as messages name amounts. */
export const shown = (names: readonly string[], of: (name: string) => Quantity | undefined): string =>
  [...names]
    .sort()
    .map((name) => `${name}=${of(name) ?? zeroQuantity}`)
    .join(",");
