/**
 * Which of the offered media types answers a request. The answer for a header text is remembered (bounded), since
 * clients send the same few.
 */
import { type MediaType, parseAccept } from "./media-type.ts";

/** What a server can answer with. */
interface Offer {
  readonly type: string;
  readonly subtype: string;
}

export interface Choice<O> {
  readonly offer: O;
  /** The clause of the header that chose it, with its parameters (`as`, `v`, `g`, `pretty`, `stream`, ...). */
  readonly accepted: MediaType;
}

/**
 * Says whether an offer may be chosen by a clause with these parameters; a clause that is refused is passed over, so
 * that `application/json;as=Table,application/json` falls back to plain JSON.
 */
type Allows<O> = (offer: O, accepted: MediaType) => boolean;

type Negotiator<O> = (accept: string | undefined) => Choice<O> | undefined;

const REMEMBERED = 256;
const LONGEST_REMEMBERED = 512;

/** No header means the first offer. Undefined means that nothing offered is acceptable: 406. */
export function negotiator<O extends Offer>(offers: readonly O[], allows: Allows<O> = () => true): Negotiator<O> {
  const remembered = new Map<string, Choice<O> | undefined>();
  return (accept) => {
    const header = accept || "*/*";
    if (remembered.has(header)) return remembered.get(header);
    const choice = choose(parseAccept(header), offers, allows);
    if (header.length <= LONGEST_REMEMBERED) {
      if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value as string);
      remembered.set(header, choice);
    }
    return choice;
  };
}

function choose<O extends Offer>(
  clauses: readonly MediaType[],
  offers: readonly O[],
  allows: Allows<O>,
): Choice<O> | undefined {
  for (const accepted of clauses) {
    const offer = offers.find((one) => matches(one, accepted) && allows(one, accepted));
    if (offer) return { offer, accepted };
  }
  return undefined;
}

const matches = (offer: Offer, { type, subtype }: MediaType) =>
  (type === "*" || type === offer.type) && (subtype === "*" || subtype === offer.subtype);
