/** A real Prometheus (2.40 or later, as Debian has it) scrapes the API server with NativeHistograms, and reckons with what it got. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { namespaces } from "@kubets/api/generated/refs";
import { realClock } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import { startApiServer } from "../api-server.ts";
import { eventually } from "../cluster.ts";

const isThere = spawnSync("prometheus", ["--version"]).status === 0;

/** What Prometheus says of an expression: for each series its value. */
interface Answer {
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

describe("Prometheus", { skip: isThere ? false : "there is no prometheus on this machine" }, () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-prometheus-"));
  let server: Awaited<ReturnType<typeof startApiServer>>;
  let prometheus: ChildProcess;
  let url = "";

  const ask = async (expression: string): Promise<number> => {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { data } = (await answer.json()) as Answer;
    return Number(data.result[0]?.value[1] ?? Number.NaN);
  };

  before(async () => {
    server = await startApiServer(new MemoryStorage({ clock: realClock }), {
      featureEnabled: (name) => name === "NativeHistograms",
    });
    const config = join(folder, "prometheus.yml");
    // JSON is YAML, too.
    const job = {
      job_name: "apiserver",
      scheme: "https",
      tls_config: { insecure_skip_verify: true },
      authorization: { credentials: server.token },
      scrape_interval: "1s",
      static_configs: [{ targets: [new URL(server.url).host] }],
    };
    writeFileSync(config, JSON.stringify({ scrape_configs: [job] }));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    prometheus = spawn(
      "prometheus",
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--enable-feature=native-histograms",
      ],
      { stdio: "ignore" },
    );
  });

  after(async () => {
    const ended = once(prometheus, "exit");
    prometheus.kill();
    await ended;
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  it("takes native buckets, and finds quantiles in them", async () => {
    for (let i = 0; i < 20; i++) await server.client.list(namespaces);
    const lists = 'sum(apiserver_request_duration_seconds{verb="LIST",resource="namespaces"})';
    await eventually("all requests are counted", async () => (await ask(`histogram_count(${lists})`)) >= 20);
    const median = await ask(`histogram_quantile(0.5, ${lists})`);
    const mean = await ask(`histogram_sum(${lists}) / histogram_count(${lists})`);
    assert.ok(median > 0 && median < 5 && mean > 0, `median ${median}, mean ${mean}`);
    assert.equal(await ask("up"), 1);
    assert.ok((await ask('sum(apiserver_request_total{resource="namespaces"})')) >= 20);
  });
});
