/**
 * The process of one user's plugin: loads its file, and answers what it is asked. A second thread of it ends it when it has taken too much memory, and when
 * the server is gone; the plugin cannot hold that one up.
 */
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";
import { pathToFileURL } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import type { Answered, Asked, FromPlugin, Phase } from "./messages.ts";
import type { UserAdmissionPlugin } from "./user-plugin.ts";

const PHASES: readonly Phase[] = ["mutate", "validate"];
const LOOK_MS = 50;

function watch(mostBytes: number): void {
  const end = () => process.kill(process.pid, "SIGKILL");
  setInterval(() => process.memoryUsage.rss() > mostBytes && end(), LOOK_MS);
  new Socket({ fd: 0 }).on("close", end).resume();
}

/** Takes from the plugin what Node's permissions leave to it: signals for other processes, more threads, and the line to the server. */
function confine(): (message: FromPlugin) => void {
  const send = (process.send as NonNullable<typeof process.send>).bind(process);
  const refuse = () => {
    throw new Error("not for plugins");
  };
  Object.assign(process, { kill: refuse, _kill: refuse, _debugProcess: refuse, _debugEnd: refuse, send: undefined });
  syncBuiltinESMExports();
  process.permission?.drop("worker");
  return send;
}

async function load(file: string): Promise<UserAdmissionPlugin> {
  const { default: plugin } = (await import(pathToFileURL(file).href)) as { default?: Partial<UserAdmissionPlugin> };
  if (typeof plugin?.name !== "string" || !Array.isArray(plugin.operations) || !Array.isArray(plugin.resources))
    throw new Error("the default export must be an object with name, operations and resources");
  if (!PHASES.some((phase) => typeof plugin[phase] === "function"))
    throw new Error("it has neither mutate nor validate");
  return plugin as UserAdmissionPlugin;
}

async function answer(plugin: UserAdmissionPlugin, { id, phase, request }: Asked): Promise<Answered> {
  const warnings: string[] = [];
  try {
    await plugin[phase]?.({ ...request, warn: (text) => warnings.push(String(text)) });
    return { say: "answered", id, warnings, ...(phase === "mutate" && { object: request.object }) };
  } catch (error) {
    return { say: "answered", id, warnings, refused: error instanceof Error ? error.message : String(error) };
  }
}

async function serve(file: string, megabytes: number): Promise<void> {
  const mostBytes = process.memoryUsage.rss() + megabytes * 2 ** 20;
  const watching = new Worker(import.meta.filename, { workerData: mostBytes });
  await new Promise((resolve) => watching.once("online", resolve));
  const tell = confine();
  try {
    const plugin = await load(file);
    process.on("message", (asked: Asked) => void answer(plugin, asked).then(tell));
    const { name, operations, resources } = plugin;
    const phases = PHASES.filter((phase) => typeof plugin[phase] === "function");
    tell({ say: "loaded", plugin: { name, operations: [...operations], resources: [...resources] }, phases });
  } catch (error) {
    tell({ say: "not loaded", why: (error as Error).message });
  }
}

if (isMainThread) await serve(process.argv[2] as string, Number(process.argv[3]));
else watch(workerData as number);
