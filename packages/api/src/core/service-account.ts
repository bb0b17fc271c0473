/** Service accounts: who a pod is to the API. */
import { define } from "../define.ts";
import { serviceaccounts } from "../generated/refs.ts";
import type { ServiceAccount } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { age, column, nameColumn } from "../table.ts";

const MOUNTABLE = "kubernetes.io/enforce-mountable-secrets";

export const serviceAccountResource = define(serviceaccounts, {
  shortNames: ["sa"],
  prepareForCreate: keepNames,
  prepareForUpdate: keepNames,
  warnings: ({ metadata }, old) =>
    metadata.annotations?.[MOUNTABLE] === undefined || old?.metadata.annotations?.[MOUNTABLE] !== undefined
      ? []
      : [
          `metadata.annotations[${MOUNTABLE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
        ],
  subresources: {
    token: {
      type: "action",
      kind: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" },
      verbs: ["create"],
    },
  },
  table: {
    columns: [nameColumn, column("Age")],
    cells: ({ metadata }, now) => [metadata.name, age(metadata.creationTimestamp, now)],
  },
});

/** References to secrets are names: the rest of a reference means nothing here. */
function keepNames(account: Draft<ServiceAccount>): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
}
