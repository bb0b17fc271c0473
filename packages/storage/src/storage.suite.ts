/**
 * What every storage driver passes: `storageSuite("memory", open)`. Each case opens a harness of its own and disposes of it.
 */
import { describe } from "node:test";
import { commitCases } from "./suite/commits.ts";
import type { OpenHarness, StorageHarness } from "./suite/harness.ts";
import { modelCase } from "./suite/model.ts";
import { readCases } from "./suite/reads.ts";
import { watchCases } from "./suite/watches.ts";

interface StorageSuiteOptions {
  /** How many random runs the comparison with the naive model makes. */
  modelRuns?: number;
  /** Why the suite cannot run here. */
  skip?: string;
}

export function storageSuite(name: string, open: OpenHarness, options: StorageSuiteOptions = {}): void {
  const run = (test: (harness: StorageHarness) => Promise<void>) => async () => {
    const harness = await open();
    try {
      await test(harness);
    } finally {
      await harness.dispose();
    }
  };
  describe(`${name} storage`, { skip: options.skip ?? false }, () => {
    commitCases(run);
    readCases(run);
    watchCases(run);
    modelCase(open, options.modelRuns ?? 100);
  });
}
