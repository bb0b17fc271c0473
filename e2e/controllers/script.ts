/**
 * Scripts as tests: a file of commands, each followed by what came of it, indented. `KUBETS_REWRITE=1` writes what comes of them now; a person reads
 * the difference. Lines with `#` are comments.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";

/** Carries out a command and gives the lines to show. */
export type Run = (command: string, words: Words) => Promise<readonly string[]>;

export class Words {
  readonly all: readonly string[];

  constructor(line: string) {
    this.all = line.split(/\s+/).slice(1);
  }

  /** The n-th word that is neither NAME=VALUE. */
  plain(n = 0): string | undefined {
    return this.all.filter((word) => !word.includes("="))[n];
  }

  has(word: string): boolean {
    return this.all.includes(word);
  }

  /** What stands behind NAME=. */
  get(name: string): string | undefined {
    return this.all.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  number(name: string): number | undefined {
    const text = this.get(name);
    return text === undefined ? undefined : Number(text);
  }

  /** A number, or a percentage as it stands. */
  portion(name: string): number | string | undefined {
    const text = this.get(name);
    return text === undefined || text.endsWith("%") ? text : Number(text);
  }
}

export async function playScript(path: string, run: Run): Promise<void> {
  const text = readFileSync(path, "utf8");
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("  ")) continue;
    lines.push(line);
    if (!line.trim() || line.startsWith("#")) continue;
    lines.push(...(await run(line.split(/\s+/)[0] as string, new Words(line))).map((shown) => `  ${shown}`));
  }
  const now = lines.join("\n");
  if (process.env.KUBETS_REWRITE) writeFileSync(path, now);
  else assert.equal(now, text);
}
