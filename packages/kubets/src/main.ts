/** The `kubets` program: the one list of its commands. */
import { runCommand } from "@kubets/machinery/command";
import { rootCommand } from "./root-command.ts";

const io = {
  output: (text: string) => void process.stdout.write(text),
  error: (text: string) => void process.stderr.write(text),
};
process.exitCode = await runCommand(rootCommand, process.argv.slice(2), io);
