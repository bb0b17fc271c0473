/** Kubernetes' quantities: compared and added exactly. */
import { parseQuantity, type Quantity, QuantityError, quantityOf, tryParseQuantity } from "@kubets/machinery";
import type { Library, Overload } from "../declarations.ts";
import { func, method } from "../declare.ts";
import { failure } from "../errors.ts";
import { parsing } from "../library-costs.ts";
import { celTypes as t } from "../types.ts";
import { Opaque } from "../values.ts";

class QuantityValue extends Opaque {
  readonly type = t.quantity;
  readonly amount: Quantity;
  constructor(amount: Quantity) {
    super();
    this.amount = amount;
  }
  equals(other: Opaque): boolean {
    return other instanceof QuantityValue && other.amount.equals(this.amount);
  }
  override toJson(): string {
    return this.amount.toString();
  }
}

export function quantity(text: string): QuantityValue {
  try {
    return new QuantityValue(parseQuantity(text));
  } catch (error) {
    if (error instanceof QuantityError) throw failure(error.message);
    throw error;
  }
}

/** The amount in whole units, if it is whole and fits. */
function whole({ amount }: QuantityValue): bigint | undefined {
  const value = amount.scaled(0);
  return value === BigInt.asIntN(64, value) && quantityOf(value).equals(amount) ? value : undefined;
}

function asInteger(value: QuantityValue): bigint {
  const integer = whole(value);
  if (integer === undefined) throw failure("cannot convert value to integer");
  return integer;
}

type Two = (a: Quantity, b: Quantity) => Quantity;
const sums = (name: string, join: Two): Overload[] => [
  method(
    name,
    `quantity_${name}`,
    [t.quantity, t.quantity],
    t.quantity,
    (a: QuantityValue, b: QuantityValue) => new QuantityValue(join(a.amount, b.amount)),
  ),
  method(
    name,
    `quantity_${name}_int`,
    [t.quantity, t.int],
    t.quantity,
    (a: QuantityValue, b: bigint) => new QuantityValue(join(a.amount, quantityOf(b))),
  ),
];

const pair = [t.quantity, t.quantity];

export const quantities: Library = {
  name: "quantities",
  overloads: [
    func("quantity", "string_to_quantity", [t.string], t.quantity, quantity, parsing),
    func(
      "isQuantity",
      "is_quantity_string",
      [t.string],
      t.bool,
      (text: string) => tryParseQuantity(text) !== undefined,
      parsing,
    ),
    method("sign", "quantity_sign", [t.quantity], t.int, ({ amount }: QuantityValue) => BigInt(amount.sign())),
    method(
      "isInteger",
      "quantity_is_integer",
      [t.quantity],
      t.bool,
      (value: QuantityValue) => whole(value) !== undefined,
    ),
    method("asInteger", "quantity_as_integer", [t.quantity], t.int, asInteger),
    method("asApproximateFloat", "quantity_as_float", [t.quantity], t.double, ({ amount }: QuantityValue) =>
      amount.toNumber(),
    ),
    method(
      "isGreaterThan",
      "quantity_greater_than",
      pair,
      t.bool,
      (a: QuantityValue, b: QuantityValue) => a.amount.compare(b.amount) > 0,
    ),
    method(
      "isLessThan",
      "quantity_less_than",
      pair,
      t.bool,
      (a: QuantityValue, b: QuantityValue) => a.amount.compare(b.amount) < 0,
    ),
    method("compareTo", "quantity_compare_to", pair, t.int, (a: QuantityValue, b: QuantityValue) =>
      BigInt(a.amount.compare(b.amount)),
    ),
    ...sums("add", (a, b) => a.add(b)),
    ...sums("sub", (a, b) => a.sub(b)),
  ],
};
