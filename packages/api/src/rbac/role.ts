/** Roles: what may be done in one namespace. */
import { pathSegmentName } from "@kubets/machinery";
import { createdColumns } from "../created-columns.ts";
import { define } from "../define.ts";
import { roles } from "../generated/refs.ts";

import { policyRuleErrors } from "./policy-rule.ts";

export const roleResource = define(roles, {
  validateName: pathSegmentName,
  createOnUpdate: true,
  validate: ({ rules }) => policyRuleErrors(rules, true),
  validateUpdate: ({ rules }) => policyRuleErrors(rules, true),
  table: createdColumns,
});
