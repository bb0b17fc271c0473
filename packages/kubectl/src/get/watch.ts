/**
 * Shows objects and then their changes, as rows of a table or in an output form, until the server ends it or Ctrl-C.
 * Holds: no change between the list and the watch is missed; columns do not jump, as widths are remembered.
 */
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, textAt } from "../json.ts";
import type { Printer } from "../print/printer.ts";
import { columnsOf, isTable, TABLE_ACCEPT, tableOfObjects } from "../print/table.ts";
import { tableText } from "../print/tabs.ts";
import { kindText, pathOf } from "../resources/mapper.ts";
import { withKind } from "../resources/select.ts";
import type { Api, Session } from "../session.ts";
import { type Asked, requestsFor } from "./asked.ts";
import { ageOf, type TableFlags } from "./tables.ts";

interface WatchFlags extends TableFlags {
  readonly "watch-only": boolean;
  readonly "output-watch-events": boolean;
}

export async function watchObjects(
  session: Session,
  api: Api,
  asked: Asked,
  flags: WatchFlags,
  print: Printer | undefined,
): Promise<void> {
  const { requests } = await requestsFor(api, asked);
  const [request, ...more] = requests;
  if (!request || more.length > 0)
    throw new UsageError(
      "you may only specify a single resource type".replace(
        "you may",
        "watch is only supported on individual resources and resource collections: you may",
      ),
    );
  const { resource, namespace, name } = request;
  const accept = print ? "application/json" : TABLE_ACCEPT;
  const fieldSelector = name ? `metadata.name=${name}` : asked.fieldSelector;
  const query = { labelSelector: asked.selector, fieldSelector };
  const path = pathOf(resource, namespace);
  const first = await api.rest.get(name ? request.path : path, {
    accept,
    query: name ? {} : query,
    of: { resource, ...(name && { name }) },
  });
  const show = print ? objectWriter() : rowWriter();
  if (!flags["watch-only"]) {
    if (print) for (const object of name ? [first] : listAt(first, "items")) show("ADDED", withKind(object, resource));
    else if (!isTable(first) || listAt(first, "rows").length > 0) show("ADDED", first);
  }
  // Of a single object the list's revision is not known; its own is old enough, and newer than its last change.
  const resourceVersion =
    textAt(first, "metadata", "resourceVersion") ||
    textAt(listAt(first, "rows")[0], "object", "metadata", "resourceVersion");
  await api.rest.watch(path, { accept, query: { ...query, resourceVersion } }, (type, object) => {
    if (type !== "BOOKMARK") show(type, print ? withKind(object, resource) : object);
  });

  function objectWriter() {
    return (type: string, object: JsonObject) =>
      session.io.output((print as Printer)(flags["output-watch-events"] ? { type, object } : object));
  }

  function rowWriter() {
    const widths: number[] = [];
    let columns: ReturnType<typeof columnsOf> | undefined;
    return (type: string, answer: JsonObject) => {
      const table = isTable(answer) ? answer : tableOfObjects([answer], (object) => ageOf(object, session.now()));
      const isFirst = columns === undefined;
      columns ??= columnsOf(table, {
        wide: flags.output === "wide",
        withNamespace: flags["all-namespaces"] && resource.namespaced,
        labelColumns: flags["label-columns"],
        showLabels: flags["show-labels"],
        ...(flags["show-kind"] && { kind: kindText(resource) }),
      });
      const event = flags["output-watch-events"] ? [type] : [];
      const rows = columns.rows(table).map(({ cells }) => [...event, ...cells]);
      const header = [...(event.length > 0 ? ["EVENT"] : []), ...columns.header];
      session.io.output(tableText(isFirst && !flags["no-headers"] ? [header, ...rows] : rows, widths));
    };
  }
}
