/** What a test made is removed also when somebody ends the run by a signal: Ctrl-C, or a kill. */

const removals = new Set<() => unknown>();
let isEnding = false;

/** Has `remove` called when the process is told to end; what comes back takes that back, when it was removed otherwise. */
export function removeWhenInterrupted(remove: () => unknown): () => void {
  if (removals.size === 0) for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  removals.add(remove);
  return () => {
    removals.delete(remove);
    if (removals.size === 0 && !isEnding) for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
  };
}

/** The latest first, each whatever became of the others. */
async function end(): Promise<void> {
  isEnding = true;
  for (const remove of [...removals].reverse()) {
    try {
      await remove();
    } catch (error) {
      console.error(error);
    }
  }
  process.exit(130);
}
