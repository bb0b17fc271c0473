/**
 * DNS messages on the wire: queries are read, answers written with compressed names.
 * Holds: reading never throws for what comes from outside: what is no query is undefined, or says which error it deserves.
 */
import { type Answer, CLASS_IN, type Question, type Rdata, type ResourceRecord, rcode, type } from "./record.ts";

export interface Query {
  readonly id: number;
  readonly recursionDesired: boolean;
  readonly question: Question | undefined;
  /** The error that the message deserves as it stands; noError for one that can be answered. */
  readonly problem: number;
  /** What EDNS says, when the asker knows it. */
  readonly edns: { readonly udpSize: number } | undefined;
}

const HEADER = 12;
const POINTER = 0xc0;

/** Undefined for what deserves no answer: a response, or too short to be one. */
export function readQuery(message: Buffer): Query | undefined {
  if (message.length < HEADER) return undefined;
  const flags = message.readUInt16BE(2);
  if (flags & 0x8000) return undefined;
  const base = { id: message.readUInt16BE(0), recursionDesired: (flags & 0x0100) !== 0, edns: undefined };
  const fault = (problem: number): Query => ({ ...base, question: undefined, problem });
  if ((flags >> 11) & 0xf) return fault(rcode.notImp);
  if (message.readUInt16BE(4) !== 1) return fault(rcode.formErr);
  const name = readName(message, HEADER);
  if (!name || name.end + 4 > message.length) return fault(rcode.formErr);
  const question = {
    name: name.text,
    type: message.readUInt16BE(name.end),
    class: message.readUInt16BE(name.end + 2),
  };
  const others = message.readUInt16BE(6) + message.readUInt16BE(8);
  const edns = findEdns(message, name.end + 4, others, message.readUInt16BE(10));
  if (edns === "malformed") return { ...base, question, problem: rcode.formErr };
  return { ...base, question, edns, problem: edns?.version ? rcode.badVers : rcode.noError };
}

/** A name at an offset, and where it ends there. */
export function readName(message: Buffer, start: number): { text: string; end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let end = -1;
  let length = 0;
  for (let jumps = 0; ; ) {
    const size = message[at];
    if (size === undefined) return undefined;
    if (size === 0) return { text: labels.join("."), end: end < 0 ? at + 1 : end };
    if ((size & POINTER) === POINTER) {
      if (at + 1 >= message.length || ++jumps > 32) return undefined;
      if (end < 0) end = at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      continue;
    }
    length += size + 1;
    if (size > 63 || length > 254 || at + 1 + size > message.length) return undefined;
    labels.push(message.toString("latin1", at + 1, at + 1 + size));
    at += 1 + size;
  }
}

/** Where each record's type and time to live stand, from the records' start; undefined for what is cut or wrong. */
export function walkRecords(
  message: Buffer,
  start: number,
  count: number,
): { readonly type: number; readonly at: number; readonly end: number }[] | undefined {
  const found = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const name = readName(message, at);
    if (!name || name.end + 10 > message.length) return undefined;
    const end = name.end + 10 + message.readUInt16BE(name.end + 8);
    if (end > message.length) return undefined;
    found.push({ type: message.readUInt16BE(name.end), at: name.end, end });
    at = end;
  }
  return found;
}

function findEdns(message: Buffer, start: number, others: number, additional: number) {
  if (others + additional === 0) return undefined;
  const records = walkRecords(message, start, others + additional);
  const opts = records?.slice(others).filter((record) => record.type === type.OPT);
  if (!opts || opts.length > 1) return "malformed";
  const [opt] = opts;
  if (!opt) return undefined;
  return { udpSize: message.readUInt16BE(opt.at + 2), version: message[opt.at + 5] ?? 0 };
}

export const DEFAULT_UDP_SIZE = 512;
/** What passes any link without being cut into fragments. */
export const OUR_UDP_SIZE = 1232;
const LARGEST = 65_535;
const OPT_SIZE = 11;

/** An answer of at most `limit` bytes; one that does not fit says so (TC) and holds the records that do. */
export function writeAnswer(query: Query, answer: Answer, limit: number = LARGEST): Buffer {
  return new Writer(query, limit).write(answer);
}

/** Shared by all answers: they are copied out when done. */
const scratch = Buffer.allocUnsafe(LARGEST + 1024);

class Writer {
  readonly #query: Query;
  readonly #limit: number;
  readonly #offsets = new Map<string, number>();
  #at = HEADER;

  constructor(query: Query, limit: number) {
    this.#query = query;
    this.#limit = limit - (query.edns ? OPT_SIZE : 0);
  }

  write({ rcode: code, authoritative, answers, authority = [], additional = [] }: Answer): Buffer {
    const { id, recursionDesired, question, edns } = this.#query;
    if (question) {
      this.#name(question.name);
      this.#u16(question.type);
      this.#u16(question.class);
    }
    const answered = this.#records(answers);
    const isCut = answered < answers.length;
    const referred = isCut ? 0 : this.#records(authority);
    // What does not fit of the additional ones is no loss: they can be asked for.
    const added = isCut ? 0 : this.#records(additional);
    if (edns) this.#opt(code >> 4);
    const flags =
      0x8000 |
      (authoritative ? 0x0400 : 0) |
      (isCut ? 0x0200 : 0) |
      (recursionDesired ? 0x0100 : 0) |
      0x0080 |
      (code & 0xf);
    for (const [i, value] of [id, flags, question ? 1 : 0, answered, referred, added + (edns ? 1 : 0)].entries())
      scratch.writeUInt16BE(value, i * 2);
    return Buffer.from(scratch.subarray(0, this.#at));
  }

  /** Writes those that fit, and tells how many. */
  #records(records: readonly ResourceRecord[]): number {
    for (const [i, record] of records.entries()) {
      const before = this.#at;
      this.#record(record);
      if (this.#at <= this.#limit) continue;
      this.#at = before;
      return i;
    }
    return records.length;
  }

  #record({ name, data, ttl }: ResourceRecord): void {
    this.#name(name);
    this.#u16(data.type);
    this.#u16(CLASS_IN);
    this.#u32(ttl);
    this.#u16(0);
    const start = this.#at;
    this.#data(data);
    scratch.writeUInt16BE(this.#at - start, start - 2);
  }

  #data(data: Rdata): void {
    switch (data.type) {
      case type.A:
      case type.AAAA:
        scratch.set(data.address, this.#at);
        this.#at += data.address.length;
        return;
      case type.CNAME:
      case type.PTR:
      case type.NS:
        this.#name(data.target);
        return;
      case type.SRV:
        for (const number of [0, data.weight, data.port]) this.#u16(number);
        // Names in SRV are not compressed (RFC 2782).
        this.#name(data.target, false);
        return;
      case type.TXT:
        scratch[this.#at++] = data.text.length;
        this.#at += scratch.write(data.text, this.#at, "latin1");
        return;
      case type.SOA:
        this.#name(data.mname);
        this.#name(data.rname);
        for (const number of [data.serial, 7200, 1800, 86_400, data.minimum]) this.#u32(number);
    }
  }

  /** The rest of a name that was written before is only pointed to. */
  #name(name: string, compress = true): void {
    let rest = name;
    while (rest !== "") {
      const known = compress ? this.#offsets.get(rest) : undefined;
      if (known !== undefined) return this.#u16((POINTER << 8) | known);
      if (this.#at < 0x4000 && !this.#offsets.has(rest)) this.#offsets.set(rest, this.#at);
      const dot = rest.indexOf(".");
      const label = dot < 0 ? rest : rest.slice(0, dot);
      scratch[this.#at++] = label.length;
      this.#at += scratch.write(label, this.#at, "latin1");
      rest = dot < 0 ? "" : rest.slice(dot + 1);
    }
    scratch[this.#at++] = 0;
  }

  #opt(extendedCode: number): void {
    scratch[this.#at++] = 0;
    this.#u16(type.OPT);
    this.#u16(OUR_UDP_SIZE);
    this.#u32(extendedCode << 24);
    this.#u16(0);
  }

  #u16(value: number): void {
    this.#at = scratch.writeUInt16BE(value, this.#at);
  }

  #u32(value: number): void {
    this.#at = scratch.writeUInt32BE(value >>> 0, this.#at);
  }
}
