/**
 * `npm run e2e -- --matrix [words] [--on simulated|containers] [--kubeconfig FILE]`: runs the behaviours whose names hold the words, prints each with
 * its result, and the totals of all. `--list` runs nothing and shows the last results.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bool, choice, defineFlags, file, int, parseFlags } from "@kubets/machinery/flags";
import { helpText } from "@kubets/machinery/help-text";
import { sharedFolder } from "../shared-folder.ts";
import type { Behaviour } from "./behaviour.ts";
import { loadBehaviours, matches, publishedNames } from "./catalogue.ts";
import { type BehaviourCluster, bringUp, cheapestFor, foreign, whyNoContainers } from "./clusters.ts";
import { type Outcome, performAll } from "./perform.ts";
import { keepOutcomes, readResults, standingOf, totals, writeSummary } from "./results.ts";

const flags = defineFlags({
  matrix: bool({ help: "Run behaviours." }),
  on: choice(["", "simulated", "containers"], {
    default: "",
    help: "Only on this cluster (each on the cheapest that can show it).",
  }),
  kubeconfig: file({ help: "Run on the cluster that this file names." }),
  concurrency: int({ default: 6, min: 1, help: "So many at a time." }),
  list: bool({ help: "Run nothing; show the last results." }),
  write: bool({ help: "Write the totals into docs/results.md." }),
  names: bool({ help: "Make names.txt anew from the facts." }),
  help: bool({ help: "Show this." }),
});
const HELP = {
  usage: "npm run e2e -- --matrix [flags] [WORD ...]",
  summary: "Runs the published behaviours whose names hold all words, or all of them.",
  flags,
};

export async function matrix(argv: readonly string[]): Promise<number> {
  const { values, args: words } = parseFlags(flags, argv);
  if (values.help) {
    console.log(helpText(HELP));
    return 0;
  }
  if (values.names) return writeNames();
  const tests = await loadBehaviours();
  const chosen = publishedNames.filter((name) => matches(name, words));
  const outcomes: Outcome[] = [];
  const tell = (outcome: Outcome) => {
    outcomes.push(outcome);
    show(outcome);
  };
  if (!values.list) {
    for (const { cluster, behaviours } of assignments(
      chosen.flatMap((name) => tests.get(name) ?? []),
      values,
    )) {
      const up = await cluster();
      try {
        await performAll(behaviours, up, values.concurrency, tell);
      } finally {
        await up.close();
      }
    }
    keepOutcomes(outcomes, new Date().toISOString());
  }
  const results = readResults();
  const ran = new Set(outcomes.map(({ name }) => name));
  for (const name of chosen) {
    if (ran.has(name)) continue;
    const standing = standingOf(name, tests, results);
    const last = results[name];
    console.log(`${standing.padEnd(8)} ${name}${last && standing !== "missing" ? ` (${last.on}, ${last.at})` : ""}`);
  }
  console.log("");
  console.table(Object.fromEntries(totals(tests, results).map(({ sig, ...counts }) => [sig, counts])));
  if (values.write)
    console.log(`written: ${writeSummary(totals(tests, results), new Date().toISOString().slice(0, 10))}`);
  const failed = chosen.filter((name) => ["failed", "missing"].includes(standingOf(name, tests, results)));
  console.log(`${chosen.length - failed.length} of ${chosen.length} chosen behaviours have not failed`);
  return failed.length > 0 ? 1 : 0;
}

function show({ name, result, on, seconds, message }: Outcome): void {
  console.log(`${result.padEnd(8)} ${name} (${on}, ${seconds} s)`);
  if (message) console.log(message.replaceAll(/^/gm, "           "));
}

interface Assignment {
  readonly behaviours: readonly Behaviour[];
  cluster(): Promise<BehaviourCluster>;
}

function assignments(
  behaviours: readonly Behaviour[],
  { on, kubeconfig }: { on: string; kubeconfig: string },
): Assignment[] {
  if (kubeconfig) return [{ behaviours, cluster: () => foreign(kubeconfig) }];
  const kinds = on ? [on as "simulated" | "containers"] : (["simulated", "containers"] as const);
  return kinds.flatMap((kind) => {
    const own = on
      ? behaviours.filter((each) => kind !== "simulated" || each.on !== "containers")
      : behaviours.filter((each) => cheapestFor(each) === kind);
    if (own.length === 0) return [];
    const why = kind === "containers" ? whyNoContainers() : undefined;
    if (why) {
      console.log(`${own.length} behaviours need real containers: ${why}`);
      return [];
    }
    return [{ behaviours: own, cluster: () => bringUp(kind) }];
  });
}

function writeNames(): number {
  if (!sharedFolder) throw new Error("the facts are not beside the repository");
  const table = readFileSync(join(sharedFolder, "facts/conformance-v1.36.tsv"), "utf8");
  const names = table
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => line.split("\t")[0] as string);
  writeFileSync(join(import.meta.dirname, "names.txt"), `${[...new Set(names)].toSorted().join("\n")}\n`);
  return 0;
}
