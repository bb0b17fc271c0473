/** Prints what teaches a shell to finish this program's command lines. */
import { SCRIPTS } from "../complete/scripts.ts";
import { UsageError } from "../errors.ts";
import { defineVerb } from "../verb.ts";

const wrong = (problem: string): Error =>
  new UsageError(`${problem}\nSee 'kubectl completion -h' for help and examples`);

export const completion = defineVerb({
  name: "completion",
  summary: "Print completion for a shell",
  usage: "SHELL",
  examples: ["source <(kubectl completion bash)", 'kubectl completion zsh > "${fpath[1]}/_kubectl"'],
  run(session, { args }) {
    const [shell] = args;
    if (shell === undefined) throw wrong("Shell not specified.");
    if (args.length > 1) throw wrong("Too many arguments. Expected only the shell type.");
    const script = SCRIPTS[shell];
    if (!script) throw wrong(`Unsupported shell type ${JSON.stringify(shell)}.`);
    session.io.output(script("kubectl"));
  },
});
