/** What a soak is asked for on its command line. Who asks for help gets it, and nothing is started. */
import { type FlagSet, type FlagValues, parseFlags } from "@kubets/machinery/flags";
import { helpText } from "@kubets/machinery/help-text";

export function askedFor<F extends FlagSet>(what: string, summary: string, flags: F): FlagValues<F> {
  const { help, values } = parseFlags(flags, process.argv.slice(2));
  if (!help) return values;
  console.log(helpText({ usage: `npm run soak -- ${what}[flags]`, summary, flags }));
  process.exit(0);
}
