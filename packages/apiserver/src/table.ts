/** Answers as tables, which is how `kubectl get` asks. */
import { createdColumns } from "@kubets/api/created-columns";
import type { KubeObject, PlainObject } from "@kubets/api/meta";
import type { Table } from "@kubets/api/resource";
import { age, column, nameColumn } from "@kubets/api/table";
import { badRequest } from "@kubets/machinery";
import type { ApiCall } from "./api-call.ts";
import { partialMetadata } from "./partial-metadata.ts";
import type { ListMeta } from "./respond.ts";

/** What kinds without columns of their own show. */
const plainTable: Table = {
  columns: [nameColumn, column("Age", "date")],
  cells: ({ metadata }, now) => [metadata.name, age(metadata.creationTimestamp, now)],
};

export function tableOf(call: ApiCall, objects: readonly KubeObject[], metadata: ListMeta): PlainObject {
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${call.form.as?.version ?? "v1"}`,
    metadata,
    columnDefinitions: columnsOf(call),
    rows: objects.map(rowsOf(call)),
  };
}

/** A Scale's name is no name of a resource. */
const plainName = { ...nameColumn, format: "" };

/** What a Scale shows, whatever it is the scale of. */
const scaleTable: Table = {
  columns: [plainName, column("Desired", "integer"), column("Available", "integer"), column("Age")],
  cells: (scale, now) => {
    const { spec, status } = scale as KubeObject & Record<"spec" | "status", { readonly replicas?: number }>;
    const { name, creationTimestamp } = scale.metadata;
    return [name, spec.replicas ?? 0, status.replicas ?? 0, age(creationTimestamp, now)];
  },
};
const tableFor = ({ resource, subresource }: ApiCall): Table =>
  subresource?.type === "scale" ? scaleTable : (resource.definition.table ?? plainTable);

export function columnsOf(call: ApiCall): PlainObject[] {
  return tableFor(call).columns.map((c) => ({ ...c, description: "" }));
}

/** What the rows of an empty table are. */
export const rowsIfEmpty = ({ resource }: ApiCall): readonly [] | null =>
  resource.definition.table === createdColumns ? null : [];

/** Makes the rows of a table. */
export function rowsOf(call: ApiCall): (object: KubeObject) => PlainObject {
  const table = tableFor(call);
  const now = call.server.clock.now();
  const included = includedObject(call);
  return (object) => {
    const row: PlainObject = { cells: table.cells(object, now) };
    const conditions = table.conditions?.(object);
    if (conditions?.length) row["conditions"] = conditions;
    row["object"] = included(object);
    return row;
  };
}

function includedObject({ info, form }: ApiCall): (object: KubeObject) => unknown {
  const version = form.as?.version ?? "v1";
  switch (info.query.get("includeObject") ?? "") {
    case "None":
      return () => null;
    case "Object":
      return (object) => object;
    case "":
    case "Metadata":
      return (object) => partialMetadata(object, version);
    default:
      throw badRequest(
        `Unable to convert to Table as requested: includeObject: Invalid value: "${info.query.get("includeObject")}": must be 'Metadata', 'Object', 'None', or empty`,
      );
  }
}
