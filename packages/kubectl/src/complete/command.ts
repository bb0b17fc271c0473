/** The hidden verb that shells ask for the rest of a line. Holds: it is silent about what goes wrong, as a shell could show nothing of it. */
import { type Command, defineCommand } from "@kubets/machinery/command";
import { parseFlags } from "@kubets/machinery/flags";
import { type GlobalValues, globalFlags } from "../global-flags.ts";
import { type Machine, Session } from "../session.ts";
import { answerTo } from "./answer.ts";
import { questionOf } from "./question.ts";

export const completeCommand = (root: () => Command, machine: Machine, name = "__complete"): Command =>
  defineCommand({
    name,
    summary: "Words that finish a line",
    hidden: true,
    asWritten: true,
    async run({ args, io }) {
      const question = questionOf(root(), args);
      const given = Object.entries(question.flags).filter(([flag]) => flag in globalFlags);
      const { values } = parseFlags(
        globalFlags,
        given.map(([flag, value]) => `--${flag}=${value}`),
      );
      const session = new Session({ output: io.output, error: () => {} }, machine, values as GlobalValues);
      try {
        const { words, directive } = await answerTo(session, question);
        io.output([...words, `:${directive}`].map((line) => `${line}\n`).join(""));
      } catch {
        io.output(":4\n");
      } finally {
        await session.close();
      }
    },
  });
