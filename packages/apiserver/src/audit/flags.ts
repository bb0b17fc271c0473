/** The flags of audit: the policy, the log file, the webhook. */
import { bool, choice, duration, file, int, number, text } from "@kubets/machinery/flags";

const group = "Audit";

const batching = <const P extends string>(prefix: P, maxSize: number, throttle: boolean) =>
  ({
    [`${prefix}-batch-buffer-size`]: int({ default: 10_000, help: "Events that may wait in batch mode.", group }),
    [`${prefix}-batch-max-size`]: int({ default: maxSize, min: 1, help: "Events in one batch.", group }),
    [`${prefix}-batch-max-wait`]: duration({ default: 30_000, help: "How long a batch may wait to be full.", group }),
    [`${prefix}-batch-throttle-enable`]: bool({ default: throttle, help: "Whether batches are slowed down.", group }),
    [`${prefix}-batch-throttle-qps`]: number({ default: 10, help: "Batches in a second.", group }),
    [`${prefix}-batch-throttle-burst`]: int({
      default: 15,
      help: "Batches at once, when few were sent before.",
      group,
    }),
    [`${prefix}-truncate-enabled`]: bool({ help: "Leave objects out of events that are too large.", group }),
    [`${prefix}-truncate-max-event-size`]: int({ default: 102_400, help: "The largest event, in bytes.", group }),
  }) as BatchFlags<P>;

type BatchFlags<P extends string> = Readonly<
  Record<
    `${P}-batch-buffer-size` | `${P}-batch-max-size` | `${P}-batch-throttle-burst` | `${P}-truncate-max-event-size`,
    ReturnType<typeof int>
  > &
    Record<`${P}-batch-max-wait`, ReturnType<typeof duration>> &
    Record<`${P}-batch-throttle-qps`, ReturnType<typeof number>> &
    Record<`${P}-batch-throttle-enable` | `${P}-truncate-enabled`, ReturnType<typeof bool>>
>;

const MODES = ["batch", "blocking", "blocking-strict"] as const;

export const auditFlags = {
  "audit-policy-file": file({ help: "How much is told of which request; without it nothing is.", group }),
  "audit-log-path": file({ help: "The file to write events to; - is standard output.", group }),
  "audit-log-format": choice(["json", "legacy"], { default: "json", help: "How a line looks.", group }),
  "audit-log-mode": choice(MODES, {
    default: "blocking",
    help: "Whether events are gathered, or written one by one before the answer goes out.",
    group,
  }),
  "audit-log-maxage": int({ default: 0, help: "Days to keep old files.", group }),
  "audit-log-maxbackup": int({ default: 0, help: "How many old files to keep.", group }),
  "audit-log-maxsize": int({ default: 0, help: "Megabytes after which a file is set aside (100 when 0).", group }),
  ...batching("audit-log", 1, false),
  "audit-webhook-config-file": file({ help: "A kubeconfig for the server to send events to.", group }),
  "audit-webhook-mode": choice(MODES, {
    default: "batch",
    help: "Whether events are gathered, or sent one by one before the request goes on and before the answer goes out.",
    group,
  }),
  "audit-webhook-initial-backoff": duration({ default: 10_000, help: "The wait before the first retry.", group }),
  "audit-webhook-version": text({ default: "audit.k8s.io/v1", help: "The form of events.", group }),
  ...batching("audit-webhook", 400, true),
} as const;
