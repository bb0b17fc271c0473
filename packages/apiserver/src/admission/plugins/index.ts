/** The one list of admission plugins, in the order in which they run. */
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import type { AdmissionPlugin } from "../plugin.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";

const ALL: readonly { readonly plugin: AdmissionPlugin; readonly onByDefault: boolean }[] = [
  { plugin: namespaceLifecycle, onByDefault: true },
];

/** The plugins to run: those that are on by default, and what the flags say. */
export function admissionPlugins({
  enable,
  disable,
}: {
  enable: readonly string[];
  disable: readonly string[];
}): AdmissionPlugin[] {
  for (const name of [...enable, ...disable])
    if (!ALL.some(({ plugin }) => plugin.name === name))
      throw new ExitError(
        exitCode.usage,
        `there is no admission plugin ${JSON.stringify(name)}; there are ${ALL.map((p) => p.plugin.name).join(", ")}`,
      );
  return ALL.filter(
    ({ plugin, onByDefault }) => (onByDefault || enable.includes(plugin.name)) && !disable.includes(plugin.name),
  ).map((p) => p.plugin);
}
