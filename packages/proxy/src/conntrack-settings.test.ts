/** What the configuration says of connection tracking, as files of the kernel. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { createLogger } from "@kubets/machinery";
import { parseFlags } from "@kubets/machinery/flags";
import { configOf } from "./command.ts";
import { parseProxyConfig } from "./config.ts";
import { applySettings, conntrackSettings, type KernelSetting } from "./conntrack-settings.ts";
import { commandFlags } from "./flags.ts";

const HEAD = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
const byName = (settings: readonly KernelSetting[]): Record<string, number> =>
  Object.fromEntries(
    settings
      .flatMap((each) => [each, ...(each.then ? [each.then] : [])])
      .map(({ file, value }) => [basename(file), value]),
  );
const said = (conntrack: string, cores: number) =>
  byName(conntrackSettings(parseProxyConfig(`${HEAD}conntrack: ${conntrack}\n`, "file"), cores));

describe("the settings of connection tracking", () => {
  const byDefault = { nf_conntrack_tcp_timeout_established: 86_400, nf_conntrack_tcp_timeout_close_wait: 3600 };

  it("are those of the original by default, by file and by flags", () => {
    const of2 = { nf_conntrack_max: 131_072, ...byDefault, hashsize: 32_768 };
    assert.deepEqual(said("{}", 2), of2);
    assert.deepEqual(said("{maxPerCore: null, min: null}", 8), { ...of2, nf_conntrack_max: 262_144, hashsize: 65_536 });
    const { values } = parseFlags(commandFlags, []);
    assert.deepEqual(conntrackSettings(configOf(values), 2), conntrackSettings(parseProxyConfig(HEAD, "file"), 2));
  });

  it("leave alone what is 0", () => {
    assert.deepEqual(said("{maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}", 2), {});
  });

  it("say each thing that can be said", () => {
    const { values } = parseFlags(commandFlags, [
      "--conntrack-max-per-core=10",
      "--conntrack-min=5",
      "--conntrack-tcp-be-liberal",
      "--conntrack-tcp-timeout-established=1m",
      "--conntrack-tcp-timeout-close-wait=2m",
      "--conntrack-udp-timeout=3m",
      "--conntrack-udp-timeout-stream=4m",
    ]);
    assert.deepEqual(byName(conntrackSettings(configOf(values), 4)), {
      nf_conntrack_max: 40,
      nf_conntrack_tcp_timeout_established: 60,
      nf_conntrack_tcp_timeout_close_wait: 120,
      nf_conntrack_tcp_be_liberal: 1,
      nf_conntrack_udp_timeout: 180,
      nf_conntrack_udp_timeout_stream: 240,
      hashsize: 10,
    });
  });

  it("are written where they differ, and what cannot be written is told", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kubets-conntrack-"));
    const lines: string[] = [];
    try {
      const file = (name: string) => join(folder, name);
      await writeFile(file("differs"), "60\n");
      for (const name of ["more", "follows", "untouched"]) await writeFile(file(name), "500\n");
      const log = createLogger({ write: (line) => lines.push(line) });
      await applySettings(
        [
          { file: file("none"), value: 1, then: { file: file("untouched"), value: 1 } },
          { file: file("differs"), value: 3600, then: { file: file("follows"), value: 7 } },
          { file: file("more"), value: 100, atLeast: true },
        ],
        log,
      );
      assert.equal(await readFile(file("differs"), "utf8"), "3600\n");
      assert.equal(await readFile(file("follows"), "utf8"), "7\n");
      for (const name of ["more", "untouched"]) assert.equal(await readFile(file(name), "utf8"), "500\n");
      assert.match(lines.join(""), /stays as the machine has it.*none/);
      assert.equal(lines.length, 1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
