/** The `kubets` program: the one list of its commands. */
import { runCommand } from "@kubets/machinery/command";
import { useCompiledCode } from "./compiled-code.ts";
import { rootCommandFor } from "./root-command.ts";
import { hideSecrets } from "./secret-arguments.ts";

const io = {
  output: (text: string) => void process.stdout.write(text),
  error: (text: string) => void process.stderr.write(text),
};
const argv = process.argv.slice(2);
hideSecrets(argv);
// Nobody reads on: there is nothing more to do, but for a cluster, which goes on without a word.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  if (argv[0] !== "up") process.exit();
});
useCompiledCode(import.meta.filename);
const code = await runCommand(await rootCommandFor(argv), argv, io);
// What failed may have begun to listen, or to wait for something.
if (code !== 0) process.exit(code);
