/** Plain requests to a server under test, as JSON, with what was warned of. */
import type { Transport } from "@kubets/client";
import { warningTexts } from "@kubets/client/typed-client";

/** What answers are looked at for. */
export interface Body {
  readonly kind: string;
  readonly apiVersion: string;
  readonly message: string;
  readonly reason: string;
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
  readonly items: readonly Body[];
  readonly [field: string]: unknown;
}

export interface Answered {
  readonly status: number;
  readonly warnings: readonly string[];
  readonly body: Body;
}

export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answered>;

export const asker =
  (transport: Transport): Ask =>
  async (method, path, body, headers = {}) => {
    const response = await transport.request({
      method,
      path,
      headers: { "content-type": "application/json", accept: "application/json", ...headers },
      ...(body !== undefined && { body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) }),
    });
    const text = Buffer.from(await response.bytes()).toString();
    return {
      status: response.status,
      warnings: warningTexts([response.headers["warning"] ?? []].flat().join(", ")),
      body: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : { message: text },
    };
  };
