/** Sizes of volumes. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { parseQuantity } from "@kubets/machinery/quantity";

type ResourceList = Readonly<Record<string, string>>;

export const basicAmountErrors = (list: ResourceList | undefined, field: string): FieldError[] =>
  Object.entries(list ?? {}).flatMap(([name, text]) => basicAmountError(text, `${field}[${name}]`));

export function basicAmountError(text: string, field: string): FieldError[] {
  const quantity = parseQuantity(text);
  return quantity.sign() < 0 ? [invalidValue(field, quantity.value(), "must be a valid resource quantity")] : [];
}
