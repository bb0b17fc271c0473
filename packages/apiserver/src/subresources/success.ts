/** The answer of actions that have no object to show. */
import type { Status } from "@kubets/machinery";

export const success = (): Status => ({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
