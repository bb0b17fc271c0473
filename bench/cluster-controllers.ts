/**
 * Controllers of the cluster over the real API server in this process, on memory storage and the real clock: what the endpoints of one large
 * service cost while its pods are replaced, and what the heartbeats of many nodes cost while nothing else happens.
 *
 *   node bench/cluster-controllers.ts [--endpoints 10000] [--replaced 500] [--at-once 10] [--nodes 5000] [--seconds 20]
 */
import { leases, namespaces, nodes, pods, services } from "@kubets/api/generated/refs";
import type { Transport } from "@kubets/client";
import { startControllers } from "@kubets/controllers/start-controllers";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { defineFlags, int, parseFlags } from "@kubets/machinery/flags";
import { formatMicroTime, formatTime } from "@kubets/machinery/time";
import { startControlPlane } from "../e2e/controllers/control-plane.ts";

const flags = defineFlags({
  endpoints: int({ help: "How many pods stand behind the service.", default: 10_000 }),
  replaced: int({ help: "How many of them are replaced.", default: 500 }),
  "at-once": int({ help: "How many of those at once.", default: 10 }),
  nodes: int({ help: "How many nodes tell of themselves.", default: 5000 }),
  seconds: int({ help: "For how long.", default: 20 }),
});
const { values } = parseFlags(flags, process.argv.slice(2));
const parts = { clock: realClock, random: realRandom, log: silentLogger };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const row = (what: string, figures: string) => console.log(`${what.padEnd(62)} ${figures}`);

/** The most CPU that this thread used between two looks, which a free loop takes each millisecond: the longest stretch that held it. */
function watchLoop() {
  const used = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let [last, longest] = [used(), 0];
  const timer = setInterval(() => {
    const now = used();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  return { longest: () => longest, stop: () => clearInterval(timer) };
}

const written = { count: 0, bytes: 0, of: new Map<string, number>() };

/** Counts what is written of endpoints, in the form that goes over a network. */
const counting = (transport: Transport): Transport => ({
  ...transport,
  request(request) {
    const resource = /\/(endpointslices|endpoints)\b/.exec(request.path)?.[1];
    if (resource && request.method !== "GET") {
      written.count++;
      written.bytes += request.body?.length ?? JSON.stringify(request.object ?? "").length;
      written.of.set(resource, (written.of.get(resource) ?? 0) + 1);
    }
    return transport.request(request);
  },
});

async function cpuOf(act: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function rollEndpoints(): Promise<void> {
  const plane = await startControlPlane(parts);
  const client = plane.clientAs("bench");
  const stopping = new AbortController();
  await client.create(namespaces, { metadata: { name: "bench" } });
  let serial = 0;
  const add = async () => {
    const i = serial++;
    const name = `web-${i}`;
    const podIP = `10.${128 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
    await client.create(pods, {
      metadata: { namespace: "bench", name, labels: { app: "web" } },
      spec: { nodeName: `node-${i % 100}`, terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: "i" }] },
    });
    const time = formatTime(Date.now());
    const conditions = [{ type: "Ready", status: "True", lastTransitionTime: time }];
    const body = { status: { phase: "Running", podIP, podIPs: [{ ip: podIP }], conditions } };
    await client.patch(pods, { namespace: "bench", name }, { type: "merge", body }, { subresource: "status" });
  };
  for (let i = 0; i < values.endpoints; i++) await add();
  const { started } = startControllers({
    client,
    clientFor: (account) => plane.clientFor(account, counting),
    ...parts,
    signal: stopping.signal,
    controllers: ["endpointslice-controller", "endpoints-controller", "endpointslice-mirroring-controller"],
  });
  await started;
  await client.create(services, {
    metadata: { namespace: "bench", name: "web" },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }], clusterIP: "None", ipFamilies: ["IPv4"] },
  } as never);
  const quiet = async () => {
    for (let seen = 0; seen === 0 || seen !== written.count; await pause(2000)) seen = written.count;
  };
  const first = watchLoop();
  await quiet();
  first.stop();
  row(
    `${values.endpoints} endpoints told for the first time`,
    `${written.count} writes, ${(written.bytes / 1e6).toFixed(2)} MB; longest stretch ${first.longest().toFixed(0)} ms CPU`,
  );
  Object.assign(written, { count: 0, bytes: 0 });
  written.of.clear();
  const loop = watchLoop();
  let gone = 0;
  const cpu = await cpuOf(async () => {
    while (gone < values.replaced) {
      const wave = Array.from({ length: values["at-once"] }, () => `web-${gone++}`);
      // Memory storage gives nobody a turn: what the controllers hold up is to be seen, not what the pods' own writes do.
      for (const name of wave) {
        await client.delete(pods, { namespace: "bench", name }, { gracePeriodSeconds: 0 });
        await new Promise(setImmediate);
        await add();
        await new Promise(setImmediate);
      }
      await pause(50);
    }
    await quiet();
  });
  const each = [...written.of].map(([resource, count]) => `${(count / gone).toFixed(2)} of ${resource}`).join(", ");
  row(
    `${gone} of them replaced, ${values["at-once"]} at once`,
    `${(written.count / gone).toFixed(2)} writes (${each}) and ${(written.bytes / gone / 1000).toFixed(1)} kB each; ${(cpu / gone).toFixed(2)} ms CPU each with the pods' own writes; longest stretch ${loop.longest().toFixed(0)} ms CPU`,
  );
  loop.stop();
  stopping.abort();
  await plane.close();
}

/** Each node renews its lease in ten seconds, and tells its whole status in five minutes. */
async function heartbeats(withControllers: boolean): Promise<{ cpu: number; longest: number }> {
  const plane = await startControlPlane(parts);
  const client = plane.clientAs("bench");
  const stopping = new AbortController();
  const statusOf = (time: number) => ({
    conditions: ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"].map((type, i) => ({
      type,
      status: i ? "False" : "True",
      lastHeartbeatTime: formatTime(time),
      lastTransitionTime: formatTime(0),
    })),
  });
  for (let i = 0; i < values.nodes; i++) {
    const metadata = { name: `node-${i}`, labels: { "topology.kubernetes.io/zone": `zone-${i % 3}` } };
    await client.create(nodes, { metadata, status: statusOf(Date.now()) } as never);
    await client.create(leases, {
      metadata: { namespace: "kube-node-lease", name: `node-${i}` },
      spec: { holderIdentity: `node-${i}`, leaseDurationSeconds: 40, renewTime: formatMicroTime(Date.now()) },
    });
  }
  if (withControllers) {
    const clientFor = (account: string) => plane.clientFor(account);
    const { started } = startControllers({ client, clientFor, ...parts, signal: stopping.signal });
    await started;
    await pause(10_000);
  }
  const loop = watchLoop();
  let [lease, status] = [0, 0];
  const TICK_MS = 100;
  const cpu = await cpuOf(async () => {
    for (let tick = 1; tick <= (values.seconds * 1000) / TICK_MS; tick++) {
      const until = performance.now() + TICK_MS;
      const due: Promise<unknown>[] = [];
      const now = Date.now();
      for (; lease < (tick * values.nodes) / 100; lease++) {
        const key = { namespace: "kube-node-lease", name: `node-${lease % values.nodes}` };
        due.push(client.patch(leases, key, { type: "merge", body: { spec: { renewTime: formatMicroTime(now) } } }));
      }
      for (; status < (tick * values.nodes) / 3000; status++) {
        const body = { status: statusOf(now) };
        due.push(
          client.patch(
            nodes,
            { name: `node-${status % values.nodes}` },
            { type: "strategic", body },
            { subresource: "status" },
          ),
        );
      }
      await Promise.all(due);
      await pause(Math.max(0, until - performance.now()));
    }
  });
  const longest = loop.longest();
  loop.stop();
  stopping.abort();
  await plane.close();
  return { cpu: cpu / values.seconds, longest };
}

await rollEndpoints();
const alone = await heartbeats(false);
const all = await heartbeats(true);
row(`heartbeats of ${values.nodes} nodes, API server alone`, `${alone.cpu.toFixed(0)} ms CPU a second`);
row(
  "with all controllers",
  `${all.cpu.toFixed(0)} ms CPU a second; longest stretch ${all.longest.toFixed(0)} ms CPU (alone ${alone.longest.toFixed(0)} ms)`,
);
process.exit();
