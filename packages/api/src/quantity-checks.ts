/** The checks of quantities as single fields. */
import { type FieldError, invalidValue, parseQuantity } from "@kubets/machinery";
import { NOT_NEGATIVE } from "./field-checks.ts";

/** Quantities have been parsed when an object is validated; this only looks at their sign. */
const signOf = (quantity: string): number => parseQuantity(quantity).sign();

export const checkNonNegativeQuantity = (field: string, quantity: string | undefined | null): FieldError[] =>
  quantity != null && signOf(quantity) < 0 ? [invalidValue(field, quantity, NOT_NEGATIVE)] : [];

export const checkPositiveQuantity = (field: string, quantity: string | undefined | null): FieldError[] =>
  quantity != null && signOf(quantity) <= 0 ? [invalidValue(field, quantity, "must be positive")] : [];
