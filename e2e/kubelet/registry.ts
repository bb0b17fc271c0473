/**
 * Debian's docker-registry on the loopback of a test's network namespace: who pulls needs a name and a password.
 * Holds: `close` ends it; what it stores lies in the folder of the test's containerd and goes with it.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Containerd } from "./containerd.ts";
import { busyboxParts, digestOf, manifestOf } from "./images.ts";

export const REGISTRY = "127.0.0.1:5000";
export const USER = { username: "puller", password: "secret" };
/** The password above, as htpasswd writes it. */
const HASH = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";

export const whyNoRegistry = (): string | undefined =>
  existsSync("/usr/bin/docker-registry") ? undefined : "needs a registry (Debian: apt-get install docker-registry)";

export interface Registry {
  /** Puts an image that containerd has into the registry under a name of it. */
  push(image: string, as: string): void;
  /** Makes an image that only the registry has, and gives the file of its layer. */
  publish(repository: string, tag: string): string;
  close(): Promise<void>;
}

export async function startRegistry({ folder, netns, socket }: Containerd): Promise<Registry> {
  const store = join(folder, "registry");
  mkdirSync(store);
  writeFileSync(join(folder, "htpasswd"), `${USER.username}:${HASH}\n`);
  const config = {
    version: 0.1,
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: store }, cache: {}, maintenance: { uploadpurging: { enabled: false } } },
    http: { addr: REGISTRY },
    auth: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } },
  };
  writeFileSync(join(folder, "registry.yml"), JSON.stringify(config));
  const inside = [`--net=${netns}`];
  const child: ChildProcess = spawn("nsenter", [...inside, "docker-registry", "serve", join(folder, "registry.yml")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => (log = (log + chunk).slice(-5000)));
  const port = Number(REGISTRY.split(":")[1]).toString(16).toUpperCase();
  const answers = () =>
    new RegExp(`:${port} \\S+ 0A`).test(execFileSync("nsenter", [...inside, "cat", "/proc/net/tcp"]).toString());
  for (let tries = 0; !answers(); tries++) {
    if (child.exitCode !== null || tries > 200) throw new Error(`the registry did not start: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const ctr = (...args: string[]) =>
    execFileSync("nsenter", [...inside, "ctr", "-a", socket, "-n", "k8s.io", "images", ...args], { stdio: "pipe" });
  return {
    push(image, as) {
      const user = `${USER.username}:${USER.password}`;
      ctr("push", "--plain-http", "--user", user, `${REGISTRY}/${as}`, image);
    },
    publish(repository, tag) {
      const parts = busyboxParts({ name: "", command: ["sh"], files: { "www/name": repository } });
      const manifest = manifestOf(parts);
      const [layer, config] = [parts.layers[0] as Buffer, parts.config];
      const root = join(store, "docker/registry/v2");
      const put = (path: string, content: Buffer | string) => {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), content);
      };
      const blob = (content: Buffer) => `blobs/sha256/${digestOf(content).slice(0, 2)}/${digestOf(content)}/data`;
      for (const content of [layer, config, manifest]) put(blob(content), content);
      const link = (path: string, content: Buffer) =>
        put(`repositories/${repository}/${path}/link`, `sha256:${digestOf(content)}`);
      for (const content of [layer, config]) link(`_layers/sha256/${digestOf(content)}`, content);
      const revision = `sha256/${digestOf(manifest)}`;
      for (const path of [`revisions/${revision}`, `tags/${tag}/current`, `tags/${tag}/index/${revision}`])
        link(`_manifests/${path}`, manifest);
      return join(root, blob(layer));
    },
    async close() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
    },
  };
}
