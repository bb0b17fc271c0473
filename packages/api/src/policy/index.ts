/** The resources of policy. */
import { podDisruptionBudgetResource } from "./pod-disruption-budget.ts";

export const policyResources = [podDisruptionBudgetResource];
