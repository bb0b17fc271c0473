/**
 * `node bench/ingress.ts [seconds]`: the ingress beside nginx and HAProxy (Debian's, where they are installed) as proxies on loopback: one process
 * each, one processor at most, the same server behind, 32 clients that keep their connections. CPU is that of the proxy's process, from /proc.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const CLIENTS = 32;
/** Until what runs is compiled. */
const WARM_SECONDS = 4;
const SIZES = [100, 100_000];
const seconds = Number(process.argv[2] ?? 4);
const role = process.argv[3];

if (role === "server") await server();
else if (role === "clients") await clients(Number(process.argv[4]), Number(process.argv[5]));
else await compare();

/** Answers what its path says: so many bytes. No more than a socket, so that the proxy is what is measured. */
async function server(): Promise<void> {
  const answers = new Map(
    SIZES.map((size) => [
      size,
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`),
    ]),
  );
  const listening = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) =>
      socket.write(answers.get(Number(/^GET \/(\d+)/.exec(chunk.toString("latin1", 0, 40))?.[1])) ?? ""),
    );
  }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  process.stdout.write(`${(listening.address() as AddressInfo).port}\n`);
}

/** Prints how many answers came, and how long they took. */
async function clients(port: number, size: number): Promise<void> {
  const request = `GET /${size} HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: bench\r\nAccept: text/html,application/json;q=0.9\r\nAccept-Encoding: gzip, br\r\nAccept-Language: en\r\nCookie: session=0123456789abcdef\r\n\r\n`;
  const times: number[] = [];
  let over = false;
  const client = () =>
    new Promise<void>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      let began = 0;
      let left = 0;
      const ask = () => {
        if (over) {
          socket.destroy();
          resolve();
          return;
        }
        began = performance.now();
        left = -1;
        socket.write(request);
      };
      socket.on("data", (chunk: Buffer) => {
        if (left < 0) left = size + chunk.indexOf("\r\n\r\n") + 4;
        left -= chunk.length;
        if (left > 0) return;
        times.push(performance.now() - began);
        ask();
      });
      socket.on("connect", ask);
    });
  setTimeout(() => (over = true), seconds * 1000);
  await Promise.all(Array.from({ length: CLIENTS }, client));
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(times.length * part)] ?? 0;
  process.stdout.write(`${JSON.stringify({ count: times.length, p50: at(0.5), p99: at(0.99) })}\n`);
}

interface Proxy {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly port: number;
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-bench-"));
  const own = (...args: string[]) => ["--disable-warning=ExperimentalWarning", ...args];
  const behind = spawn(process.execPath, own(import.meta.filename, String(seconds), "server"), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const running: ChildProcess[] = [behind];
  try {
    const to = Number((await once(behind.stdout as NodeJS.ReadableStream, "data"))[0]);
    const ports = await freePorts(4);
    const ingress = (count: number, port: number): Proxy => ({
      name: `ingress, ${count} rule${count > 1 ? "s" : ""}`,
      program: process.execPath,
      args: own(join(import.meta.dirname, "ingress-process.ts"), String(port), String(to), String(count)),
      port,
    });
    const [first, second, third, fourth] = ports as [number, number, number, number];
    const proxies: Proxy[] = [
      { name: "nginx", program: "nginx", args: ["-c", nginxConfig(folder, third, to)], port: third },
      { name: "HAProxy", program: "haproxy", args: ["-f", haproxyConfig(folder, fourth, to)], port: fourth },
      ingress(1, first),
      ingress(1000, second),
    ].filter(({ program }) => spawnSync(program, ["-v"]).error === undefined);
    console.log(`load of the machine ${loadavg()[0]?.toFixed(1)}; ${CLIENTS} clients, ${seconds} s each`);
    for (const { name, program, args, port } of proxies) {
      const proxy = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
      running.push(proxy);
      await reachable(port);
      for (const size of SIZES) {
        await measure(port, size, WARM_SECONDS);
        const before = cpuOf(proxy.pid as number);
        const { count, p50, p99 } = await measure(port, size, seconds);
        const cpu = (cpuOf(proxy.pid as number) - before) / count;
        console.log(
          `${name}, ${size} bytes: ${Math.round(count / seconds)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${(cpu * 1e6).toFixed(0)} us CPU, ${memoryOf(proxy.pid as number)} MB`,
        );
      }
      proxy.kill();
      await once(proxy, "exit");
    }
  } finally {
    for (const each of running) each.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  port: number,
  size: number,
  during: number,
): Promise<{ count: number; p50: number; p99: number }> {
  const args = [
    "--disable-warning=ExperimentalWarning",
    import.meta.filename,
    String(during),
    "clients",
    String(port),
    String(size),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return JSON.parse(text.toString()) as { count: number; p50: number; p99: number };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const each = createServer().listen(0, "127.0.0.1");
      await once(each, "listening");
      return each;
    }),
  );
  const ports = servers.map((each) => (each.address() as AddressInfo).port);
  for (const each of servers) each.close();
  return ports;
}

async function reachable(port: number): Promise<void> {
  for (let i = 0; i < 400; i++) {
    const socket = connect({ port, host: "127.0.0.1" });
    const came = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (came) return;
    await sleep(25);
  }
  throw new Error(`nobody listens at ${port}`);
}

/** Of a process and its children, in seconds. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (
    (Number(fields[11]) + Number(fields[12])) / 100 + childrenOf(pid).reduce((sum, child) => sum + cpuOf(child), 0)
  );
}

function memoryOf(pid: number): number {
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  return Math.round(kilobytes / 1024) + childrenOf(pid).reduce((sum, child) => sum + memoryOf(child), 0);
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

/** As ingress-nginx would have it, as far as it tells the server who asks. */
function nginxConfig(folder: string, port: number, to: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(" ");
  const path = join(folder, "nginx.conf");
  writeFileSync(
    path,
    `worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events { worker_connections 4096; }
http { access_log off; ${temporary} keepalive_requests 10000000;
upstream behind { server 127.0.0.1:${to}; keepalive 64; keepalive_requests 10000000; }
server { listen 127.0.0.1:${port}; server_name shop.test; location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection "";
proxy_set_header Host $http_host; proxy_set_header X-Request-ID $request_id; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Port $server_port; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Scheme $scheme; } } }
`,
  );
  return path;
}

function haproxyConfig(folder: string, port: number, to: number): string {
  const path = join(folder, "haproxy.cfg");
  writeFileSync(
    path,
    `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
frontend all
  bind 127.0.0.1:${port}
  http-request set-header X-Real-IP %[src]
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto http
  default_backend behind
backend behind
  http-reuse always
  server one 127.0.0.1:${to}
`,
  );
  return path;
}
