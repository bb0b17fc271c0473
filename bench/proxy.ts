/**
 * `node bench/proxy.ts [services] [endpoints of each]`: how long the nftables backend takes to program services after a start, and one changed
 * endpoint, in a network namespace of its own. Root only.
 */
import { execFileSync } from "node:child_process";
import { silentLogger } from "@kubets/machinery";
import { machineExec } from "@kubets/machinery/exec";
import { NftablesBackend } from "@kubets/proxy/nftables/backend";
import { ServicePlanner } from "@kubets/proxy/planner";
import { endpoint, service, slice } from "@kubets/proxy/testing/objects";

const [count = 1000, each = 5] = process.argv.slice(2).map(Number);
const netns = `kubets-bench-${process.pid}`;
const ms = (since: number) => `${(performance.now() - since).toFixed(1)} ms`;
const ip = (n: number, base: number) => `${base}.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

const endpoints = (i: number, shift = 0) =>
  Array.from({ length: each }, (_, j) => ({ ...endpoint("1"), addresses: [ip(i * each + j + shift, 11)] }));

execFileSync("ip", ["netns", "add", netns]);
try {
  const exec = machineExec(["nsenter", `--net=/run/netns/${netns}`, "--"]);
  const backend = new NftablesBackend({ exec, log: silentLogger, clusterCidrs: ["11.0.0.0/8"] });
  const planner = new ServicePlanner({ name: "here", labels: {} });
  let start = performance.now();
  for (let i = 0; i < count; i++) {
    planner.putService(service(`s${i}`, { clusterIPs: [ip(i, 10)] }));
    planner.putSlice(slice(`s${i}-1`, `s${i}`, endpoints(i)));
  }
  planner.takeChange();
  console.log(`plan of ${count} services with ${count * each} endpoints: ${ms(start)}`);
  start = performance.now();
  await backend.replace(planner.plan);
  console.log(`programmed: ${ms(start)}`);
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    start = performance.now();
    planner.putSlice(slice(`s${i}-1`, `s${i}`, endpoints(i, 1)));
    await backend.apply(planner.takeChange());
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  console.log(`one changed endpoint: p50 ${times[10]?.toFixed(1)} ms, max ${times.at(-1)?.toFixed(1)} ms`);
} finally {
  execFileSync("ip", ["netns", "del", netns]);
}
