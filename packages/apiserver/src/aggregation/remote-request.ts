/** Asks another server for a document, on the server's own behalf. */
import https from "node:https";
import type { Clock } from "@kubets/machinery";
import { joinHostPort } from "@kubets/machinery/ip";
import { dialingAgent } from "@kubets/wire/transport";
import { networkErrorText } from "../webhooks/network-error.ts";
import type { RemoteService } from "./remote-services.ts";
import { userHeaders } from "./user-headers.ts";

interface RemoteAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

export class RemoteRequestError extends Error {}

const AGGREGATOR = { name: "system:kube-aggregator", groups: ["system:masters"] };
const TIMEOUT_MS = 5000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Rejects with a RemoteRequestError that says, in the original's words, what went wrong. */
export async function askRemote(
  remote: RemoteService,
  path: string,
  clock: Clock,
  accept = "application/json",
): Promise<RemoteAnswer> {
  const headers = { accept, "user-agent": "kube-aggregator", ...userHeaders(AGGREGATOR) };
  const agent = remote.dialer ? dialingAgent(remote.dialer, true) : false;
  return askServer({ ...remote.address(), path, ...remote.tls(), agent, headers }, clock);
}

export async function askServer(
  asked: https.RequestOptions & { readonly host: string; readonly port: number; readonly path: string },
  clock: Clock,
): Promise<RemoteAnswer> {
  const { host, port, path } = asked;
  const late = new AbortController();
  const timer = clock.after(TIMEOUT_MS, () => late.abort());
  try {
    return await get({ agent: false, ...asked, signal: late.signal });
  } catch (error) {
    const why = late.signal.aborted ? "context deadline exceeded" : networkErrorText(error);
    throw new RemoteRequestError(`Get "https://${joinHostPort(host, port)}${path}": ${why}`, { cause: error });
  } finally {
    timer.cancel();
  }
}

function get(options: https.RequestOptions): Promise<RemoteAnswer> {
  return new Promise((resolve, reject) => {
    const request = https.request(options, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BYTES) request.destroy(new Error(`the answer is larger than ${MAX_BYTES} bytes`));
        else chunks.push(chunk);
      });
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          contentType: answer.headers["content-type"] ?? "",
          body: Buffer.concat(chunks),
        }),
      );
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end();
  });
}
