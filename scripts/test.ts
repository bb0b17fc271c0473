/** `npm test`: the tests that need no root and no services; names of packages or files narrow them down. */
import { runTests } from "./run-tests.ts";

const wanted = process.argv.slice(2);
const patterns = wanted.length
  ? wanted.map((w) => (w.endsWith(".ts") ? w : `packages/${w}/src/**/*.test.ts`))
  : ["packages/*/src/**/*.test.ts", "scripts/*.test.ts"];
const counts = await runTests(patterns);
process.exitCode = counts.failed ? 1 : 0;
