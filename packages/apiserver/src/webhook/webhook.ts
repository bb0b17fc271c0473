/**
 * A server outside that is asked by POST, as a kubeconfig file says how to reach it: for tokens, for decisions, for images, for audit events.
 * What may pass (no connection, 429, 5xx, unless the asker knows better) is tried again, each time after a longer while; what does not is thrown.
 */
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openTransport } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import type { Transport } from "@kubets/client/transport";
import { type Clock, type Random, sleep } from "@kubets/machinery";
import type { JsonObject } from "@kubets/machinery/json-value";
import type { Dialer } from "@kubets/wire/transport";

interface WebhookOptions {
  readonly kubeconfig: string;
  /** Of several contexts, the one to use. */
  readonly context?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs?: number;
  /** Makes the connections; by TCP when absent. */
  readonly dialer?: Dialer | undefined;
  readonly firstWaitMs?: number;
  readonly tries?: number;
  /** Which errors are tried again. */
  readonly mayPass?: (error: WebhookError) => boolean;
}

export interface Webhook {
  /** Resolves to what a 2xx answer holds; rejects when it is given up. */
  post(body: object, givenUp?: AbortSignal): Promise<JsonObject>;
  close(): void;
}

export class WebhookError extends Error {
  readonly status: number | undefined;

  constructor(message: string, status: number | undefined, options?: ErrorOptions) {
    super(message, options);
    this.name = "WebhookError";
    this.status = status;
  }
}

const GROWTH = 1.5;
const JITTER = 0.2;
const ANSWER_LIMIT = 16 * 1024 * 1024;

/** Reads the kubeconfig at once, so that what is wrong with it is told at start. */
export async function openWebhook(options: WebhookOptions): Promise<Webhook> {
  const { kubeconfig, context, dialer } = options;
  const connection = await connectionFrom({ kubeconfig, ...(context && { context }) }, machineReading());
  const transport = await openTransport(connection, { dialer });
  return webhookOver(transport, connection.server, options);
}

/** Over a transport that is there already; `name` is for messages. */
export function webhookOver(
  transport: Transport,
  name: string,
  {
    clock,
    random,
    timeoutMs = 30_000,
    firstWaitMs = 500,
    tries = 5,
    mayPass = isPassing,
  }: Omit<WebhookOptions, "kubeconfig">,
): Webhook {
  const path = new URL(name).pathname === "/" ? "/" : "";
  const once = async (body: Uint8Array, givenUp: AbortSignal | undefined): Promise<JsonObject> => {
    const headers = { "content-type": "application/json", accept: "application/json" };
    const late = AbortSignal.timeout(timeoutMs);
    const signal = givenUp ? AbortSignal.any([late, givenUp]) : late;
    const answer = await transport.request({ method: "POST", path, headers, body, signal }).catch((cause: unknown) => {
      throw new WebhookError(`${name} could not be asked: ${(cause as Error).message}`, undefined, { cause });
    });
    const bytes = await answer.bytes();
    if (answer.status < 200 || answer.status > 299)
      throw new WebhookError(`${name} answered ${answer.status}`, answer.status);
    if (bytes.length > ANSWER_LIMIT) throw new WebhookError(`${name} answered more than it may`, answer.status);
    if (bytes.length === 0) return {};
    try {
      return JSON.parse(Buffer.from(bytes).toString()) as JsonObject;
    } catch (cause) {
      throw new WebhookError(`${name} answered something that is no JSON`, 200, { cause });
    }
  };
  return {
    async post(body, givenUp) {
      const bytes = Buffer.from(JSON.stringify(body));
      let wait = firstWaitMs;
      for (let left = tries; ; left--) {
        try {
          return await once(bytes, givenUp);
        } catch (error) {
          if (left <= 1 || givenUp?.aborted || !mayPass(error as WebhookError)) throw error;
        }
        await sleep(clock, wait * (1 + JITTER * random.float()), givenUp);
        wait *= GROWTH;
      }
    },
    close: () => void transport.close(),
  };
}

const isPassing = ({ status }: WebhookError): boolean => status === undefined || status === 429 || status >= 500;
