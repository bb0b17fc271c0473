/**
 * `npm run e2e`: the tests that need root, a runtime or several processes; words narrow them down by file name. With
 * `--matrix`: the behaviours; with `--vm`: in a virtual machine.
 */
import { runTests } from "../scripts/run-tests.ts";
import { whileCounting } from "../scripts/uplink-count.ts";
import { PATIENCE } from "./cluster.ts";

const HELP = `usage: npm run e2e [-- WORD ...]                    the files whose names hold a word, or all of them
       npm run e2e -- --matrix [--list] [WORD ...]    the behaviours whose names hold all words; --matrix --help tells more
       npm run e2e -- --vm [--matrix] [WORD ...]      either in a virtual machine with systemd and cgroup v2`;

const argv = process.argv.slice(2);
if (argv.includes("--help") && !argv.includes("--matrix")) console.log(HELP);
else if (argv.includes("--vm")) {
  const { runInMachine } = await import("./vm/machine.ts");
  process.exitCode = (await runInMachine(argv.filter((word) => word !== "--vm"))) ? 0 : 1;
} else if (argv.includes("--matrix")) {
  const { matrix } = await import("./behaviours/matrix.ts");
  const { result, leaked } = await whileCounting(() => matrix(argv));
  process.exitCode = leaked ? 1 : result;
} else {
  const wanted = argv.filter((word) => !word.startsWith("--"));
  const patterns = wanted.length ? wanted.map((word) => `e2e/**/*${word}*.test.ts`) : ["e2e/**/*.test.ts"];
  const { result, leaked } = await whileCounting(() =>
    runTests(patterns, { isolated: true, timeoutMs: 600_000 * PATIENCE }),
  );
  process.exitCode = result.failed || leaked ? 1 : 0;
}
