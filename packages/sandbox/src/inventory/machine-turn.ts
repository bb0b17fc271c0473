/**
 * A turn that one process of this machine has at a time, for what clusters choose and must not choose alike.
 * Holds: the kernel ends it with its holder, however that one ends; nothing of it stays behind.
 */
import { once } from "node:events";
import { spawnInside } from "../namespaces/spawn-inside.ts";

const PATIENCE_S = 60;

/** The lock is the folder's, which must not go while somebody waits. */
export async function inMachineTurn<T>(folder: string, work: () => Promise<T>): Promise<T> {
  // It holds the lock for as long as its input is open, which ends with this process at the latest.
  const holding = ["sh", "-c", "echo held; exec cat"];
  const holder = await spawnInside({}, "flock", ["--no-fork", `--wait=${PATIENCE_S}`, folder, ...holding], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const closed = once(holder, "close");
  const [said] = await Promise.race([once(holder.stdout as NodeJS.ReadableStream, "data"), closed]);
  if (!(said instanceof Buffer))
    throw new Error(
      `${folder} is locked by another process for more than ${PATIENCE_S} s; \`fuser ${folder}\` tells which: end it, and try again`,
    );
  try {
    return await work();
  } finally {
    holder.stdin?.end();
    await closed;
  }
}
