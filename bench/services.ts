/**
 * What services cost a node, at 100, 1,000 and 10,000 of them with five endpoints each, by nftables and iptables in a network namespace of its own: all of them after a
 * start, one changed endpoint, and a whole proxy that starts over what stands, from the lists of a server in this process on. Told: the time until the kernel has it, the CPU of this process and of the programs that it runs, and what is open then: the
 * kernel's chains, rules and elements, its memory as far as the machine shows it, and this process's. Root only.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { endpointslices, services } from "@kubets/api/generated/refs";
import { createClient, SharedInformers } from "@kubets/client";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { machineExec } from "@kubets/machinery/exec";
import type { ProxyBackend } from "@kubets/proxy/backend";
import { IptablesBackend } from "@kubets/proxy/iptables/backend";
import { NftablesBackend } from "@kubets/proxy/nftables/backend";
import { ServicePlanner } from "@kubets/proxy/planner";
import { startProxy } from "@kubets/proxy/run-proxy";
import { endpoint, service, slice } from "@kubets/proxy/testing/objects";

const SIZES = [100, 1000, 10_000];
const EACH = 5;
const CHANGES = 20;
const NETNS = `kubets-bench-${process.pid}`;
const inside = ["nsenter", `--net=/run/netns/${NETNS}`, "--"] as const;

const address = (n: number, base: number) => `${base}.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
const endpoints = (i: number, shift = 0) =>
  Array.from({ length: EACH }, (_, j) => ({ ...endpoint("1"), addresses: [address(i * EACH + j + shift, 11)] }));

/** Of this process and of all that it waited for, in milliseconds; of that what the programs had, and what the kernel did for them. The kernel counts in steps of 10. */
function cpu(): [number, number, number] {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
  const of = (...places: number[]) => places.reduce((sum, i) => sum + Number(fields[i]), 0) * 10;
  return [of(11, 12, 13, 14), of(13, 14), of(14)];
}

const slab = () => Number(/^SUnreclaim:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) / 1024;

async function measured(
  work: () => Promise<void>,
): Promise<{ ms: number; cpu: number; programs: number; kernel: number }> {
  const start = performance.now();
  const [all, programs, kernel] = cpu();
  await work();
  const ms = performance.now() - start;
  const after = cpu();
  return { ms, cpu: after[0] - all, programs: after[1] - programs, kernel: after[2] - kernel };
}

function inKernel(backend: string): string {
  const [command, ...args] = [
    ...inside,
    ...(backend === "nftables" ? ["nft", "list", "table", "ip", "kubets-proxy"] : ["iptables-save"]),
  ];
  const text = execFileSync(command as string, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  if (backend === "iptables") return `${count(/^:KUBE/gm)} chains, ${count(/^-A/gm)} rules`;
  // An element of a set or map is two addresses, or an address and what follows it.
  return `${count(/^\tchain/gm)} chains, ${count(/^\tmap|^\tset/gm)} maps and sets, ${count(/\d+\.\d+\.\d+\.\d+(?= \. (tcp|udp)|,| })/g)} elements`;
}

async function startWhole(backend: ProxyBackend, count: number): Promise<{ ms: number; cpu: number; longest: number }> {
  const client = createClient(new MemoryApi());
  for (let i = 0; i < count; i++) {
    await client.create(services, service(`s${i}`, { clusterIPs: [address(i, 10)] }));
    await client.create(endpointslices, slice(`s${i}-1`, `s${i}`, endpoints(i)));
  }
  const stop = new AbortController();
  const common = { clock: realClock, log: silentLogger, signal: stop.signal };
  const delays = monitorEventLoopDelay({ resolution: 1 });
  const used = await measured(async () => {
    const cache = new SharedInformers({ ...common, client, random: realRandom });
    const proxy = startProxy({ ...common, cache, nodeName: "here", backend });
    // The server is in this process, and its lists are no part of this.
    await Promise.all([cache.informer(services).synced, cache.informer(endpointslices).synced]);
    delays.enable();
    await proxy.ready;
  });
  delays.disable();
  stop.abort();
  return { ...used, longest: delays.max / 1e6 };
}

async function bench(make: () => ProxyBackend, count: number): Promise<void> {
  execFileSync("ip", ["netns", "add", NETNS]);
  try {
    const backend = make();
    const before = slab();
    const planner = new ServicePlanner({ name: "here", labels: {} });
    const planned = await measured(async () => {
      for (let i = 0; i < count; i++) {
        planner.putService(service(`s${i}`, { clusterIPs: [address(i, 10)] }));
        planner.putSlice(slice(`s${i}-1`, `s${i}`, endpoints(i)));
      }
      planner.takeChange();
    });
    const all = await measured(() => backend.replace(planner.plan));
    const times: number[] = [];
    const one = await measured(async () => {
      for (let i = 0; i < CHANGES; i++) {
        const start = performance.now();
        planner.putSlice(slice(`s${i}-1`, `s${i}`, endpoints(i, 1)));
        await backend.apply(planner.takeChange());
        times.push(performance.now() - start);
      }
    });
    times.sort((a, b) => a - b);
    const whole = await startWhole(make(), count);
    const f = (n: number, digits = 0) => n.toFixed(digits);
    console.log(`${backend.name}, ${count} services with ${count * EACH} endpoints:`);
    console.log(
      `  planned in ${f(planned.ms)} ms (${planned.cpu} ms CPU), programmed in ${f(all.ms)} ms (${all.cpu} ms CPU)`,
    );
    console.log(
      `  one changed endpoint: p50 ${f(times[CHANGES / 2] ?? 0, 1)} ms, max ${f(times.at(-1) ?? 0, 1)} ms, ${f(one.cpu / CHANGES, 1)} ms CPU, of it ${f(one.programs / CHANGES, 1)} of the program, ${f(one.kernel / CHANGES, 1)} of that in the kernel`,
    );
    console.log(
      `  a proxy that starts over it, until it is ready: ${f(whole.ms)} ms (${whole.cpu} ms CPU, the server's among it), longest stretch once it knows them ${f(whole.longest)} ms`,
    );
    console.log(
      `  open: ${inKernel(backend.name)}; the kernel's memory grew by about ${f(slab() - before)} MB; this process has ${f(process.memoryUsage().rss / 2 ** 20)} MB`,
    );
  } finally {
    execFileSync("ip", ["netns", "del", NETNS]);
  }
}

const common = { exec: machineExec(inside), log: silentLogger, clusterCidrs: ["11.0.0.0/8"] };
const [wanted, ...sizes] = process.argv.slice(2);
for (const make of [() => new NftablesBackend(common), () => new IptablesBackend(common)])
  for (const size of sizes.length ? sizes.map(Number) : SIZES)
    if (!wanted || make().name === wanted) await bench(make, size);
