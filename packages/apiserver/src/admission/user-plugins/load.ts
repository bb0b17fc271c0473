/** User's plugins as the chain of plugins takes them: each in a process, asked about what it says that it handles. */
import { resolve } from "node:path";
import { type Clock, deepEqual, internalError } from "@kubets/machinery";
import { ConfigError } from "@kubets/machinery/config-file";
import { putBack, reviewNow } from "../match/reviewed.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../plugin.ts";
import { refuse } from "../request.ts";
import type { Answered, Phase } from "./messages.ts";
import { PluginProcess } from "./plugin-process.ts";

const LONGEST_MS = 1000;

interface UserPlugins {
  readonly plugins: readonly AdmissionPlugin[];
  close(): Promise<void>;
}

/** Rejects with a ConfigError when a file is no plugin. */
export async function loadUserPlugins(files: readonly string[], clock: Clock): Promise<UserPlugins> {
  const processes = files.map((file) => new PluginProcess(resolve(file), clock, LONGEST_MS));
  const close = async () => void (await Promise.all(processes.map((each) => each.close())));
  try {
    return { plugins: await Promise.all(processes.map((each, i) => pluginOf(each, files[i] as string))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function pluginOf(own: PluginProcess, file: string): Promise<AdmissionPlugin> {
  const { plugin, phases } = await own.load().catch((error: unknown) => {
    throw new ConfigError(`--admission-plugin-file: ${file} cannot be used: ${(error as Error).message}`);
  });
  const resources = new Set(plugin.resources);
  const ask = async (phase: Phase, request: AdmissionRequest): Promise<Answered & { readonly before: unknown }> => {
    const shown = shownRequest(request);
    const answer = await own.ask({ phase, request: shown }).catch((error: unknown) => {
      throw internalError(new Error(`admission plugin ${JSON.stringify(plugin.name)}: ${(error as Error).message}`));
    });
    for (const warning of answer.warnings) request.warn(warning);
    if (answer.refused !== undefined) throw refuse(request, answer.refused);
    return { ...answer, before: shown.object };
  };
  return {
    name: plugin.name,
    handles: (operation, { resource, group }, subresource) => {
      const name = `${resource}${subresource && `/${subresource}`}${group && `.${group}`}`;
      return plugin.operations.includes(operation) && (resources.has("*") || resources.has(name));
    },
    ...(phases.includes("mutate") && {
      async mutate(request: AdmissionRequest) {
        const { object, before } = await ask("mutate", request);
        if (object && !deepEqual(object, before)) await putBack(request, request.resource, object as never);
      },
    }),
    ...(phases.includes("validate") && {
      async validate(request: AdmissionRequest) {
        await ask("validate", request);
      },
    }),
  };
}

function shownRequest(request: AdmissionRequest) {
  const { operation, resource, subresource, namespace, name, user, dryRun } = request;
  const { object, old } = reviewNow(request, resource);
  const { name: username, uid, groups } = user;
  const { group, version, resource: plural } = resource;
  return {
    operation,
    resource: { group, version, resource: plural },
    subresource,
    namespace,
    name,
    object,
    old,
    user: { username, groups: [...groups], ...(uid && { uid }) },
    dryRun,
  };
}
