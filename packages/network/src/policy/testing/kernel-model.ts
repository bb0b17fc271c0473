/**
 * A kernel for tests: takes the commands that the table gives, refuses what nft would refuse, and says what becomes of a packet. It knows only
 * the words that the rules of network policies use.
 */
import { mustParseCidr, mustParseIp } from "@kubets/machinery";
import type { Connection } from "../verdict.ts";

type Verdict = "accept" | "drop" | "return" | undefined;

export class KernelModel {
  readonly #sets = new Map<string, Map<string, string>>();
  readonly #chains = new Map<string, string[]>();

  run(lines: readonly string[]): void {
    for (const line of lines) this.#command(line);
  }

  /** Everything that is there, to be compared. */
  dump(): unknown {
    const sorted = <V>(map: ReadonlyMap<string, V>) => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { sets: sorted(this.#sets).map(([name, set]) => [name, sorted(set)]), chains: sorted(this.#chains) };
  }

  allows(connection: Connection): boolean {
    return this.#walk("forward", connection) !== "drop";
  }

  #command(line: string): void {
    if (/^(add|delete) table /.test(line)) {
      this.#sets.clear();
      this.#chains.clear();
      return;
    }
    const [, verb = "", kind = "", name = "", rest = ""] =
      /^(\w+) (\w+) inet kubets-policy (\S+) ?(.*)$/.exec(line) ?? [];
    const set = () => this.#sets.get(name) ?? fail(`there is no set ${name}: ${line}`);
    if (verb === "add" && (kind === "set" || kind === "map")) this.#sets.set(name, this.#sets.get(name) ?? new Map());
    else if (verb === "add" && kind === "chain") this.#chains.set(name, []);
    else if (verb === "add" && kind === "rule") this.#addRule(name, rest);
    else if (verb === "add" && kind === "element")
      for (const [key, value] of listed(rest)) this.#addElement(set(), key, value);
    else if (verb === "delete" && kind === "element") deleteElements(set(), rest);
    else if (verb === "flush") set().clear();
    else if (verb === "delete" && kind === "chain") this.#deleteChain(name);
    else if (verb === "delete" && kind === "set") this.#deleteSet(name);
    else fail(`unknown: ${line}`);
  }

  #addRule(chain: string, rule: string): void {
    for (const [, set = ""] of rule.matchAll(/@(\S+)/g)) if (!this.#sets.has(set)) fail(`no set for ${rule}`);
    (this.#chains.get(chain) ?? fail(`no chain ${chain}`)).push(rule);
  }

  #addElement(set: Map<string, string>, key: string, value: string): void {
    if (set.has(key) && set.get(key) !== value) fail(`${key} leads elsewhere already`);
    if (value && !this.#chains.has(value.slice("jump ".length))) fail(`no chain for ${key} : ${value}`);
    set.set(key, value);
  }

  #deleteChain(name: string): void {
    for (const set of this.#sets.values()) if ([...set.values()].includes(`jump ${name}`)) fail(`${name} is in use`);
    if (!this.#chains.delete(name)) fail(`no chain ${name}`);
  }

  #deleteSet(name: string): void {
    for (const rules of this.#chains.values())
      if (rules.some((rule) => rule.includes(`@${name} `))) fail(`${name} is in use`);
    if (!this.#sets.delete(name)) fail(`no set ${name}`);
  }

  #walk(chain: string, connection: Connection): Verdict {
    for (const rule of this.#chains.get(chain) ?? []) {
      const verdict = this.#rule(rule, connection);
      if (verdict === "return") return undefined;
      if (verdict) return verdict;
    }
    return undefined;
  }

  #rule(rule: string, connection: Connection): Verdict {
    // New connections only.
    if (rule.startsWith("ct state")) return undefined;
    let rest = rule;
    for (;;) {
      const match = MATCHES.find(({ form }) => form.test(rest));
      if (!match) break;
      const [text, ...parts] = match.form.exec(rest) as unknown as [string, ...string[]];
      const jump = match.holds(connection, parts, this.#sets);
      if (!jump) return undefined;
      if (typeof jump === "string") return this.#walk(jump.slice("jump ".length), connection);
      rest = rest.slice(text.length).trimStart();
    }
    if (rest === "accept" || rest === "drop" || rest === "return") return rest;
    return fail(`cannot read: ${rule}`);
  }
}

type Sets = ReadonlyMap<string, ReadonlyMap<string, string>>;
interface Match {
  readonly form: RegExp;
  /** A string is a verdict of a map. */
  holds(connection: Connection, parts: readonly string[], sets: Sets): boolean | string;
}

const end = ({ from, to }: Connection, which: string) => (which === "saddr" ? from.ip : to.ip);
const inFamily = (ip: string, family: string) => ip.includes(":") === (family === "ip6");
const within = (ip: string, range: string) => mustParseCidr(range).contains(mustParseIp(ip));

const MATCHES: readonly Match[] = [
  {
    form: /^(ip6?) saddr \. ip6? daddr @(\S+)/,
    holds: ({ from, to }, [family = "", set = ""], sets) =>
      inFamily(from.ip, family) && (sets.get(set)?.has(`${from.ip} . ${to.ip}`) ?? false),
  },
  {
    form: /^(ip6?) (saddr|daddr) \. th dport @(\S+)/,
    holds: (connection, [family = "", which = "", set = ""], sets) => {
      const ip = end(connection, which);
      return inFamily(ip, family) && (sets.get(set)?.has(`${ip} . ${connection.port}`) ?? false);
    },
  },
  {
    form: /^(ip6?) (saddr|daddr) vmap @(\S+)/,
    holds: (connection, [family = "", which = "", map = ""], sets) => {
      const ip = end(connection, which);
      return inFamily(ip, family) && (sets.get(map)?.get(ip) ?? false);
    },
  },
  {
    form: /^(ip6?) (saddr|daddr) @(\S+)/,
    holds: (connection, [family = "", which = "", set = ""], sets) => {
      const ip = end(connection, which);
      return inFamily(ip, family) && (sets.get(set)?.has(ip) ?? false);
    },
  },
  {
    form: /^(ip6?) (saddr|daddr) != (\S+)/,
    holds: (connection, [family = "", which = "", range = ""]) =>
      inFamily(end(connection, which), family) && !within(end(connection, which), range),
  },
  {
    form: /^(ip6?) (saddr|daddr) (\S+\/\d+)/,
    holds: (connection, [family = "", which = "", range = ""]) =>
      inFamily(end(connection, which), family) && within(end(connection, which), range),
  },
  { form: /^meta l4proto (\w+)/, holds: ({ protocol }, [wanted]) => protocol === wanted },
  {
    form: /^th dport \{ (.*?) \}/,
    holds: ({ port }, [ranges = ""]) =>
      ranges.split(", ").some((range) => {
        const [first = 0, last = first] = range.split("-").map(Number);
        return port >= first && port <= last;
      }),
  },
];

function deleteElements(set: Map<string, string>, text: string): void {
  for (const [key] of listed(text)) if (!set.delete(key)) fail(`there is no ${key}`);
}

const listed = (text: string): [string, string][] =>
  text
    .slice(2, -2)
    .split(", ")
    .map((element) => element.split(" : ") as [string, string])
    .map(([key, value]) => [key, value ?? ""]);

function fail(message: string): never {
  throw new Error(message);
}
