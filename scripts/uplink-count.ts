/**
 * Counts the packets for addresses of clusters that leave this machine while tests run: there must be none. In an nftables table of its own, on the links of the default
 * routes, behind all translation; ranges that this machine's own network has are not counted.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mustParseCidr, parseCidr } from "@kubets/machinery/cidr";

/** Of pods, services, nodes and load balancers, as clusters have them unless told otherwise. */
const RANGES = ["10.244.0.0/16", "10.96.0.0/12", "10.89.0.0/18", "10.90.0.0/18", "fd00:10::/32"];

export interface UplinkCount {
  /** The packets so far, by range and link. Removes the table. */
  end(): { readonly packets: number; readonly told: string };
}

interface Route {
  readonly dst: string;
  readonly dev?: string;
  readonly type?: string;
}

/** Or why nothing can be counted. */
export function countUplink(): UplinkCount | string {
  if (process.getuid?.() !== 0) return "only root can count packets";
  const routes = ["-4", "-6"].flatMap((family) => json<Route>("ip", ["-json", family, "route"]));
  const links = [...new Set(routes.filter(({ dst }) => dst === "default").flatMap(({ dev }) => dev ?? []))];
  if (links.length === 0) return "this machine has no way out";
  // What clusters that run have claimed is unreachable, and theirs.
  const own = routes.flatMap(({ dst, type }) => (type === "unreachable" ? [] : (parseCidr(dst) ?? [])));
  const ranges = RANGES.filter((range) => !own.some((other) => other.overlaps(mustParseCidr(range))));
  const table = `inet kubets_count_${process.pid}`;
  const rules = ranges.flatMap((range) =>
    links.map((link) => `oifname "${link}" ${range.includes(":") ? "ip6" : "ip"} daddr ${range} counter`),
  );
  dropTablesOfTheDead();
  const made = nft(
    `table ${table} {\n chain out {\n type filter hook postrouting priority 300;\n ${rules.join("\n ")}\n }\n}\n`,
  );
  if (made.status !== 0) return `nft refuses: ${made.stderr?.trim() || made.error?.message}`;
  const drop = () => nft(`delete table ${table}\n`);
  process.once("exit", drop);
  return {
    end() {
      const listed = spawnSync("nft", ["list", "table", ...table.split(" ")], { encoding: "utf8" }).stdout;
      drop();
      process.off("exit", drop);
      const counted = [...listed.matchAll(/oifname (\S+) ip6? daddr (\S+) counter packets (\d+)/g)];
      if (counted.length !== rules.length) throw new Error(`the table ${table} is not as it was made:\n${listed}`);
      const packets = counted.reduce((sum, [, , , count]) => sum + Number(count), 0);
      return { packets, told: counted.map(([, link, range, count]) => `${range} by ${link}: ${count}`).join(", ") };
    },
  };
}

/** Runs tests while it counts; says what was counted, and whether that is as it must be. */
export async function whileCounting<T>(
  work: () => T | Promise<T>,
): Promise<{ result: T; leaked: boolean; why?: string }> {
  const count = countUplink();
  if (typeof count === "string") {
    console.log(`packets on the uplink are not counted: ${count}`);
    return { result: await work(), leaked: false, why: count };
  }
  const counted = () => {
    const { packets, told } = count.end();
    console.log(`packets for addresses of clusters on the uplink: ${packets} (${told})`);
    return packets > 0;
  };
  try {
    const result = await work();
    return { result, leaked: counted() };
  } catch (error) {
    counted();
    throw error;
  }
}

/** What a run that was killed left behind. */
function dropTablesOfTheDead(): void {
  const tables = spawnSync("nft", ["list", "tables", "inet"], { encoding: "utf8" }).stdout ?? "";
  for (const [, name, pid] of tables.matchAll(/^table inet (kubets_count_(\d+))$/gm))
    if (!existsSync(`/proc/${pid}`)) nft(`delete table inet ${name}\n`);
}

const nft = (input: string) => spawnSync("nft", ["-f", "-"], { input, encoding: "utf8" });

function json<T>(program: string, args: readonly string[]): T[] {
  const { stdout } = spawnSync(program, args, { encoding: "utf8" });
  return stdout?.trim() ? (JSON.parse(stdout) as T[]) : [];
}
