/**
 * Tells of requests as `-v` asks: 6 that there was one and how it ended, 7 with headers, 8 and 9 with bodies, 9 as curl commands.
 * Holds: credentials are never shown.
 */
import type { Transport } from "@kubets/client";

type TracedRequest = Parameters<Transport["request"]>[0];
type Answer = Awaited<ReturnType<Transport["request"]>>;

export interface Tracing {
  readonly server: string;
  readonly level: number;
  note(text: string): void;
}

/** Of a body, so many letters are shown. */
const SHOWN = new Map([
  [8, 1024],
  [9, 10_240],
]);

export function traced(transport: Transport, { server, level, note }: Tracing): Transport {
  if (level < 6) return transport;
  const line = (text: string) => note(`${klogHead()} ${text}`);
  const bodyText = (bytes: Uint8Array): string => {
    const text = Buffer.from(bytes).toString("utf8");
    const limit = SHOWN.get(level) ?? Number.POSITIVE_INFINITY;
    return block(text.length > limit ? `${text.slice(0, limit)} [truncated ${text.length - limit} chars]` : text);
  };
  return {
    async request(request) {
      const url = `${server}${request.path}`;
      const what = `verb=${JSON.stringify(request.method)} url=${JSON.stringify(url)}`;
      const sent = headersText(request.headers ?? {});
      if (level >= 8) line(`"Request Body" body=${request.body ? bodyText(request.body) : '""'}`);
      if (level >= 9) line(`"Request" curlCommand=${block(curlText(request, url))}`);
      else if (level >= 7) line(`"Request" ${what} headers=${sent}`);
      const started = performance.now();
      const answer = await transport.request(request);
      const took = `milliseconds=${Math.round(performance.now() - started)}`;
      const headers = level >= 8 ? ` headers=${headersText(answer.headers)}` : "";
      const subject = level === 7 || level === 8 ? "" : `${what} `;
      line(`"Response" ${subject}status=${JSON.stringify(statusText(answer.status))}${headers} ${took}`);
      return level < 8 ? answer : tellingBody(answer, (bytes) => line(`"Response Body" body=${bodyText(bytes)}`));
    },
    close: () => transport.close(),
  };
}

const tellingBody = (answer: Answer, tell: (bytes: Uint8Array) => void): Answer => ({
  ...answer,
  status: answer.status,
  headers: answer.headers,
  async bytes() {
    const bytes = await answer.bytes();
    tell(bytes);
    return bytes;
  },
  stream: () => answer.stream(),
});

const block = (text: string): string => `<\n${text.replace(/\n$/, "").replace(/^/gm, "\t")}\n >`;

function headersText(headers: TracedRequest["headers"] | Answer["headers"]): string {
  const lines = Object.entries(headers ?? {})
    .filter(([name]) => !name.startsWith(":"))
    .map(([name, value]) => `${canonical(name)}: ${masked(name, [value ?? ""].flat().join(", "))}`)
    .sort();
  return block(lines.join("\n"));
}

const canonical = (name: string): string => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

function masked(name: string, value: string): string {
  if (name.toLowerCase() !== "authorization") return value;
  return `${value.split(" ", 1)[0] ?? ""} <masked>`;
}

function curlText({ method, headers = {} }: TracedRequest, url: string): string {
  const parts = Object.entries(headers).map(
    ([name, value]) => `-H "${canonical(name)}: ${masked(name, [value].flat().join(", "))}"`,
  );
  return `curl -v -X${method}  ${parts.join(" ")} '${url}'`;
}

const STATUS: Readonly<Record<number, string>> = {
  101: "Switching Protocols",
  200: "OK",
  201: "Created",
  202: "Accepted",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  409: "Conflict",
  410: "Gone",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

const statusText = (status: number): string => `${status} ${STATUS[status] ?? ""}`.trim();

/** The start of a line of klog: severity, date, time, process, and where it was said. */
function klogHead(): string {
  const now = new Date();
  const two = (value: number) => String(value).padStart(2, "0");
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  const micros = String(now.getMilliseconds() * 1000).padStart(6, "0");
  return `I${two(now.getMonth() + 1)}${two(now.getDate())} ${time}.${micros} ${String(process.pid).padStart(7)} trace.ts]`;
}
