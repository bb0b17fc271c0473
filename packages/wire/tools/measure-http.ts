/**
 * Measures the HTTP server: CPU of the server's process for each request (2 KB over TLS and HTTP/1.1, 32 connections
 * kept alive) and for each event delivered to 100 watchers, beside bare Node doing the same.
 * Run: node packages/wire/tools/measure-http.ts
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect as connectH2 } from "node:http2";
import { createServer } from "node:https";
import { connect } from "node:tls";
import { type ChunkSink, type Exchange, Frame, listen } from "../src/http.ts";
import { testPki } from "../src/testing/certificates.ts";

const REQUESTS = 20_000;
const CONNECTIONS = 32;
const WATCHERS = 100;
const EVENTS = 300;
const body = Buffer.alloc(2048, "x");
const request =
  "GET / HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer 0123456789\r\naccept: application/json\r\n\r\n";

if (process.argv[2] === "serve") await serve(process.argv[3] === "bare");
else await measure();

async function serve(bare: boolean): Promise<void> {
  const pki = testPki();
  const sinks: ChunkSink[] = [];
  const handler = (exchange: Exchange) => {
    if (exchange.url === "/watch") sinks.push(exchange.stream(200, ["content-type", "application/json"]));
    else exchange.respond(200, ["content-type", "application/json", "cache-control", "no-cache, private"], body);
  };
  let port: number;
  if (bare) {
    const server = createServer(pki.server, (_, response) => {
      response.writeHead(200, ["content-type", "application/json", "content-length", "2048"]);
      response.end(body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as { port: number }).port;
  } else port = (await listen({ tls: pki.server, host: "127.0.0.1", handler })).port;
  process.on("message", (message) => {
    if (message === "cpu") process.send?.({ cpu: process.cpuUsage() });
    else if (message === "events") {
      let left = EVENTS;
      const tick = () => {
        const frame = new Frame(body);
        for (const sink of sinks) sink.write(frame);
        if (--left > 0) setImmediate(tick);
      };
      tick();
    }
  });
  process.send?.({ port });
}

async function measure(): Promise<void> {
  for (const kind of ["bare", "ours"]) {
    const child = fork(import.meta.filename, ["serve", kind]);
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    const cpu = async () => {
      child.send("cpu");
      const [{ cpu: used }] = (await once(child, "message")) as [{ cpu: NodeJS.CpuUsage }];
      return used.user + used.system;
    };
    const report = (name: string, used: number, count: number) =>
      console.log(`${kind} ${name}: ${(used / count).toFixed(1)} us CPU`);
    await gets(port, 4000);
    let before = await cpu();
    await gets(port, REQUESTS);
    report("GET of 2 KB, h1", (await cpu()) - before, REQUESTS);
    if (kind === "ours") {
      for (const protocol of ["h1", "h2"] as const) {
        const watchers = protocol === "h1" ? watchH1(port) : watchH2(port);
        await watchers.ready;
        before = await cpu();
        child.send("events");
        await watchers.done;
        report(`event delivered, ${protocol}`, (await cpu()) - before, WATCHERS * EVENTS);
        watchers.close();
      }
    }
    child.kill();
  }
}

async function gets(port: number, count: number): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
      await once(socket, "secureConnect");
      await new Promise<void>((resolve) => {
        let size = 0;
        const next = () => {
          size = 0;
          if (left-- > 0) socket.write(request);
          else resolve();
        };
        socket.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size >= 2048 && chunk.at(-1) === 120) next();
        });
        next();
      });
      socket.destroy();
    }),
  );
}

interface Watchers {
  ready: Promise<unknown>;
  done: Promise<unknown>;
  close(): void;
}

function watchH1(port: number): Watchers {
  const all = Array.from({ length: WATCHERS }, () => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    socket.write("GET /watch HTTP/1.1\r\nhost: localhost\r\n\r\n");
    return socket;
  });
  return {
    ready: Promise.all(all.map((socket) => once(socket, "data"))),
    done: Promise.all(all.map((socket) => received(socket))),
    close: () => all.forEach((socket) => socket.destroy()),
  };
}

function watchH2(port: number): Watchers {
  const sessions = Array.from({ length: WATCHERS }, () =>
    connectH2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false }),
  );
  const all = sessions.map((session) => session.request({ ":path": "/watch" }));
  return {
    ready: Promise.all(all.map((stream) => once(stream, "response"))),
    done: Promise.all(all.map((stream) => received(stream))),
    close: () => sessions.forEach((session) => session.destroy()),
  };
}

function received(stream: NodeJS.ReadableStream): Promise<void> {
  let size = 0;
  return new Promise((resolve) =>
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size >= EVENTS * body.length) resolve();
    }),
  );
}
