/** Profiles of a run, as the engine writes them: of the processor's time, or of what is kept in memory. */
import { writeFile } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { UsageError } from "./errors.ts";

const KINDS = ["none", "cpu", "heap"];

/** Begins; what it gives ends the profile and writes it. */
export async function startProfile(kind: string, path: string): Promise<() => Promise<void>> {
  if (!KINDS.includes(kind)) throw new UsageError(`unknown profile '${kind}': it can be ${KINDS.join(", ")}`);
  if (kind === "none") return async () => {};
  const session = new Session();
  session.connect();
  if (kind === "cpu") {
    await session.post("Profiler.enable");
    await session.post("Profiler.start");
    return async () => {
      const { profile } = await session.post("Profiler.stop");
      session.disconnect();
      await writeFile(path, JSON.stringify(profile));
    };
  }
  await session.post("HeapProfiler.startSampling");
  return async () => {
    const { profile } = await session.post("HeapProfiler.stopSampling");
    session.disconnect();
    await writeFile(path, JSON.stringify(profile));
  };
}
