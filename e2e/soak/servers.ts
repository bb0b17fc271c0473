/**
 * `npm run soak -- servers [--minutes 60]`: three servers on three members of etcd, each on a host of its own, and a node with pods. In turn each server is
 * killed with KILL, and each member of etcd. No request to the servers that were not killed fails, another goes on with the control plane, and no
 * container is restarted.
 */
import assert from "node:assert/strict";
import { defineFlags, number } from "@kubets/machinery/flags";
import { eventually, PATIENCE, whyNoContainers } from "../cluster.ts";
import { type Host, Rack } from "../joining/hosts.ts";
import { type Load, SeveralServers, unharmed } from "../joining/several-servers.ts";
import { whyNoEtcd } from "../storage/etcd-cluster.ts";
import { askedFor } from "./asked-for.ts";

const flags = defineFlags({ minutes: number({ default: 60, help: "For how long." }) });
const PAUSE_MS = 20;
const RECOVERY_MS = 120_000 * PATIENCE;
const PLACES = [0, 1, 2];

/** Kills what is at a place, and starts it again when the others have shown that they go on. */
async function round(several: SeveralServers, what: "server" | "member", place: number, number: number): Promise<Load> {
  const others = what === "server" ? PLACES.filter((other) => other !== place) : PLACES;
  const names = others.map((other) => `load-${number}-${other}`);
  const loads = others.map((other, i) => several.load(other, names[i] as string, PAUSE_MS));
  const host = several.hosts[others[0] as number] as Host;
  await eventually("load", () => several.kubectl(host, "get", "configmap", ...names));
  await several[what === "server" ? "servers" : "members"][place]?.kill("SIGKILL");
  await goesOn(several, host, `after-${number}`);
  const made: Load[] = [];
  for (const load of loads) made.push(await unharmed(load));
  several.kubectl(host, "delete", "configmap", ...names);
  if (what === "server") await several.startServer(place);
  else await several.startMember(place);
  return {
    requests: made.reduce((sum, { requests }) => sum + requests, 0),
    slowestMs: Math.max(...made.map(({ slowestMs }) => slowestMs)),
  };
}

/** Controllers, the scheduler and the node do what they are asked, and nobody's container was restarted. */
async function goesOn(several: SeveralServers, host: Host, name: string): Promise<void> {
  several.kubectl(host, "create", "deployment", name, "--image=kubets.local/demo:1");
  const status = ["rollout", "status", `deployment/${name}`, "--timeout=20s"];
  await eventually(`the deployment ${name}`, () => several.kubectl(host, ...status), RECOVERY_MS);
  several.kubectl(host, "delete", "deployment", name);
  const restarts = "jsonpath={.items[*].status.containerStatuses[*].restartCount}";
  const counts = several.kubectl(host, "get", "pods", "-l", "app=stays", "-o", restarts);
  assert.equal(counts, "0 0 0");
}

async function soak(several: SeveralServers, minutes: number): Promise<void> {
  const until = performance.now() + minutes * 60_000;
  let [kills, all, worst] = [0, 0, 0];
  for (const [what, place] of turns()) {
    if (performance.now() > until) break;
    const { requests, slowestMs } = await round(several, what, place, ++kills);
    all += requests;
    worst = Math.max(worst, slowestMs);
    console.log(
      `${what} ${place} killed; the others answered ${requests} requests, none failed, none took more than ${slowestMs} ms`,
    );
  }
  console.log(
    `${kills} kills, ${all} requests to those that were not killed, none failed, none took more than ${worst} ms`,
  );
}

function* turns(): Generator<readonly ["server" | "member", number]> {
  for (;;)
    for (const place of PLACES) {
      yield ["server", place];
      yield ["member", place];
    }
}

const { minutes } = askedFor("servers ", "Three servers on three members of etcd, killed in turn.", flags);
const why = whyNoContainers() ?? whyNoEtcd();
if (why) console.log(`several servers cannot be tried here: ${why}`);
else {
  const rack = new Rack();
  const several = new SeveralServers(rack);
  try {
    await several.stand([21, 22, 23]);
    await several.join();
    await several.join();
    await several.joinNode(24);
    const [first] = several.hosts as [Host];
    several.kubectl(first, "create", "deployment", "stays", "--image=kubets.local/demo:1", "--replicas=3");
    several.kubectl(first, "rollout", "status", "deployment/stays", "--timeout=90s");
    await soak(several, minutes);
  } catch (error) {
    console.log(several.lastWords());
    throw error;
  } finally {
    await rack.remove();
  }
}
