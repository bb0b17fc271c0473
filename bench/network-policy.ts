/**
 * What a change costs where many network policies hold: policies that isolate many applications, on a node with its share of the pods. For each size: the whole
 * table at start, then one pod that comes, one pod that changes its label, one policy that comes. Told: the time until the kernel has it, this process's CPU, and the
 * bytes that nft is handed. In a network namespace of its own.
 */
import { execFileSync } from "node:child_process";
import { namespaces, networkpolicies, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { createClient, SharedInformers } from "@kubets/client";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { type Exec, machineExec } from "@kubets/machinery/exec";
import { enforcePolicies } from "@kubets/network/policy/enforce";

const NODES = 20;
const PODS_AN_APP = 20;
const ROUNDS = 10;
const NS = `kubets-bench-${process.pid}`;

const podOf = (app: number, serial: number, tier = "front") =>
  ({
    metadata: { name: `app-${app}-${serial}`, namespace: "load", labels: { app: `app-${app}`, tier } },
    spec: { nodeName: `n${serial % NODES}`, containers: [{ name: "c" }] },
    status: { phase: "Running", podIP: address(app, serial), podIPs: [{ ip: address(app, serial) }] },
  }) as unknown as Pod;
const address = (app: number, serial: number) => `10.${64 + (app >> 8)}.${app & 255}.${serial + 1}`;

const policyOf = (app: number, name = `app-${app}`, port = 80) => ({
  metadata: { name, namespace: "load" },
  spec: {
    podSelector: { matchLabels: { app: `app-${app}` } },
    policyTypes: ["Ingress"],
    ingress: [
      {
        from: [{ podSelector: { matchLabels: { app: `app-${app}`, tier: "front" } } }],
        ports: [{ protocol: "TCP", port }],
      },
    ],
  },
});

async function run(apps: number): Promise<void> {
  execFileSync("ip", ["netns", "add", NS]);
  const stop = new AbortController();
  try {
    const client = createClient(new MemoryApi());
    await client.create(namespaces, { metadata: { name: "load" } });
    for (let app = 0; app < apps; app++) {
      await client.create(networkpolicies, policyOf(app));
      for (let serial = 0; serial < PODS_AN_APP; serial++) await client.create(pods, podOf(app, serial));
    }
    const inside = machineExec(["nsenter", `--net=/run/netns/${NS}`, "--"]);
    let bytes = 0;
    let done: () => void = () => {};
    const exec: Exec = async (program, args, options) => {
      bytes += options?.stdin?.length ?? 0;
      const result = await inside(program, args, options);
      if (options?.stdin) done();
      return result;
    };
    const measured = async (what: string, change: () => Promise<unknown>) => {
      const applied = new Promise<void>((resolve) => (done = resolve));
      const [began, cpu] = [performance.now(), process.cpuUsage()];
      bytes = 0;
      await change();
      await applied;
      const { user, system } = process.cpuUsage(cpu);
      return { what, ms: performance.now() - began, cpu: (user + system) / 1000, bytes };
    };
    const parts = { clock: realClock, random: realRandom, log: silentLogger, signal: stop.signal };
    const cache = new SharedInformers({ client, ...parts });
    const rows = [await measured("all of it", async () => enforcePolicies({ cache, nodeName: "n0", exec, ...parts }))];
    const changes: Record<string, (round: number) => Promise<unknown>> = {
      "a pod comes": (round) => client.create(pods, podOf(round, PODS_AN_APP * (round + 1))),
      "a label changes": (round) =>
        client.patch(
          pods,
          { namespace: "load", name: `app-${round}-1` },
          { type: "merge", body: { metadata: { labels: { tier: "back" } } } },
        ),
      "a policy comes": (round) => client.create(networkpolicies, policyOf(round, `more-${round}`, 81 + round)),
    };
    for (const [what, change] of Object.entries(changes)) {
      const all = [];
      for (let round = 0; round < ROUNDS; round++) all.push(await measured(what, () => change(round % apps)));
      all.sort((a, b) => a.ms - b.ms);
      rows.push(all[ROUNDS >> 1] as (typeof all)[number]);
    }
    for (const { what, ms, cpu, bytes: handed } of rows)
      console.log(
        `${String(apps).padStart(5)} policies, ${apps * PODS_AN_APP} pods   ${what.padEnd(16)} ${ms.toFixed(1).padStart(8)} ms   ${cpu.toFixed(1).padStart(7)} ms CPU   ${handed} bytes`,
      );
  } finally {
    stop.abort();
    execFileSync("ip", ["netns", "del", NS]);
  }
}

for (const apps of [10, 100, 1000]) await run(apps);
process.exit(0);
