/** The thread of one user's plugin: loads its file, and answers what it is asked. */
import { parentPort, workerData } from "node:worker_threads";
import type { Answered, Asked, FromPlugin, Phase } from "./messages.ts";
import type { UserAdmissionPlugin } from "./user-plugin.ts";

const port = parentPort as NonNullable<typeof parentPort>;
const tell = (message: FromPlugin) => port.postMessage(message);
const PHASES: readonly Phase[] = ["mutate", "validate"];

async function load(): Promise<UserAdmissionPlugin> {
  const { url } = workerData as { url: string };
  const { default: plugin } = (await import(url)) as { default?: Partial<UserAdmissionPlugin> };
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

try {
  const plugin = await load();
  port.on("message", (asked: Asked) => void answer(plugin, asked).then(tell));
  const { name, operations, resources } = plugin;
  const phases = PHASES.filter((phase) => typeof plugin[phase] === "function");
  tell({ say: "loaded", plugin: { name, operations: [...operations], resources: [...resources] }, phases });
} catch (error) {
  tell({ say: "not loaded", why: (error as Error).message });
}
