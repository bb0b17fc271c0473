/**
 * A containerd for a machine that is a node as a whole, without namespaces around it: its own folder and socket beside whatever else runs there.
 * Holds: one that an earlier process left is ended first and its containers go on under the new one; `stop` leaves them running too.
 */
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, type Logger, sleep } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { containerdConfig } from "./containerd/config.ts";
import { superviseContainerd } from "./containerd/supervise.ts";
import { type ImageTarget, listImages, loadArchive } from "./images/commands.ts";
import { keptLocalImages } from "./images/kept-images.ts";
import { PAUSE_IMAGE } from "./images/local-images.ts";
import { Journal } from "./inventory/journal.ts";
import { signal, startTime } from "./inventory/processes.ts";
import { chooseNamespaceDriver } from "./namespaces/choose.ts";
import { machineCapabilities } from "./programs/capabilities.ts";
import { versionOf } from "./programs/find.ts";
import { installMissing } from "./programs/install.ts";

export interface MachineRuntimeOptions {
  /** Kept: images, containers, logs. */
  readonly folder: string;
  /** Gone after a restart of the machine: sockets. */
  readonly runFolder: string;
  readonly cniConfFolder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface MachineRuntime {
  readonly socket: string;
  stop(): Promise<void>;
}

export async function startMachineRuntime(options: MachineRuntimeOptions): Promise<MachineRuntime> {
  const { folder, runFolder, cniConfFolder, clock, log } = options;
  await becomeOwner(runFolder);
  const { paths, cniFolder = "/opt/cni/bin" } = await installMissing({ say: (line) => log.info(line.trim()), clock });
  const { refusals, overlay, sysResource } = await machineCapabilities(folder);
  if (refusals.length > 0) throw new Error(`containers cannot run here: ${refusals.join("; ")}`);
  const { containerd = "containerd", runc = "runc", ctr = "ctr", busybox = "busybox" } = paths;
  const socket = join(runFolder, "containerd.sock");
  const configFile = join(folder, "containerd.toml");
  const root = join(folder, "containerd");
  const registryFolder = join(folder, "registries");
  const snapshotter = overlay ? "overlayfs" : "native";
  for (const each of [runFolder, join(root, "tmp"), registryFolder, cniConfFolder])
    await mkdir(each, { recursive: true });
  const config = containerdConfig(
    {
      root,
      state: join(runFolder, "containerd"),
      socket,
      pauseImage: PAUSE_IMAGE,
      snapshotter,
      restrictOomScoreAdj: !sysResource,
      runc,
      cniBinFolder: cniFolder,
      cniConfFolder,
      registryFolder,
    },
    (await versionOf(containerd))?.major ?? 1,
  );
  await writeFile(configFile, config);
  const journal = new Journal(join(runFolder, "made.jsonl"));
  await endPredecessors(journal, clock);
  const driver = await chooseNamespaceDriver();
  const logFile = join(folder, "containerd.log");
  const instance = await superviseContainerd(
    { driver, scope: {}, program: containerd, configFile, socket, logFile, journal, networkLater: true, clock },
    log,
  );
  await loadMissing({ socket, snapshotter, ctr }, busybox, folder);
  return {
    socket,
    async stop() {
      await instance.stop();
      await driver.close();
    },
  };
}

/** Of several processes only one may have the machine's runtime; one that was killed has it no more. */
async function becomeOwner(runFolder: string): Promise<void> {
  const file = join(runFolder, "owner.json");
  const text = await readFile(file, "utf8").catch(() => "{}");
  const { pid, started } = JSON.parse(text) as { pid?: number; started?: string };
  if (pid !== undefined && pid !== process.pid && (await startTime(pid)) === started)
    throw new ExitError(exitCode.failure, `a kubets agent (process ${pid}) runs on this machine: stop it first`);
  await mkdir(runFolder, { recursive: true });
  const owner = { pid: process.pid, started: await startTime(process.pid) };
  await writeFile(`${file}.new`, JSON.stringify(owner));
  await rename(`${file}.new`, file);
}

const LOOK_AGAIN_MS = 50;

async function endPredecessors(journal: Journal, clock: Clock): Promise<void> {
  for (const made of journal.read()) {
    if (made.kind !== "process") continue;
    const runs = async () => (await startTime(made.pid)) === made.started;
    if (await runs()) signal(made.pid, "SIGTERM");
    while (await runs()) await sleep(clock, LOOK_AGAIN_MS);
  }
}

async function loadMissing(target: ImageTarget, busybox: string, folder: string): Promise<void> {
  const present = new Set((await listImages(target.socket)).flatMap(({ repoTags }) => repoTags));
  const { file, names } = await keptLocalImages(busybox, join(folder, "images"));
  if (!names.every((name) => present.has(name))) await loadArchive(target, createReadStream(file));
}
