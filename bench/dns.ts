/**
 * `node bench/dns.ts [seconds]`: queries that the DNS server answers in a second over UDP on loopback, with 1,000 services; the asker is a
 * worker thread with 64 questions under way.
 */
import { createSocket } from "node:dgram";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { ClusterRecords } from "@kubets/dns/cluster-records";
import { Responder } from "@kubets/dns/responder";
import { DnsServer } from "@kubets/dns/server";
import { service } from "@kubets/dns/testing/objects";
import { silentLogger } from "@kubets/machinery";
import { encode } from "dns-packet";

const UNDER_WAY = 64;
const SERVICES = 1000;

if (isMainThread) {
  const records = new ClusterRecords("cluster.local");
  records.putNamespace("default");
  for (let i = 0; i < SERVICES; i++) {
    const clusterIP = `10.96.${i >> 8}.${i & 255}`;
    records.putService(service("default", `s${i}`, { clusterIP, clusterIPs: [clusterIP], ports: [] }));
  }
  const responder = new Responder({ records, isReady: () => true, ttl: 5, serverAddresses: [], rotation: () => 0 });
  const server = new DnsServer(responder, silentLogger);
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  const message = encode({ type: "query", id: 1, questions: [{ type: "A", name: "s1.default.svc.cluster.local" }] });
  let start = process.cpuUsage();
  for (let i = 0; i < 200_000; i++) void responder.respond(message, "udp");
  let used = process.cpuUsage(start);
  console.log(`an answer without sockets: ${((used.user + used.system) / 200_000).toFixed(2)} us`);
  const seconds = Number(process.argv[2] ?? 3);
  start = process.threadCpuUsage();
  const worker = new Worker(new URL(import.meta.url), { workerData: { port, seconds } });
  const { count, lost } = await new Promise<{ count: number; lost: number }>((resolve) =>
    worker.once("message", resolve),
  );
  used = process.threadCpuUsage(start);
  const each = (used.user + used.system) / count;
  console.log(
    `${Math.round(count / seconds)} queries/s, ${lost} lost, ${each.toFixed(1)} us CPU of the server's thread each: one core answers ${Math.round(1e6 / each)}/s`,
  );
  await server.close();
} else {
  const { port, seconds } = workerData as { port: number; seconds: number };
  const socket = createSocket("udp4");
  const messages = Array.from({ length: SERVICES }, (_, i) =>
    encode({ type: "query", id: i, questions: [{ type: "A", name: `s${i}.default.svc.cluster.local` }] }),
  );
  let sent = 0;
  let count = 0;
  let over = false;
  const ask = () => void (over || socket.send(messages[sent++ % SERVICES] as Buffer));
  socket.on("message", () => {
    count++;
    ask();
  });
  socket.connect(port, "127.0.0.1", () => {
    for (let i = 0; i < UNDER_WAY; i++) ask();
  });
  setTimeout(() => {
    over = true;
    setTimeout(() => {
      parentPort?.postMessage({ count, lost: sent - count });
      socket.close();
    }, 200);
  }, seconds * 1000);
}
