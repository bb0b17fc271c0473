/**
 * Clients that stay at an endpoint, as a predecessor left them in the kernel: whoever replaces the table puts them into the new one, so that session affinity lives
 * through a restart of the proxy.
 */
import type { Exec } from "@kubets/machinery/exec";
import { type NftFamily, TABLE } from "./names.ts";

interface Listed {
  readonly nftables: readonly {
    readonly set?: { readonly table: string; readonly name: string; readonly elem?: readonly Client[] };
  }[];
}

interface Client {
  /** In how many seconds it is forgotten. */
  readonly elem: { readonly val: string; readonly expires: number };
}

/** Commands that add them to the sets of these names; none where nothing can be read. */
export async function rememberedClients(exec: Exec, family: NftFamily, names: ReadonlySet<string>): Promise<string[]> {
  if (names.size === 0) return [];
  const { code, stdout } = await exec("nft", ["--json", "list", "sets", family]);
  if (code !== 0) return [];
  return (JSON.parse(stdout) as Listed).nftables.flatMap(({ set }) => {
    if (set?.table !== TABLE || !names.has(set.name)) return [];
    const clients = (set.elem ?? []).filter(({ elem: { expires } }) => expires > 0);
    const texts = clients.map(({ elem: { val, expires } }) => `${val} expires ${expires}s`);
    return texts.length > 0 ? [`add element ${family} ${TABLE} ${set.name} { ${texts.join(", ")} }`] : [];
  });
}
