/** Names of services: labels of DNS, which may begin with a digit where the gate RelaxedServiceNameValidation is on. */
import { dns1035Label, dns1123Label, type NameCheck } from "@kubets/machinery/names";
import type { WriteContext } from "../../resource.ts";

export const RELAXED_NAMES = "RelaxedServiceNameValidation";

export const serviceNames = ({ featureEnabled }: Pick<WriteContext, "featureEnabled">): NameCheck =>
  featureEnabled(RELAXED_NAMES) ? dns1123Label : dns1035Label;
