/** FlowSchema */
import { define, keepAllBut } from "../define.ts";
import { flowschemas } from "../generated/refs.ts";

export const flowSchemaResource = define(flowschemas, {
  subresources: { status: { type: "status", part: ["status"], prepareForUpdate: keepAllBut("status") } },
});
