/**
 * What stands in the tables of one family, and the input of `iptables-restore --noflush` that brings them to what is wanted.
 * Holds: a change names only what differs; a line that several virtual ports want stays until the last of them goes.
 */
import { each, inTurns } from "@kubets/machinery/turns";
import type { VirtualPort } from "../plan.ts";
import { BEHIND_HOOKS, baseRules, HOOKS, type IptablesRules, type TableName } from "./chains.ts";
import { type Rendered, render } from "./render.ts";

const TABLES = ["nat", "filter"] as const;

/**
 * Lists the whole table. iptables over nf_tables (1.8.9) keeps the chains that an input names in a list, which it searches from its head for each line: that grows with the
 * square of the chains. After a command that is about the whole table it keeps no list.
 */
const READ_ALL = "-S";

export class Ruleset {
  readonly #rules: IptablesRules;
  readonly #ipv6: boolean;
  readonly #rendered = new Map<string, Rendered>();
  /** How many virtual ports want a line: by "table rule". */
  readonly #shared = new Map<string, number>();

  constructor(ipv6: boolean, rules: IptablesRules) {
    this.#ipv6 = ipv6;
    this.#rules = rules;
  }

  /** Everything behind the hooks, over whatever stands there; `present` is what iptables-save shows of our chains and hooks. */
  async replacement(ports: readonly VirtualPort[], present: Present): Promise<Iterable<string>> {
    const base = baseRules(this.#ipv6, this.#rules);
    const delta = await this.#delta(ports, []);
    return replacing(base, delta, present);
  }

  /** Empty when nothing of this family changes. */
  async change(put: readonly VirtualPort[], remove: Iterable<string>): Promise<string[]> {
    const delta = await this.#delta(put, remove);
    return TABLES.filter(
      (table) => delta[table].chains.size + delta[table].rules.length + delta[table].gone.length > 0,
    ).flatMap((table) => {
      const { chains, rules, gone } = delta[table];
      return [`*${table}`, ...[...chains, ...gone].map(emptied), ...rules, ...gone.map(removed), "COMMIT"];
    });
  }

  /** Many services take many turns. */
  async #delta(put: readonly VirtualPort[], remove: Iterable<string>): Promise<Record<TableName, Delta>> {
    const delta = { nat: emptyDelta(), filter: emptyDelta() };
    const counts = new Map<string, number>();
    const count = ({ shared }: Rendered, by: number) => {
      for (const { table, rule } of shared) counts.set(`${table} ${rule}`, (counts.get(`${table} ${rule}`) ?? 0) + by);
    };
    for (const id of remove) {
      const old = this.#rendered.get(id);
      if (!old) continue;
      delta.nat.gone.push(...old.chains.keys());
      count(old, -1);
      this.#rendered.delete(id);
    }
    await inTurns(() =>
      each(put.length, (i) => {
        const port = put[i] as VirtualPort;
        const old = this.#rendered.get(port.id);
        const wanted = render(port, this.#rules);
        this.#moveChains(old, wanted, delta.nat);
        if (old) count(old, -1);
        count(wanted, 1);
        this.#rendered.set(port.id, wanted);
      }),
    );
    const shared = [...counts];
    await inTurns(() => each(shared.length, (i) => this.#moveShared(...(shared[i] as [string, number]), delta)));
    return delta;
  }

  #moveChains(old: Rendered | undefined, { chains }: Rendered, delta: Delta): void {
    for (const [name, rules] of chains) {
      if (old?.chains.get(name)?.join("\n") === rules.join("\n")) continue;
      delta.chains.add(name);
      for (const rule of rules) delta.rules.push(`-A ${name} ${rule}`);
    }
    for (const name of old?.chains.keys() ?? []) if (!chains.has(name)) delta.gone.push(name);
  }

  /** Lines of the shared chains go after the chains that they name were made, and before those that they named are unmade. */
  #moveShared(key: string, by: number, delta: Record<TableName, Delta>): void {
    const before = this.#shared.get(key) ?? 0;
    const after = before + by;
    if (after > 0) this.#shared.set(key, after);
    else this.#shared.delete(key);
    if (before > 0 === after > 0) return;
    const cut = key.indexOf(" ");
    delta[key.slice(0, cut) as TableName].rules.push(`${after > 0 ? "-A" : "-D"} ${key.slice(cut + 1)}`);
  }
}

function* replacing(
  base: Record<TableName, ReadonlyMap<string, readonly string[]>>,
  delta: Record<TableName, Delta>,
  present: Present,
): Generator<string> {
  for (const table of TABLES) {
    const { chains, rules } = delta[table];
    const gone = present.chains[table].filter((name) => !base[table].has(name) && !chains.has(name));
    yield `*${table}`;
    yield READ_ALL;
    for (const names of [base[table].keys(), chains, gone]) for (const name of names) yield emptied(name);
    for (const [name, own] of base[table]) for (const rule of own) yield `-A ${name} ${rule}`;
    yield* rules;
    yield* gone.map(removed);
    yield "COMMIT";
  }
}

/** Naming a chain makes it, or empties it. */
const emptied = (name: string): string => `:${name} - [0:0]`;
const removed = (name: string): string => `-X ${name}`;

interface Delta {
  /** Made anew, or emptied. */
  readonly chains: Set<string>;
  readonly rules: string[];
  readonly gone: string[];
}

const emptyDelta = (): Delta => ({ chains: new Set(), rules: [], gone: [] });

/** The hooks that are missing, with empty chains behind them where there are none. Apart from the rest, for beside a list the kernel's own chains are not made. */
export function missingHooks({ chains, hooks }: Present): string[] {
  return TABLES.filter((table) => hooks[table].size < HOOKS[table].length).flatMap((table) => {
    const made = BEHIND_HOOKS[table].filter((name) => !chains[table].includes(name));
    const missing = HOOKS[table].filter((hook) => !hooks[table].has(hook));
    return [`*${table}`, ...made.map(emptied), ...missing.map((hook) => `-A ${hook}`), "COMMIT"];
  });
}

export interface Present {
  readonly chains: Readonly<Record<TableName, readonly string[]>>;
  readonly hooks: Readonly<Record<TableName, ReadonlySet<string>>>;
}
