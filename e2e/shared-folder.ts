/** The folder of facts and recordings of the original that may lie beside the repository; tests that need it are skipped without it. */
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

export const sharedFolder = [process.env.KUBETS_SHARED, join(root, "../shared"), join(root, "../../shared")].find(
  (path) => path !== undefined && existsSync(path),
);

/** For the `skip` of a test that reads a part of it. */
export const whyNoShared = (part: string): string | false =>
  sharedFolder && existsSync(join(sharedFolder, part))
    ? false
    : `${part} of the shared folder is not beside the repository`;
