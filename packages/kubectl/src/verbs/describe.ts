/** Shows all there is to know of objects, with their events, for people. */
import { isReason } from "@kubets/machinery/status-error";
import { describeObject } from "../describe/index.ts";
import { asError, throwAll, UsageError } from "../errors.ts";
import { parseArguments } from "../resources/arguments.ts";
import { type Info, listInfos, select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { allNamespacesFlag, bool, chunkSizeFlag, fileFlags, selectorFlag } from "./flags.ts";

export const describe = defineVerb({
  name: "describe",
  summary: "Show objects in detail, with their events",
  usage: "(-f FILE | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [flags]",
  examples: ["kubectl describe pod web-0", "kubectl describe nodes"],
  flags: {
    ...fileFlags,
    ...selectorFlag,
    ...allNamespacesFlag,
    ...chunkSizeFlag,
    "show-events": bool({ help: "With events.", default: true }),
  },
  async run(session, { flags, args }) {
    if (args.length === 0 && flags.filename.length === 0)
      throw new UsageError(
        'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.\n',
      );
    const api = await session.api();
    const selection = {
      verb: "describe",
      args,
      files: flags.filename,
      recursive: flags.recursive,
      selector: flags.selector,
      allNamespaces: flags["all-namespaces"],
      chunkSize: flags["chunk-size"],
      all: true,
    };
    let isPrefix = false;
    let { infos, errors } = await select(api, selection);
    if (infos.length === 0 && errors.length === 1 && isReason(errors[0], "NotFound")) {
      infos = await byPrefix();
      isPrefix = infos.length > 0;
      if (infos.length > 0) errors = [];
    }
    const failures = [...errors];
    let shown = 0;
    for (const info of infos) {
      try {
        const text = await describeObject(api, info, { now: session.now(), showEvents: flags["show-events"] });
        // Found by the beginning of their names, each is followed by a blank line; else they stand apart.
        session.io.output(isPrefix ? `${text}\n` : (shown++ > 0 ? "\n\n" : "") + text);
      } catch (error) {
        failures.push(asError(error));
      }
    }
    if (infos.length === 0 && failures.length === 0)
      session.note(
        flags["all-namespaces"] ? "No resources found" : `No resources found in ${api.namespace} namespace.`,
      );
    throwAll(failures);

    /** A name that is no object's may be the beginning of some. */
    async function byPrefix(): Promise<Info[]> {
      const { targets } = parseArguments(args, await api.mapper(), "describe");
      const [target, ...more] = targets;
      const prefix = target?.names[0];
      if (!target || !prefix || more.length > 0 || target.names.length > 1) return [];
      const namespace = target.resource.namespaced ? api.namespace : undefined;
      return (await listInfos(api, target.resource, namespace, {})).filter(({ name }) => name.startsWith(prefix));
    }
  },
});
