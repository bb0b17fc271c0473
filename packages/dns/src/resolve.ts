/**
 * Answers questions from the records of the cluster.
 * Holds: a name below the cluster's domain is always answered here, with NXDOMAIN if it must be: nothing of it goes to other servers. A
 * name that exists without records of the asked type has an empty answer with the zone's SOA, as has one that does not exist.
 */
import type { ClusterRecords } from "./cluster-records.ts";
import { type Answer, type Question, type Rdata, type ResourceRecord, rcode, type } from "./record.ts";
import { undashed } from "./reverse.ts";
import { addressRecord } from "./service-records.ts";

export interface ResolveOptions {
  readonly ttl: number;
  /** The addresses of the DNS service, for the zone's own NS record. */
  readonly serverAddresses: readonly string[];
  /** Turns the order of addresses round, so that clients that take the first spread. */
  rotation(): number;
}

/** The version of the specification that is served. */
const SPECIFICATION = "1.1.0";

/** Undefined for a name that is not the cluster's. `alias` asks for what an alias outside of the cluster means, too. */
interface Resolved {
  readonly answer: Answer;
  readonly alias?: string;
}

/** Aliases that lead further than this lead in a circle. */
const LONGEST_CHAIN = 8;

export function resolve(
  records: ClusterRecords,
  question: Question,
  options: ResolveOptions,
  depth = 0,
): Resolved | undefined {
  const name = question.name.toLowerCase();
  if (name.endsWith(".in-addr.arpa") || name.endsWith(".ip6.arpa")) return reverse(records, name, question, options);
  const { domain } = records;
  if (name !== domain && !name.endsWith(`.${domain}`)) return undefined;
  return new ZoneQuestion(records, question, options, depth).answer(name.slice(0, -domain.length - 1));
}

function reverse(
  records: ClusterRecords,
  name: string,
  { name: asked, type: wanted }: Question,
  { ttl }: ResolveOptions,
) {
  const found = records.at(name);
  if (!found) return undefined;
  const answers = found
    .filter((data) => wanted === type.ANY || data.type === wanted)
    .map((data) => ({ name: asked, data, ttl }));
  return { answer: { rcode: rcode.noError, authoritative: true, answers } };
}

class ZoneQuestion {
  readonly #records: ClusterRecords;
  readonly #question: Question;
  readonly #options: ResolveOptions;
  readonly #depth: number;

  constructor(records: ClusterRecords, question: Question, options: ResolveOptions, depth: number) {
    this.#depth = depth;
    this.#records = records;
    this.#question = question;
    this.#options = options;
  }

  answer(relative: string): Resolved {
    const found = relative === "" ? this.#apex() : this.#find(relative);
    if (!found) return { answer: this.#nothing(rcode.nxDomain) };
    const wanted = this.#question.type;
    const alias = found.find((data) => data.type === type.CNAME);
    if (alias && "target" in alias && wanted !== type.CNAME) return this.#follow(alias);
    const matching = wanted === type.ANY ? found : found.filter((data) => data.type === wanted);
    if (matching.length === 0) return { answer: this.#nothing(rcode.noError) };
    const answers = turned(matching, this.#options.rotation()).map((data) => this.#record(this.#question.name, data));
    return { answer: { rcode: rcode.noError, authoritative: true, answers, additional: this.#additional(matching) } };
  }

  /** What is at a name below the domain; an empty list where names go on, undefined where nothing is. */
  #find(relative: string): readonly Rdata[] | undefined {
    const known = this.#records.at(relative);
    if (known) return known;
    if (relative === "svc" || relative === "pod") return [];
    if (relative === "dns-version") return [{ type: type.TXT, text: SPECIFICATION }];
    if (relative === "ns.dns") return this.#serverAddresses();
    if (relative === "dns") return [];
    const labels = relative.split(".");
    const [namespace = "", kind = ""] = labels.slice(-2);
    if (kind !== "svc" && kind !== "pod") return undefined;
    if (!this.#records.hasNamespace(namespace)) return undefined;
    if (labels.length === 2) return [];
    return kind === "pod" && labels.length === 3 ? podRecords(labels[0] as string) : undefined;
  }

  #apex(): Rdata[] {
    return [this.#soa(), { type: type.NS, target: `ns.dns.${this.#records.domain}` }];
  }

  #soa(): Rdata {
    const { domain, serial } = this.#records;
    const { ttl } = this.#options;
    return { type: type.SOA, mname: `ns.dns.${domain}`, rname: `hostmaster.${domain}`, serial, minimum: ttl };
  }

  #serverAddresses(): Rdata[] {
    return this.#options.serverAddresses.flatMap((ip) => addressRecord("", ip)).map(({ data }) => data);
  }

  /** The alias, and what it means as far as the cluster knows. */
  #follow(alias: Rdata & { readonly target: string }): Resolved {
    const answers = [this.#record(this.#question.name, alias)];
    const done = { rcode: rcode.noError, authoritative: true, answers };
    if (this.#depth >= LONGEST_CHAIN) return { answer: done };
    const next = resolve(this.#records, { ...this.#question, name: alias.target }, this.#options, this.#depth + 1);
    if (!next) return { answer: done, alias: alias.target };
    return { ...next, answer: { ...done, answers: [...answers, ...next.answer.answers] } };
  }

  /** The addresses of the servers that an SRV names. */
  #additional(found: readonly Rdata[]): ResourceRecord[] {
    const targets = new Set<string>();
    for (const data of found) if (data.type === type.SRV || data.type === type.NS) targets.add(data.target);
    const cut = this.#records.domain.length + 1;
    return [...targets].flatMap((target) =>
      (this.#find(target.slice(0, -cut)) ?? [])
        .filter((data) => data.type === type.A || data.type === type.AAAA)
        .map((data) => this.#record(target, data)),
    );
  }

  #nothing(code: number): Answer {
    const authority = [this.#record(this.#records.domain, this.#soa())];
    return { rcode: code, authoritative: true, answers: [], authority };
  }

  #record(name: string, data: Rdata): ResourceRecord {
    return { name, data, ttl: this.#options.ttl };
  }
}

/** A pod is named by its address; whether it is there is not looked at, as the original does by default. */
function podRecords(label: string): Rdata[] | undefined {
  const ip = undashed(label);
  return ip === undefined ? undefined : addressRecord("", ip).map(({ data }) => data);
}

function turned<T>(list: readonly T[], by: number): readonly T[] {
  const cut = list.length > 1 ? by % list.length : 0;
  return cut === 0 ? list : [...list.slice(cut), ...list.slice(0, cut)];
}
