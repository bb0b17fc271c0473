/**
 * Two API servers, each a program with a host's name of its own, over one etcd: the older lacks a version that the newer serves. Real kubectl, asking
 * the older, finds all that either of them serves; and each tells what it stores.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { ClusterPki } from "kubets/cluster/pki";
import { frontProxy, servingCertificate } from "kubets/server/certificates";
import { eventually } from "../cluster.ts";
import { realProgram } from "../real-programs.ts";
import { type EtcdCluster, startEtcd, whyNoEtcd } from "../storage/etcd-cluster.ts";

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, "../../packages/kubets/src/main.ts");
const GROUP = "admissionregistration.k8s.io";
const NEW_VERSION = `mutatingadmissionpolicies.v1alpha1.${GROUP}`;
const TOKEN = "for-this-test";
const POLICY = `
apiVersion: ${GROUP}/v1alpha1
kind: MutatingAdmissionPolicy
metadata: { name: one }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods] }]
  mutations: [{ patchType: JSONPatch, jsonPatch: { expression: '[JSONPatch{op: "remove", path: "/spec"}]' } }]
  reinvocationPolicy: Never
`;

const whyNot =
  whyNoEtcd() ?? (spawnSync("unshare", ["--uts", "true"]).status === 0 ? undefined : "hosts' names need root");

describe("two servers of one cluster", { skip: whyNot ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-peers-"));
  const programs: ChildProcess[] = [];
  let etcd: EtcdCluster;
  let older: string;
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const kubectl = async (...args: string[]) => {
    const server = [
      "--server",
      older,
      "--token",
      TOKEN,
      "--insecure-skip-tls-verify",
      "--cache-dir",
      `${folder}/cache`,
    ];
    return (await run(realProgram("v35", "kubectl"), [...server, ...args])).stdout;
  };

  before(async () => {
    etcd = await startEtcd(1);
    for (const name of ["pki", "proxies"]) mkdirSync(join(folder, name));
    const pki = new ClusterPki(join(folder, "pki"), Date.now);
    const proxies = frontProxy(join(folder, "proxies"), Date.now);
    const own = servingCertificate(pki, {
      advertiseAddress: "127.0.0.1",
      more: [],
      serviceCidr: "10.96.0.0/16",
      clusterDomain: "cluster.local",
    });
    const shown = proxies.client();
    const proxyCa = file("proxy-ca.pem", proxies.ca);
    const args = [
      `--etcd-servers=${etcd.endpoints.join()}`,
      `--etcd-cafile=${file("etcd-ca.pem", etcd.tls.ca)}`,
      `--etcd-certfile=${file("etcd.pem", etcd.tls.cert)}`,
      `--etcd-keyfile=${file("etcd-key.pem", etcd.tls.key)}`,
      "--bind-address=127.0.0.1",
      "--secure-port=0",
      "--advertise-address=192.0.2.1",
      "--peer-advertise-ip=127.0.0.1",
      `--peer-ca-file=${file("ca.pem", pki.caPem)}`,
      `--tls-cert-file=${file("own.pem", own.cert)}`,
      `--tls-private-key-file=${file("own-key.pem", own.key)}`,
      `--proxy-client-cert-file=${file("shown.pem", shown.cert)}`,
      `--proxy-client-key-file=${file("shown-key.pem", shown.key)}`,
      `--requestheader-client-ca-file=${proxyCa}`,
      "--requestheader-allowed-names=front-proxy-client",
      "--requestheader-username-headers=X-Remote-User",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
      `--token-auth-file=${file("tokens.csv", `${TOKEN},admin,1,system:masters\n`)}`,
      "--endpoint-reconciler-type=none",
      "--feature-gates=StorageVersionAPI=true",
      "--logging-format=json",
    ];
    const start = async (hostname: string, runtimeConfig: string) => {
      const command = `hostname ${hostname} && exec "$0" "$@"`;
      const config = `--runtime-config=internal.apiserver.k8s.io/v1alpha1,${runtimeConfig}`;
      const program = spawn(
        "unshare",
        ["--uts", "sh", "-c", command, process.execPath, PROGRAM, "apiserver", ...args, config],
        { stdio: ["ignore", "ignore", "pipe"] },
      );
      programs.push(program);
      const lines = createInterface(program.stderr);
      const ready = new Promise<string>((resolve) => {
        lines.on("line", (line) => {
          const { message, port } = JSON.parse(line) as { message?: string; port?: number };
          if (message === "ready") resolve(`https://127.0.0.1:${port}`);
        });
      });
      const ended = once(program, "exit").then(() =>
        Promise.reject(new Error(`${hostname} ended before it was ready`)),
      );
      return Promise.race([ready, ended]);
    };
    older = await start("older", "api/alpha=false");
    await start("newer", `${GROUP}/v1alpha1`);
  });
  after(async () => {
    for (const program of programs) {
      program.kill();
      if (program.exitCode === null) await once(program, "exit");
    }
    await etcd?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("serve what either of them serves", async () => {
    await eventually("the newer server to be known", async () =>
      (await kubectl("api-versions")).split("\n").includes(`${GROUP}/v1alpha1`),
    );
    await kubectl("create", "-f", file("policy.yaml", POLICY));
    const names = async (resource: string) => (await kubectl("get", resource, "-o", "name")).trim();
    assert.equal(await names(NEW_VERSION), `mutatingadmissionpolicy.${GROUP}/one`);
    assert.equal(await names(`mutatingadmissionpolicies.v1.${GROUP}`), `mutatingadmissionpolicy.${GROUP}/one`);
    await kubectl("delete", NEW_VERSION, "one");
    assert.equal(await names(NEW_VERSION), "");
  });

  it("tell what each of them stores", async () => {
    const of = async (resource: string, ...path: string[]) =>
      (await kubectl("get", "storageversions", `${GROUP}.${resource}`, "-o", `jsonpath=${path.join("")}`)).trim();
    assert.equal(await of("mutatingadmissionpolicies", "{.status.commonEncodingVersion}"), `${GROUP}/v1`);
    const served = "{range .status.storageVersions[*]}{.servedVersions} {end}";
    assert.equal(await of("mutatingadmissionpolicies", served), `["${GROUP}/v1"] ["${GROUP}/v1","${GROUP}/v1alpha1"]`);
  });
});
