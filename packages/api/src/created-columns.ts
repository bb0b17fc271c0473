/** The table of resources that have no columns of their own: name and time of creation. */
import type { Table } from "./resource.ts";
import { column, nameColumn } from "./table.ts";

export const createdColumns: Table = {
  columns: [nameColumn, column("Created At", "date")],
  cells: ({ metadata }) => [metadata.name, metadata.creationTimestamp],
};
