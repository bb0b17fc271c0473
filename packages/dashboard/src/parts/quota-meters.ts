/** What of a quota is used. */
import type { ResourceQuota } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { amountOf, showOf } from "../reckoning/amounts.ts";
import { AmountMeter } from "./amount-meter.ts";
import { Facts } from "./facts.ts";

export const QuotaMeters = ({ quota: { spec, status } }: { readonly quota: ResourceQuota }): ComponentChild =>
  h(Facts, {
    of: Object.fromEntries(
      Object.entries(status?.hard ?? spec.hard ?? {}).map(([resource, hard]) => [
        resource,
        h(AmountMeter, {
          label: "used",
          amount: amountOf(status?.used?.[resource]),
          of: amountOf(hard),
          show: showOf(resource),
        }),
      ]),
    ),
  });
