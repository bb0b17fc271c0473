/** Shows events, oldest first, of a namespace or about one object. */
import { intervalText, lastSeen } from "../describe/events.ts";
import { UsageError } from "../errors.ts";
import { listOf } from "../get/objects.ts";
import { type JsonObject, listAt, namespaceOf, textAt } from "../json.ts";
import { printerFor } from "../print/printer.ts";
import { tableText } from "../print/tabs.ts";
import { pathOf } from "../resources/mapper.ts";
import { withKind } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { allNamespacesFlag, bool, chunkSizeFlag, list, outputFlags, text } from "./flags.ts";

export const events = defineVerb({
  name: "events",
  summary: "Show events",
  usage: "[--for TYPE/NAME] [--types=Normal,Warning] [--watch] [flags]",
  flags: {
    ...allNamespacesFlag,
    ...outputFlags,
    ...chunkSizeFlag,
    for: text({ help: "Only about this object: pod/web." }),
    types: list({ help: "Only of these types: Normal, Warning." }),
    watch: bool({ help: "Go on as more happen.", short: "w" }),
    "no-headers": bool({ help: "No line of headers." }),
  },
  async run(session, { flags }) {
    const print = await printerFor(flags.output, {
      template: flags.template,
      showManagedFields: flags["show-managed-fields"],
    });
    const api = await session.api();
    const mapper = await api.mapper();
    const resource = mapper.resource("events");
    let fieldSelector = "";
    if (flags.for) {
      const [type = "", name] = flags.for.split("/");
      if (!name) throw new UsageError("--for must be in resource/name form");
      fieldSelector = `involvedObject.kind=${mapper.resource(type).kind},involvedObject.name=${name}`;
    }
    const all = flags["all-namespaces"];
    const path = pathOf(resource, all ? undefined : api.namespace);
    const answer = await api.rest.get(path, { query: { fieldSelector }, of: { resource } });
    const wanted = (event: JsonObject) =>
      flags.types.length === 0 ||
      flags.types.some((type) => type.toLowerCase() === textAt(event, "type").toLowerCase());
    const found = listAt(answer, "items")
      .filter(wanted)
      .sort((a, b) => lastSeen(a) - lastSeen(b));
    const widths: number[] = [];
    const row = (event: JsonObject) => [
      ...(all ? [namespaceOf(event)] : []),
      intervalText(event, session.now()),
      textAt(event, "type"),
      textAt(event, "reason"),
      `${textAt(event, "involvedObject", "kind")}/${textAt(event, "involvedObject", "name")}`,
      textAt(event, "message").trim(),
    ];
    if (found.length === 0 && !flags.watch)
      return session.note(all ? "No events found." : `No events found in ${api.namespace} namespace.`);
    if (print) session.io.output(print(listOf(found.map((event) => withKind(event, resource)))));
    else {
      const header = [...(all ? ["NAMESPACE"] : []), "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
      session.io.output(tableText([...(flags["no-headers"] ? [] : [header]), ...found.map(row)], widths));
    }
    if (!flags.watch) return;
    const resourceVersion = textAt(answer, "metadata", "resourceVersion");
    await api.rest.watch(path, { query: { fieldSelector, resourceVersion } }, (type, event) => {
      if (type === "BOOKMARK" || type === "DELETED" || !wanted(event)) return;
      session.io.output(print ? print(withKind(event, resource)) : tableText([row(event)], widths));
    });
  },
});
