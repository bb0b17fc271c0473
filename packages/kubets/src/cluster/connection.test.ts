import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { connectionTo } from "./connection.ts";
import { clusterHome } from "./home.ts";

const kubeconfig = (context: string, server: string) => `apiVersion: v1
kind: Config
current-context: ${context}
clusters: [{ name: c, cluster: { server: "${server}" } }]
users: [{ name: u, user: { token: t } }]
contexts: [{ name: ${context}, context: { cluster: c, user: u } }]
`;

test("a cluster is found by its file, by a context of one's own, or is this machine's; where there is none, that is said", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-connection-"));
  const before = { KUBETS_HOME: process.env["KUBETS_HOME"], KUBECONFIG: process.env["KUBECONFIG"] };
  t.after(() => {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    rmSync(folder, { recursive: true });
  });
  process.env["KUBETS_HOME"] = folder;
  const own = join(folder, "own");
  process.env["KUBECONFIG"] = own;
  const server = async (flags: { kubeconfig?: string; context?: string }) =>
    (await connectionTo({ cluster: "default", kubeconfig: "", ...flags })).server;

  await assert.rejects(
    server({}),
    /there is no cluster to work with: `kubets up` starts one, --kubeconfig names the file of another/,
  );
  writeFileSync(own, kubeconfig("mine", "https://mine:6443"));
  assert.equal(await server({}), "https://mine:6443");
  const ofMachine = clusterHome("default").kubeconfig;
  mkdirSync(dirname(ofMachine), { recursive: true });
  writeFileSync(ofMachine, kubeconfig("kubets-default", "https://here:6443"));
  assert.equal(await server({}), "https://here:6443");
  assert.equal(await server({ context: "mine" }), "https://mine:6443");
  assert.equal(await server({ kubeconfig: own }), "https://mine:6443");
  await assert.rejects(server({ context: "other" }), /context "other" does not exist/);
});
