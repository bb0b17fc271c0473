/** Shows the plugins that are found in the PATH. */
import { basename } from "node:path";
import { UsageError } from "../errors.ts";
import { listPlugins } from "../plugins/find.ts";
import { defineVerb } from "../verb.ts";
import { bool } from "./flags.ts";
import { verbNames } from "./names.ts";

const list = defineVerb({
  name: "list",
  summary: "Show the plugins in the PATH",
  flags: { "name-only": bool({ help: "Their names, not their paths." }) },
  async run(session, { flags }) {
    const plugins = await listPlugins(
      session.machine.reading.env,
      (words) => words.length === 1 && verbNames.has(words[0] as string),
    );
    if (plugins.length === 0) throw new UsageError("unable to find any kubectl plugins in your PATH");
    session.line("The following compatible plugins are available:\n");
    for (const { path, warnings } of plugins) {
      session.line(flags["name-only"] ? basename(path) : path);
      for (const warning of warnings) session.note(`  - warning: ${warning}`);
    }
    const count = plugins.reduce((sum, { warnings }) => sum + warnings.length, 0);
    if (count > 0)
      throw new UsageError(count === 1 ? "one plugin warning was found" : `${count} plugin warnings were found`);
  },
});

export const plugin = defineVerb({
  name: "plugin",
  summary: "Show the plugins that extend this command line",
  subcommands: [list],
});
