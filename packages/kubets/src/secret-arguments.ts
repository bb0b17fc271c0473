/**
 * Secrets among the arguments of a command. Whoever is on a machine may read how its programs were called, so a process rewrites that first of all;
 * `@FILE` in place of a secret keeps it out of there from the start.
 */
import { readFileSync } from "node:fs";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";

const SECRET_FLAGS = ["--token", "--certificate-key", "--password"];
const HIDDEN = "(hidden)";

export function withoutSecrets(args: readonly string[]): string[] {
  const isSecret = (flag = "") => SECRET_FLAGS.includes(flag.replaceAll("_", "-"));
  return args.map((arg, i) => {
    if (isSecret(args[i - 1])) return HIDDEN;
    const equals = arg.indexOf("=");
    return equals > 0 && isSecret(arg.slice(0, equals)) ? `${arg.slice(0, equals)}=${HIDDEN}` : arg;
  });
}

/** From the list of processes. */
export function hideSecrets(args: readonly string[]): void {
  const shown = withoutSecrets(args);
  if (shown.some((arg, i) => arg !== args[i])) process.title = ["kubets", ...shown].join(" ");
}

/** What a flag for a secret was given, or what stands in the file that it was given. */
export function secretOf(value: string): string {
  if (!value.startsWith("@")) return value;
  try {
    return readFileSync(value.slice(1), "utf8").trim();
  } catch (error) {
    throw new ExitError(exitCode.usage, `the file of a secret cannot be read: ${(error as Error).message}`);
  }
}
