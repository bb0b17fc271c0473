/**
 * Requests from one pod to another, straight to its address and through a cluster IP by nftables, in turns: with a new connection for each and on connections that are
 * kept; alone, and with 10,000 other services beside. Everything in network namespaces of its own. Root only.
 */
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { argv } from "node:process";
import { silentLogger } from "@kubets/machinery";
import { NftablesBackend } from "@kubets/proxy/nftables/backend";
import { ServicePlanner } from "@kubets/proxy/planner";
import { endpoint, service, slice } from "@kubets/proxy/testing/objects";
import { TestNetwork } from "../e2e/proxy/network.ts";

const VIP = "10.96.0.50";
/** A service of the tests has port 80, and its endpoints 8080. */
const portOf = (host: string): number => (host === VIP ? 80 : 8080);
const CLIENTS = 16;
const MS = 1500;
const TURNS = 5;

interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** In the client's namespace. */
async function load(host: string, keep: boolean): Promise<Measured> {
  const times: number[] = [];
  const start = performance.now();
  const over = () => performance.now() - start > MS;
  const open = () => connect({ host, port: portOf(host), noDelay: true });
  const ask = (socket: ReturnType<typeof open>) =>
    new Promise<void>((resolve, reject) => {
      socket.once("data", () => resolve()).once("error", reject);
      socket.write("?");
    });
  const client = async () => {
    const kept = keep ? open() : undefined;
    while (!over()) {
      const began = performance.now();
      const socket = kept ?? open();
      await ask(socket);
      socket.removeAllListeners("error");
      if (!kept) socket.resetAndDestroy();
      times.push(performance.now() - began);
    }
    kept?.destroy();
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { perSecond: (times.length * 1000) / (performance.now() - start), p50: at(0.5), p99: at(0.99) };
}

function inside(network: TestNetwork, place: "a" | "b", ...args: string[]) {
  const program = [process.execPath, "--disable-warning=ExperimentalWarning", import.meta.filename, ...args];
  return spawn("nsenter", [`--net=/run/netns/${network.netns(place)}`, ...program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function measure(network: TestNetwork, host: string, keep: boolean): Promise<Measured> {
  let text = "";
  for await (const chunk of inside(network, "a", "load", host, String(keep)).stdout) text += String(chunk);
  return JSON.parse(text) as Measured;
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

async function main(): Promise<void> {
  const network = new TestNetwork();
  network.make();
  const server = inside(network, "b", "serve");
  try {
    await new Promise((resolve) => server.stdout.once("data", resolve));
    const clusterCidrs = ["10.244.0.0/16"];
    const backend = new NftablesBackend({ exec: network.exec("node"), log: silentLogger, clusterCidrs });
    const planner = new ServicePlanner({ name: "node", labels: {} });
    planner.putService(service("bench", { clusterIPs: [VIP] }));
    planner.putSlice(slice("bench-1", "bench", [{ ...endpoint("1"), addresses: [network.pods.b.ip] }]));
    for (const others of [0, 10_000]) {
      for (let i = 0; i < others; i++) {
        planner.putService(service(`s${i}`, { clusterIPs: [`10.100.${i >> 8}.${i & 255}`] }));
        planner.putSlice(slice(`s${i}-1`, `s${i}`, [{ ...endpoint("1"), addresses: [`11.0.${i >> 8}.${i & 255}`] }]));
      }
      planner.takeChange();
      await backend.replace(planner.plan);
      for (const keep of [false, true]) {
        const all = new Map<string, Measured[]>([
          ["direct", []],
          ["cluster IP", []],
        ]);
        for (let turn = 0; turn < TURNS; turn++) {
          all.get("direct")?.push(await measure(network, network.pods.b.ip, keep));
          all.get("cluster IP")?.push(await measure(network, VIP, keep));
        }
        for (const [road, found] of all) {
          const of = (pick: (each: Measured) => number, digits: number) => median(found.map(pick)).toFixed(digits);
          console.log(
            `${others} other services, ${keep ? "kept connections" : "a connection for each"}, ${road}: ${of((m) => m.perSecond, 0)}/s, p50 ${of((m) => m.p50, 2)} ms, p99 ${of((m) => m.p99, 2)} ms`,
          );
        }
      }
    }
    await backend.cleanup();
  } finally {
    server.kill("SIGKILL");
    network.remove();
  }
}

const [, , what, host = "", keep] = argv;
if (what === "serve") {
  const server = createServer({ noDelay: true }, (socket) =>
    socket.on("error", () => {}).on("data", () => socket.write("!")),
  );
  server.listen(portOf(""), "0.0.0.0", () => console.log("serving"));
} else if (what === "load") {
  console.log(JSON.stringify(await load(host, keep === "true")));
  process.exit();
} else await main();
