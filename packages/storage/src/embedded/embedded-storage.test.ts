import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualClock } from "@kubets/machinery/virtual-clock";
import { storageSuite } from "../storage.suite.ts";
import { openEmbeddedStorage } from "./embedded-storage.ts";

storageSuite(
  "embedded",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "kubets-storage-"));
    const clock = new VirtualClock();
    const storage = await openEmbeddedStorage({ folder, clock });
    return {
      storage,
      under: "/t/",
      pass: (ms) => clock.advance(ms),
      dispose: async () => {
        await storage.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
  { modelRuns: 25 },
);
