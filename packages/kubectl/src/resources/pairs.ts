/** Arguments that name objects first and changes behind them: "pod x app=web old-". Pure. */
import { UsageError } from "../errors.ts";

interface Pairs {
  readonly names: readonly string[];
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export function splitPairs(args: readonly string[], what: "label" | "annotation"): Pairs {
  const isPair = (arg: string) =>
    /^[^=]+=/.test(arg) || (arg.endsWith("-") && !arg.includes("/")) || /^[^/]+\/[^=]+-$/.test(arg);
  const first = args.findIndex((arg, i) => i > 0 && isPair(arg));
  const names = first < 0 ? args : args.slice(0, first);
  const set: Record<string, string> = {};
  const remove: string[] = [];
  for (const arg of first < 0 ? [] : args.slice(first)) {
    const equals = arg.indexOf("=");
    if (equals > 0) set[arg.slice(0, equals)] = arg.slice(equals + 1);
    else if (arg.endsWith("-")) remove.push(arg.slice(0, -1));
    else throw new UsageError(`all resources must be specified before ${what} changes: ${arg}`);
  }
  const both = remove.find((key) => key in set);
  if (both !== undefined)
    throw new UsageError(`can not both modify and remove ${what === "label" ? "a" : "an"} ${what} in the same command`);
  return { names, set, remove };
}
