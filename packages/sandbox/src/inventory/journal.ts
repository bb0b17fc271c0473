/**
 * What a cluster makes on the machine, written down before it is made (a process: as soon as it has an id; until then its cgroup finds it).
 * Holds: an entry is one line, added in one write; a line cut short by a crash is passed over. Most things are found by their names as well; the
 * journal knows what has none.
 */
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

export type Made =
  /** By its start time too: an id alone may by now be another's. */
  | { readonly kind: "process"; readonly pid: number; readonly started: string; readonly what: string }
  /** A folder of the host that a program insists on; removed when empty and in nobody's use. */
  | { readonly kind: "host-folder"; readonly path: string };

type Entry = Made & { readonly boot: string };

export class Journal {
  readonly #path: string;
  readonly #boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

  constructor(path: string) {
    this.#path = path;
  }

  add(made: Made): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    appendFileSync(this.#path, `${JSON.stringify({ ...made, boot: this.#boot } satisfies Entry)}\n`, { mode: 0o600 });
  }

  /** What was made since the machine started, and folders from before. */
  read(): Made[] {
    return parseJournal(readIfThere(this.#path)).filter(
      ({ kind, boot }) => kind === "host-folder" || boot === this.#boot,
    );
  }
}

export function parseJournal(text: string): Entry[] {
  const entries: Entry[] = [];
  for (const line of text.split("\n")) {
    try {
      if (line) entries.push(JSON.parse(line) as Entry);
    } catch {
      // Cut short when the machine went down.
    }
  }
  return entries;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
