/**
 * An etcd cluster of three members on loopback, with TLS for clients and peers, for the time of a test.
 * Holds: `remove` ends every process that was started here and deletes every file.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { connectEtcd, type EtcdStorage } from "@kubets/storage";
import { removeWhenInterrupted } from "../interrupted.ts";

/** Why there can be no cluster here; undefined when there can. */
export function whyNoEtcd(): string | undefined {
  if (spawnSync("etcd", ["--version"]).error) return "etcd is not installed (Debian: apt-get install etcd-server)";
  if (spawnSync("openssl", ["version"]).error) return "openssl is not installed";
  return undefined;
}

export interface EtcdCluster {
  readonly endpoints: readonly string[];
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Ends a member as `kill -9` does. */
  kill(member: number): Promise<void>;
  /** Starts a member again that was killed. */
  restart(member: number): void;
  remove(): Promise<void>;
}

interface Member {
  readonly args: readonly string[];
  process: ChildProcess;
}

export async function startEtcd(size: number): Promise<EtcdCluster> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-etcd-"));
  makeCertificates(folder);
  const ports = await freePorts(size * 2);
  const url = (port: number | undefined) => `https://127.0.0.1:${port}`;
  const names = Array.from({ length: size }, (_, i) => `m${i}`);
  const clients = ports.slice(0, size).map(url);
  const peers = ports.slice(size).map(url);
  const file = (name: string) => join(folder, name);
  const certificates = ["", "peer-"].map((who) => ({
    [`${who}cert-file`]: file("cert.pem"),
    [`${who}key-file`]: file("key.pem"),
    [`${who}trusted-ca-file`]: file("ca.pem"),
    [`${who}client-cert-auth`]: "true",
  }));

  const start = (args: readonly string[]) =>
    spawn("etcd", args, { stdio: "ignore", env: { PATH: process.env.PATH ?? "" } });
  const members: Member[] = names.map((name, i) => {
    const flags = {
      name,
      "data-dir": file(name),
      "listen-client-urls": clients[i],
      "advertise-client-urls": clients[i],
      "listen-peer-urls": peers[i],
      "initial-advertise-peer-urls": peers[i],
      "initial-cluster": names.map((other, j) => `${other}=${peers[j]}`).join(","),
      "initial-cluster-state": "new",
      "heartbeat-interval": 50,
      "election-timeout": 500,
    };
    const args = Object.entries(Object.assign(flags, ...certificates) as object).map(
      ([flag, value]) => `--${flag}=${value}`,
    );
    return { args, process: start(args) };
  });

  const end = async ({ process: child }: Member) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const remove = async () => {
    isRemoved();
    await Promise.all(members.map(end));
    rmSync(folder, { recursive: true });
  };
  const isRemoved = removeWhenInterrupted(remove);
  return {
    endpoints: clients,
    tls: {
      ca: readFileSync(file("ca.pem"), "utf8"),
      cert: readFileSync(file("cert.pem"), "utf8"),
      key: readFileSync(file("key.pem"), "utf8"),
    },
    kill: (which) => end(members[which] as Member),
    restart(which) {
      const member = members[which] as Member;
      member.process = start(member.args);
    },
    remove,
  };
}

/** A connection, as soon as the members have found each other. */
export async function connected({ endpoints, tls }: EtcdCluster): Promise<EtcdStorage> {
  for (let tried = 0; ; tried++) {
    try {
      const storage = await connectEtcd({ endpoints: [...endpoints], tls, timeoutMs: 20_000 });
      await storage.currentRevision();
      return storage;
    } catch (error) {
      if (tried > 20) throw error;
      await wait(250);
    }
  }
}

/** One authority, and one certificate that serves members and clients alike. */
function makeCertificates(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=etcd-ca");
  openssl("req", "-new", ...key, "-keyout", "key.pem", "-out", "cert.csr", "-subj", "/CN=kubets");
  writeFileSync(
    join(folder, "extensions"),
    "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n",
  );
  const sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions"];
  openssl("x509", "-req", "-in", "cert.csr", "-out", "cert.pem", ...sign);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
