/** Two copies of the controllers at once, as when a leader does not know yet that it leads no longer: what they do ends as it should. */
import { test } from "node:test";
import { startCluster } from "./cluster.ts";
import { undertakings } from "./undertakings.ts";

const COPIES = 2;
const ROUNDS = 4;

for (const { name, controllers, fate, begin, isDone } of undertakings)
  test(`${name} by two copies`, { timeout: 120_000 }, async () => {
    const cluster = await startCluster({ copies: COPIES, controllers, ...(fate && { fate }) });
    try {
      for (let round = 0; round < ROUNDS; round++) {
        await begin(cluster, round);
        await cluster.until(() => isDone(cluster, round, COPIES));
      }
    } finally {
      await cluster.stop();
    }
  });
