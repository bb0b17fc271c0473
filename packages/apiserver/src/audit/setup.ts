/** From flags to audit at work: the policy read, the file open, the webhook known. */
import type { Clock, Logger, Random } from "@kubets/machinery";
import { ConfigError } from "@kubets/machinery/config-file";
import type { FlagValues } from "@kubets/machinery/flags";
import type { Egress } from "../egress/egress.ts";
import { openWebhook } from "../webhook/webhook.ts";
import { Audit } from "./audit.ts";
import { Batches, type BatchOptions } from "./batches.ts";
import { type AuditEvent, legacyLine } from "./event.ts";
import type { auditFlags } from "./flags.ts";
import { LogFile } from "./log-file.ts";
import type { AuditMetrics } from "./metrics.ts";
import { compilePolicy, loadPolicy } from "./policy.ts";
import type { AuditSink } from "./record.ts";
import { truncated } from "./truncate.ts";

type Flags = FlagValues<typeof auditFlags>;

interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: AuditMetrics;
  readonly egress: Egress;
}

export interface RunningAudit {
  readonly audit: Audit;
  /** Sends on what waits. */
  close(): void;
}

const MEGABYTE = 1024 * 1024;
const DAY_MS = 86_400_000;
const DEFAULT_MEGABYTES = 100;

/** Undefined where nobody is to be told anything. */
export async function setUpAudit(flags: Flags, parts: Parts): Promise<RunningAudit | undefined> {
  const policyFile = flags["audit-policy-file"];
  const backends = [
    ...(flags["audit-log-path"] ? [logBackend(flags, parts)] : []),
    ...(flags["audit-webhook-config-file"] ? [await webhookBackend(flags, parts)] : []),
  ];
  if (!policyFile || backends.length === 0) return undefined;
  const sink = {
    tell(event: AuditEvent) {
      parts.metrics.event();
      const taken = backends.map((backend) => backend.tell(event));
      if (!taken.some((each) => each instanceof Promise)) return areTaken(taken);
      return Promise.all(taken.map((each) => Promise.resolve(each))).then(areTaken);
    },
  };
  return {
    audit: new Audit(compilePolicy(loadPolicy(policyFile)), sink, parts.clock, parts.metrics),
    close: () => backends.forEach((backend) => backend.close()),
  };
}

const areTaken = (taken: readonly unknown[]): boolean => !taken.includes(false);

type Backend = AuditSink & { close(): void };

function logBackend(flags: Flags, { clock, log, metrics }: Parts): Backend {
  const options = {
    maxBytes: (flags["audit-log-maxsize"] || DEFAULT_MEGABYTES) * MEGABYTE,
    maxAgeMs: flags["audit-log-maxage"] * DAY_MS,
    maxBackups: flags["audit-log-maxbackup"],
  };
  const file = openFile(flags["audit-log-path"], options, clock);
  const lineOf = flags["audit-log-format"] === "legacy" ? legacyLine : JSON.stringify;
  const write = (events: readonly AuditEvent[]) => file.write(events.map((event) => `${lineOf(event)}\n`).join(""));
  const lost = (count: number) => {
    metrics.lost("log", count);
    log.error("audit events were lost: the log file cannot be written", { count });
  };
  const direct: AuditSink = {
    tell(event) {
      try {
        write([event]);
        return true;
      } catch {
        lost(1);
        return flags["audit-log-mode"] !== "blocking-strict";
      }
    },
  };
  const batches =
    flags["audit-log-mode"] === "batch"
      ? new Batches(batchOptions(flags, "audit-log"), clock, async (events) => write(events), lost)
      : undefined;
  const sink = limited(
    batches ?? direct,
    flags["audit-log-truncate-enabled"] && flags["audit-log-truncate-max-event-size"],
    lost,
  );
  return {
    tell: sink.tell,
    close() {
      batches?.flush();
      file.close();
    },
  };
}

function openFile(path: string, options: ConstructorParameters<typeof LogFile>[1], clock: Clock): LogFile {
  try {
    return new LogFile(path, options, clock);
  } catch (error) {
    throw new ConfigError(`--audit-log-path: ${path} cannot be written: ${(error as Error).message}`);
  }
}

async function webhookBackend(flags: Flags, { clock, random, log, metrics, egress }: Parts): Promise<Backend> {
  const kubeconfig = flags["audit-webhook-config-file"];
  const firstWaitMs = flags["audit-webhook-initial-backoff"];
  const dialer = egress.controlplane;
  const webhook = await openWebhook({ kubeconfig, clock, random, firstWaitMs, mayPass: () => true, dialer });
  const send = async (items: readonly AuditEvent[]) => {
    await webhook.post({ kind: "EventList", apiVersion: flags["audit-webhook-version"], metadata: {}, items });
  };
  const lost = (count: number) => {
    metrics.lost("webhook", count);
    log.error("audit events were lost: the webhook does not take them", { count });
  };
  const mode = flags["audit-webhook-mode"];
  const refused = () => {
    lost(1);
    return mode !== "blocking-strict";
  };
  const direct: AuditSink = { tell: (event) => send([event]).then(() => true, refused) };
  const batches = mode === "batch" ? new Batches(batchOptions(flags, "audit-webhook"), clock, send, lost) : undefined;
  const sink = limited(
    batches ?? direct,
    flags["audit-webhook-truncate-enabled"] && flags["audit-webhook-truncate-max-event-size"],
    lost,
  );
  return {
    tell: sink.tell,
    close() {
      batches?.flush();
      webhook.close();
    },
  };
}

function limited(sink: AuditSink, maxBytes: number | false, lost: (count: number) => void): AuditSink {
  if (!maxBytes) return { tell: (event) => sink.tell(event) };
  return {
    tell(event) {
      const small = truncated(event, maxBytes);
      if (small) return sink.tell(small);
      lost(1);
    },
  };
}

function batchOptions(flags: Flags, prefix: "audit-log" | "audit-webhook"): BatchOptions {
  return {
    bufferSize: flags[`${prefix}-batch-buffer-size`],
    maxSize: flags[`${prefix}-batch-max-size`],
    maxWaitMs: flags[`${prefix}-batch-max-wait`],
    throttle: flags[`${prefix}-batch-throttle-enable`]
      ? { rate: flags[`${prefix}-batch-throttle-qps`], burst: flags[`${prefix}-batch-throttle-burst`] }
      : undefined,
  };
}
