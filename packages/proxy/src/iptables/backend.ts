/**
 * Services by iptables, for machines whose other rules are in iptables: chains of our own in the tables nat and filter, changed by
 * `iptables-restore --noflush`, one input for each family and change.
 * Holds: what others have in the tables is not touched; a change that fails changes nothing, and the next must be a `replace`.
 */
import type { Logger } from "@kubets/machinery";
import type { Exec } from "@kubets/machinery/exec";
import type { ProxyBackend } from "../backend.ts";
import { flushStaleFlows, portsToFlush } from "../conntrack.ts";
import { MASQUERADE_MARK } from "../nftables/names.ts";
import type { PlanChange, ProxyPlan, VirtualPort } from "../plan.ts";
import { HOOKS, type IptablesRules, PREFIX, type TableName } from "./chains.ts";
import { missingHooks, type Present, Ruleset } from "./ruleset.ts";

export interface IptablesOptions extends Partial<IptablesRules> {
  readonly exec: Exec;
  readonly log: Logger;
}

type Program = "iptables" | "ip6tables";

export class IptablesBackend implements ProxyBackend {
  readonly name = "iptables";
  readonly #exec: Exec;
  readonly #log: Logger;
  readonly #rules: IptablesRules;
  readonly #ports = new Map<string, VirtualPort>();
  /** What the kernel holds, by family; empty when that is not known. */
  readonly #rulesets = new Map<Program, Ruleset>();

  constructor({ exec, log, ...rules }: IptablesOptions) {
    this.#exec = exec;
    this.#log = log;
    const byDefault = {
      clusterCidrs: [],
      masqueradeMark: MASQUERADE_MARK,
      masqueradeAll: false,
      nodePortAddresses: [],
    };
    this.#rules = { ...byDefault, ...rules };
  }

  async unavailable(): Promise<string | undefined> {
    try {
      const { code, stderr } = await this.#exec("iptables-save", ["-t", "nat"]);
      return code === 0 ? undefined : `iptables refuses: ${stderr.trim().split("\n")[0]}`;
    } catch (error) {
      return `iptables cannot be run (Debian: apt-get install iptables): ${(error as Error).message}`;
    }
  }

  async replace(plan: ProxyPlan): Promise<void> {
    this.#rulesets.clear();
    const rulesets = new Map<Program, Ruleset>();
    for (const program of ["iptables", "ip6tables"] as const) {
      const isIpv6 = program === "ip6tables";
      const ruleset = new Ruleset(isIpv6, this.#rules);
      const ports = [...plan.ports.values()].filter(({ family }) => (family === "IPv6") === isIpv6);
      const present = await this.#present(program);
      const hooks = missingHooks(present);
      if (hooks.length > 0) await this.#restore(program, hooks);
      await this.#restore(program, await ruleset.replacement(ports, present));
      rulesets.set(program, ruleset);
    }
    for (const [program, ruleset] of rulesets) this.#rulesets.set(program, ruleset);
    this.#ports.clear();
    for (const [id, port] of plan.ports) this.#ports.set(id, port);
    await this.#flush(plan.ports.values());
  }

  async apply({ put, remove }: PlanChange): Promise<void> {
    const known = [...this.#rulesets];
    if (known.length === 0) throw new Error("the rules in the kernel are not known; they must be replaced");
    this.#rulesets.clear();
    for (const [program, ruleset] of known) {
      const isIpv6 = program === "ip6tables";
      const lines = await ruleset.change(
        put.filter(({ family }) => (family === "IPv6") === isIpv6),
        remove,
      );
      if (lines.length > 0) await this.#restore(program, lines);
      else if (put.length + remove.length === 0) await this.#look(program);
    }
    for (const [program, ruleset] of known) this.#rulesets.set(program, ruleset);
    const old = [...remove.map((id) => this.#ports.get(id)), ...put];
    for (const id of remove) this.#ports.delete(id);
    for (const port of put) this.#ports.set(port.id, port);
    await this.#flush(old);
  }

  async cleanup(): Promise<void> {
    this.#rulesets.clear();
    this.#ports.clear();
    for (const program of ["iptables", "ip6tables"] as const) {
      const { chains, hooks } = await this.#present(program);
      const lines = (["nat", "filter"] as const).flatMap((table) => [
        `*${table}`,
        ...chains[table].map((name) => `:${name} - [0:0]`),
        ...[...hooks[table]].map((hook) => `-D ${hook}`),
        ...chains[table].map((name) => `-X ${name}`),
        "COMMIT",
      ]);
      await this.#restore(program, lines);
    }
  }

  /** Our chains and hooks as they stand. */
  async #present(program: Program): Promise<Present> {
    const read = async (table: TableName) => {
      const { code, stdout, stderr } = await this.#exec(`${program}-save`, ["-t", table]);
      if (code !== 0) throw new Error(`${program}-save: ${stderr.trim().split("\n")[0]}`);
      const lines = new Set(stdout.split("\n"));
      const chains = [...lines].flatMap((line) =>
        line.startsWith(`:${PREFIX}`) ? [line.slice(1).split(" ")[0] as string] : [],
      );
      return { chains, hooks: new Set(HOOKS[table].filter((hook) => lines.has(`-A ${hook}`))) };
    };
    const [nat, filter] = [await read("nat"), await read("filter")];
    return { chains: { nat: nat.chains, filter: filter.chains }, hooks: { nat: nat.hooks, filter: filter.hooks } };
  }

  /** Throws when somebody took the hooks away. */
  async #look(program: Program): Promise<void> {
    const { hooks } = await this.#present(program);
    for (const table of ["nat", "filter"] as const)
      if (hooks[table].size < HOOKS[table].length)
        throw new Error(`table ${table} of ${program} is not as it was left`);
  }

  async #restore(program: Program, lines: Iterable<string>): Promise<void> {
    const { code, stderr } = await this.#exec(`${program}-restore`, ["--noflush", "-w", "5"], { lines });
    if (code !== 0) throw new Error(`${program}-restore refuses the change: ${stderr.trim().split("\n")[0]}`);
  }

  async #flush(old: Iterable<VirtualPort | undefined>): Promise<void> {
    const ports = portsToFlush(old, (id) => this.#ports.get(id));
    if (ports.length > 0) await flushStaleFlows(this.#exec, ports, this.#log);
  }
}
