/**
 * From a parsed JSON value to an object of a kind, in canonical form: fresh, checked, with the fields that the kind lacks told apart.
 * The fast walk is canonical.ts's; only when it finds something wrong does a second, slow one look where.
 */
import { badRequest } from "@kubets/machinery";
import { inTurns } from "@kubets/machinery/turns";
import type { PlainObject } from "../meta.ts";
import type { Struct } from "../schema.ts";
import { canonicalStruct, type Walk } from "./canonical.ts";
import { DecodeError, report } from "./decode-report.ts";

export { DecodeError } from "./decode-report.ts";

export interface Decoded {
  readonly object: PlainObject;
  /** The paths of fields that the kind does not have ("spec.foo"), in the order of the document, a hundred at most. */
  readonly unknown: readonly string[];
}

/**
 * Decodes; throws a DecodeError in Go's words where a value is not of its field's type. With `own` the value becomes the decoder's:
 * what is canonical in it is used as it stands, which is faster; so for what was just parsed, never for what others hold.
 */
export function decode(struct: Struct, value: unknown, { own = false, floats = false } = {}): Decoded {
  const walk: Walk = { own, asSent: true, floats, unknown: 0 };
  try {
    return decoded(struct, value, canonicalStruct(struct, value, walk), walk);
  } catch (cause) {
    throw reported(struct, value, cause);
  }
}

/** The same of a large value, in turns with other work. */
export async function decodeInTurns(
  struct: Struct,
  value: unknown,
  { own = false, floats = false } = {},
): Promise<Decoded> {
  const walk: Walk = { own, asSent: true, floats, unknown: 0 };
  try {
    return decoded(struct, value, await inTurns(() => canonicalStruct(struct, value, walk)), walk);
  } catch (cause) {
    throw reported(struct, value, cause);
  }
}

const decoded = (struct: Struct, value: unknown, object: PlainObject, { unknown }: Walk): Decoded => ({
  object,
  unknown: unknown ? report(struct, value).unknown : [],
});

function reported(struct: Struct, value: unknown, cause: unknown): unknown {
  const { error } = report(struct, value);
  return error === undefined ? cause : new DecodeError(error, { cause });
}

/** Which kind a body says it is, and which one its resource takes. */
interface BodyKind {
  readonly version: string;
  readonly kind: string;
  readonly wanted?: string;
}

/** Decodes the body of a request: what is wrong with it is a bad request. */
export function decodeBody(
  struct: Struct,
  value: unknown,
  body: BodyKind,
  options?: { own?: boolean; floats?: boolean },
): Decoded {
  try {
    return decode(struct, value, options);
  } catch (error) {
    throw badBody(error, body);
  }
}

export const decodeBodyInTurns = (
  struct: Struct,
  value: unknown,
  body: BodyKind,
  options?: { own?: boolean; floats?: boolean },
): Promise<Decoded> =>
  decodeInTurns(struct, value, options).catch((error: unknown) => {
    throw badBody(error, body);
  });

const badBody = (error: unknown, body: BodyKind) =>
  error instanceof DecodeError ? cannotHandle(body, error.message) : error;

/** The answer to a body that is no object of its resource. */
export const cannotHandle = ({ kind, version, wanted = kind }: BodyKind, why: string) =>
  badRequest(`${kind} in version "${version}" cannot be handled as a ${wanted}: ${why}`);

export const unknownFieldText = (path: string): string => `unknown field "${path}"`;

export const strictText = (texts: readonly string[]): string => `strict decoding error: ${texts.join(", ")}`;
