/**
 * The bare facts of the original that tests compare with, where the machine has them: the folder in KUBETS_FACTS, or `shared/facts` beside
 * the checkout.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

function find(): string | undefined {
  const named = process.env["KUBETS_FACTS"];
  if (named) return named;
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const facts = join(folder, "shared", "facts");
    if (existsSync(facts)) return facts;
  }
  return undefined;
}

const folder = find();

/** For the `skip` option of a test. */
export const skipWithoutFacts = folder ? false : "the facts of the original are not on this machine (KUBETS_FACTS)";

export const readFacts = (file: string): unknown => JSON.parse(readFileSync(join(folder ?? "", file), "utf8"));
