/** Component statuses: how the control plane does, as it was asked before there was /readyz. */
import { define } from "../define.ts";
import { componentstatuses } from "../generated/refs.ts";
import { column, nameColumn } from "../table.ts";

export const componentStatusResource = define(componentstatuses, {
  shortNames: ["cs"],
  verbs: ["get", "list"],
  isComputed: true,
  deprecation: "v1 ComponentStatus is deprecated in v1.19+",
  table: {
    columns: [nameColumn, column("Status"), column("Message"), column("Error")],
    cells: ({ metadata, conditions }) => {
      const healthy = conditions?.find(({ type }) => type === "Healthy");
      const status = healthy ? (healthy.status === "True" ? "Healthy" : "Unhealthy") : "Unknown";
      return [metadata.name, status, healthy?.message ?? "", healthy?.error ?? ""];
    },
  },
});
