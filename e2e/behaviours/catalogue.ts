/** All behaviours: those that are published (names.txt), and those that have a test (the modules in the folders beside). */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Behaviour, registered } from "./behaviour.ts";

const here = import.meta.dirname;

/** The codenames of the published behaviours. */
export const publishedNames: readonly string[] = readFileSync(join(here, "names.txt"), "utf8").trimEnd().split("\n");

/** Loads every module of the folders and gives what they registered, by name. */
export async function loadBehaviours(): Promise<ReadonlyMap<string, Behaviour>> {
  for (const file of globSync("*/**/*.ts", { cwd: here }).toSorted()) await import(join(here, file));
  const published = new Set(publishedNames);
  for (const name of registered.keys())
    if (!published.has(name)) throw new Error(`"${name}" is no published behaviour; names.txt holds them all`);
  return registered;
}

/** "sig-apps" of "[sig-apps] Job should ...". */
export const sigOf = (name: string): string => /^\[([^\]]+)\]/.exec(name)?.[1] ?? "";

/** Whether each word stands in the name, whatever its case. */
export const matches = (name: string, words: readonly string[]): boolean =>
  words.every((word) => name.toLowerCase().includes(word.toLowerCase()));
