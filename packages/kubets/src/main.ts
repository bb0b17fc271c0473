/** The `kubets` program: the one list of its commands. */
import { runCommand } from "@kubets/machinery/command";
import { rootCommandFor } from "./root-command.ts";

const io = {
  output: (text: string) => void process.stdout.write(text),
  error: (text: string) => void process.stderr.write(text),
};
// Nobody reads on: what has still to be done is done all the same, without a word.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
const argv = process.argv.slice(2);
process.exitCode = await runCommand(await rootCommandFor(argv), argv, io);
