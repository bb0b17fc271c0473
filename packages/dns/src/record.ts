/** Resource records as data, and the numbers that DNS has for their types and for the outcomes of queries. */
export const type = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  AXFR: 252,
  ANY: 255,
} as const;
export const rcode = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, refused: 5, badVers: 16 } as const;
export const CLASS_IN = 1;

export type Rdata =
  | { readonly type: typeof type.A | typeof type.AAAA; readonly address: Uint8Array }
  | { readonly type: typeof type.CNAME | typeof type.PTR | typeof type.NS; readonly target: string }
  | { readonly type: typeof type.SRV; readonly port: number; readonly weight: number; readonly target: string }
  | { readonly type: typeof type.TXT; readonly text: string }
  | {
      readonly type: typeof type.SOA;
      readonly mname: string;
      readonly rname: string;
      readonly serial: number;
      readonly minimum: number;
    };

/** Names are written without the last dot; those that are looked up are in lower case. */
export interface ResourceRecord {
  readonly name: string;
  readonly data: Rdata;
  readonly ttl: number;
}

export interface Question {
  /** As it was asked, with its letters as they were. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface Answer {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authority?: readonly ResourceRecord[];
  readonly additional?: readonly ResourceRecord[];
}

/** How a type is called in metrics; types that nobody asks for are all "other". */
export const typeName = (number: number): string =>
  Object.entries(type).find(([, value]) => value === number)?.[0] ?? "other";
