/**
 * Services by nftables: one table for each family, virtual ports found by maps, one transaction for each change, through `nft -f`.
 * Holds: both families change in the same transaction; a transaction that fails changes nothing, and the next must be a `replace`.
 */
import type { Logger } from "@kubets/machinery";
import type { Exec } from "@kubets/machinery/exec";
import type { ProxyBackend } from "../backend.ts";
import { flushStaleFlows, portsToFlush } from "../conntrack.ts";
import type { PlanChange, ProxyPlan, VirtualPort } from "../plan.ts";
import { type BaseOptions, baseRuleset } from "./base.ts";
import { MASQUERADE_MARK, type NftFamily, nftFamily, TABLE } from "./names.ts";
import { rememberedClients } from "./remembered.ts";
import { Ruleset } from "./ruleset.ts";

export interface NftablesOptions extends Partial<BaseOptions> {
  readonly exec: Exec;
  readonly log: Logger;
}

export class NftablesBackend implements ProxyBackend {
  readonly name = "nftables";
  readonly #exec: Exec;
  readonly #log: Logger;
  readonly #base: BaseOptions;
  readonly #ports = new Map<string, VirtualPort>();
  #families: readonly NftFamily[] | undefined;
  /** What the kernel holds; undefined when that is not known. */
  #ruleset: Ruleset | undefined;

  constructor({ exec, log, ...base }: NftablesOptions) {
    this.#exec = exec;
    this.#log = log;
    this.#base = {
      clusterCidrs: [],
      serviceCidrs: [],
      masqueradeMark: MASQUERADE_MARK,
      masqueradeAll: false,
      nodePortAddresses: [],
      ...base,
    };
  }

  async unavailable(): Promise<string | undefined> {
    try {
      const { code, stderr } = await this.#exec("nft", ["-c", "-f", "-"], { stdin: this.#text("ip") });
      return code === 0 ? undefined : `nft refuses: ${firstLine(stderr)}`;
    } catch (error) {
      return `nft cannot be run (Debian: apt-get install nftables): ${(error as Error).message}`;
    }
  }

  async replace(plan: ProxyPlan): Promise<void> {
    this.#ruleset = undefined;
    this.#families ??= await this.#usableFamilies();
    const ruleset = new Ruleset(this.#base);
    const ports = [...plan.ports.values()].filter((port) => this.#takes(port));
    const commands = await ruleset.change(ports, []);
    const clients: string[] = [];
    for (const family of this.#families)
      clients.push(...(await rememberedClients(this.#exec, family, ruleset.sets(family))));
    await this.#nft(
      chain(
        this.#families.map((family) => this.#text(family)),
        commands,
        clients,
      ),
    );
    this.#ruleset = ruleset;
    this.#ports.clear();
    for (const port of ports) this.#ports.set(port.id, port);
    await this.#flush(ports);
  }

  async apply(change: PlanChange): Promise<void> {
    const ruleset = this.#ruleset;
    if (!ruleset) throw new Error("the rules in the kernel are not known; they must be replaced");
    const put = change.put.filter((port) => this.#takes(port));
    this.#ruleset = undefined;
    const commands = await ruleset.change(put, change.remove);
    if (commands.isEmpty) await this.#look();
    else await this.#nft(commands);
    this.#ruleset = ruleset;
    const old = [
      ...change.remove.map((id) => this.#ports.get(id)),
      ...put.filter(({ protocol }) => protocol === "UDP"),
    ];
    for (const id of change.remove) this.#ports.delete(id);
    for (const port of put) this.#ports.set(port.id, port);
    await this.#flush(old);
  }

  async cleanup(): Promise<void> {
    this.#ruleset = undefined;
    const { stdout } = await this.#exec("nft", ["list", "tables"]);
    const mine = stdout.split("\n").filter((line) => /^table ip6? /.test(line) && line.endsWith(` ${TABLE}`));
    if (mine.length > 0) await this.#nft(mine.map((line) => `delete ${line}`));
  }

  #takes(port: VirtualPort): boolean {
    return this.#families?.includes(nftFamily(port.family)) ?? true;
  }

  /** The table, empty but for its base. Adding it first lets the deletion succeed where there is none. */
  #text(family: NftFamily): string {
    const table = `${family} ${TABLE}`;
    return [
      `add table ${table}`,
      `delete table ${table}`,
      `add table ${table}`,
      ...baseRuleset(family, this.#base),
    ].join("\n");
  }

  /** A kernel without IPv6 has no such tables. */
  async #usableFamilies(): Promise<NftFamily[]> {
    const { code, stderr } = await this.#exec("nft", ["-c", "-f", "-"], { stdin: this.#text("ip6") });
    if (code === 0) return ["ip", "ip6"];
    this.#log.info("services have no IPv6 addresses here", { cause: firstLine(stderr) });
    return ["ip"];
  }

  /** Throws when somebody took the table away. */
  async #look(): Promise<void> {
    for (const family of this.#families ?? []) {
      const { code, stdout } = await this.#exec("nft", ["list", "chain", family, TABLE, "nat-prerouting"]);
      if (code !== 0 || !stdout.includes("jump services"))
        throw new Error(`table ${family} ${TABLE} is not as it was left`);
    }
  }

  async #nft(lines: Iterable<string>): Promise<void> {
    const { code, stderr } = await this.#exec("nft", ["-f", "-"], { lines });
    if (code !== 0) throw new Error(`nft refuses the change: ${firstLine(stderr)}`);
  }

  async #flush(old: Iterable<VirtualPort | undefined>): Promise<void> {
    const ports = portsToFlush(old, (id) => this.#ports.get(id));
    if (ports.length > 0) await flushStaleFlows(this.#exec, ports, this.#log);
  }
}

function* chain(...parts: readonly Iterable<string>[]): Generator<string> {
  for (const part of parts) yield* part;
}

const firstLine = (text: string): string => text.trim().split("\n")[0] ?? "";
