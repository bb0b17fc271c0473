/**
 * How large values may become. The original's costs do not bound what joining lists and replacing parts of texts make;
 * this does, as if the cost limit were reached.
 */
import { CelLimitError } from "./errors.ts";

export const MOST_ITEMS = 1_000_000;
const MOST_CHARACTERS = 16_000_000;

export const tooLarge = (): CelLimitError => new CelLimitError("operation cancelled: actual cost limit exceeded");

/** Throws where a text of this length would be made. */
export function checkLength(characters: number): void {
  if (characters > MOST_CHARACTERS) throw tooLarge();
}
