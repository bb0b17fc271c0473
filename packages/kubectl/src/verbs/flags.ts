/** Flags that several verbs share, with the same names, letters and help. */
import { bool, choice, duration, type Flag, int, list, text } from "@kubets/machinery/flags";
import { UsageError } from "../errors.ts";

export const fileFlags = {
  filename: list({ help: "Files or folders with the objects; - for standard input.", short: "f" }),
  recursive: bool({ help: "Also folders in folders.", short: "R" }),
  kustomize: text({ help: "A folder with a kustomization.", short: "k" }),
};

export const outputFlags = {
  output: text({
    help: "Form of the output: json, yaml, name, wide, jsonpath=..., custom-columns=..., go-template=...",
    short: "o",
  }),
  template: text({ help: "Template of -o go-template or jsonpath." }),
  "allow-missing-template-keys": bool({ help: "Ignore what a template names in vain.", default: true }),
  "show-managed-fields": bool({ help: "Keep managedFields in JSON and YAML." }),
};

export const selectorFlag = {
  selector: text({ help: "Label selector: -l key1=value1,key2!=value2.", short: "l" }),
};

export const allNamespacesFlag = {
  "all-namespaces": bool({ help: "Objects of all namespaces.", short: "A" }),
};

/** What the flags above, and a field selector beside them, select. */
export const selectionOf = (flags: {
  readonly filename: readonly string[];
  readonly recursive: boolean;
  readonly selector: string;
  readonly "field-selector": string;
  readonly "all-namespaces": boolean;
}) => ({
  files: flags.filename,
  recursive: flags.recursive,
  selector: flags.selector,
  fieldSelector: flags["field-selector"],
  allNamespaces: flags["all-namespaces"],
});

/** A flag whose value may be left out. */
export const optionalText = (flag: Flag<string>, valueAlone: string): Flag<string> => ({ ...flag, valueAlone });

export const dryRunFlag = {
  "dry-run": optionalText(
    text({ help: 'Must be "none", "server", or "client": tell what would be done.', default: "none" }),
    "client",
  ),
};

export type DryRun = "none" | "client" | "server";

export function dryRunOf(written: string): DryRun {
  if (written === "none" || written === "client" || written === "server") return written;
  throw new UsageError(`Invalid dry-run value (${written}). Must be "none", "server", or "client".`);
}

export const dryRunText = (dryRun: DryRun): string =>
  dryRun === "none" ? "" : dryRun === "client" ? " (dry run)" : " (server dry run)";

export const dryRunQuery = (dryRun: DryRun): { dryRun?: string } => (dryRun === "server" ? { dryRun: "All" } : {});

export const fieldManagerFlag = (name: string) => ({
  "field-manager": text({ help: "Whom managed fields name as their owner.", default: name }),
});

export const validateFlag = {
  validate: optionalText(
    text({ help: 'How unknown fields are treated: "strict", "warn", "ignore".', default: "strict" }),
    "strict",
  ),
};

export function fieldValidationOf(written: string): "Strict" | "Warn" | "Ignore" {
  const known = { true: "Strict", strict: "Strict", warn: "Warn", false: "Ignore", ignore: "Ignore" } as const;
  const found = known[written.toLowerCase() as keyof typeof known];
  if (!found)
    throw new UsageError(
      `invalid - validate option ${JSON.stringify(written)}; must be one of: strict (or true), warn, ignore (or false)`,
    );
  return found;
}

export const saveConfigFlag = {
  "save-config": bool({ help: "Keep what is written as the last applied configuration." }),
};

export const overwriteFlag = { overwrite: bool({ help: "Replace values that are there already." }) };
export const timeoutFlag = (help: string, ms = 0) => ({ timeout: duration({ help, default: ms }) });
/** How long "as long as it takes" is. */
export const WEEK_MS = 168 * 3_600_000;

const PROPAGATION: Readonly<Record<string, string>> = {
  background: "Background",
  true: "Background",
  orphan: "Orphan",
  false: "Orphan",
  foreground: "Foreground",
};

export function propagationOf(cascade: string): string {
  const policy = PROPAGATION[cascade];
  if (!policy)
    throw new UsageError(`invalid cascade value (${cascade}). Must be "background", "foreground", or "orphan"`);
  return policy;
}

export const containerFlag = {
  container: text({ help: "The container's name; else the default or first one.", short: "c" }),
};
export const chunkSizeFlag = {
  "chunk-size": int({ help: "How many objects to ask for at once; 0 for all.", default: 500 }),
};
export const localFlag = { local: bool({ help: "Change what the files say only, and print it; ask no server." }) };
export { bool, choice, duration, int, list, text };
