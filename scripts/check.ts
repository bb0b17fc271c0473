/** `npm run check`: types, lint, format, import directions, and the unit tests. */
import { join } from "node:path";
import { houseChecks } from "./house-checks.ts";
import { runTests } from "./run-tests.ts";

const root = join(import.meta.dirname, "..");
const houseHolds = houseChecks(root);
const { failed } = await runTests(["packages/*/src/**/*.test.ts", "scripts/*.test.ts"]);
process.exitCode = houseHolds && failed === 0 ? 0 : 1;
