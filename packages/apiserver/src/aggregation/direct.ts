/** The same for callers in the server's own process, such as the controllers: their objects go out as JSON, and answers and events come back as objects. */
import type { IncomingMessage } from "node:http";
import https from "node:https";
import type { CoreExchange, DirectCaller } from "../front/core-exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import type { BatchEvent } from "../store/event-batch.ts";
import { type Target, unreachable } from "../subresources/pass-through.ts";

const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const PASSED_ON = ["accept", "content-type", "user-agent"];

export async function passDirect(exchange: CoreExchange, target: Target, info: RequestInfo): Promise<void> {
  const direct = exchange.direct as DirectCaller;
  const body = direct.object === undefined ? await exchange.readBody(MAX_ANSWER_BYTES) : jsonOf(direct.object);
  const headers: Record<string, string | string[]> = { accept: "application/json", ...target.headers };
  for (const name of PASSED_ON) {
    const value = exchange.header(name);
    if (value !== undefined) headers[name] = value;
  }
  if (body.length) headers["content-type"] ??= "application/json";
  const { host, port, path, tls, agent } = target;
  const outgoing = https.request({
    host,
    port,
    path,
    method: exchange.method,
    headers: { ...headers, "content-length": String(body.length) },
    ...tls,
    ...(agent && { agent }),
  });
  exchange.onClose(() => outgoing.destroy());
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on("response", resolve);
    outgoing.on("error", (error) => reject(unreachable(target, error)));
    outgoing.end(body);
  });
  if (info.verb === "watch" && answer.statusCode === 200) return passEvents(answer, direct);
  const bytes = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>));
  const isJson = (answer.headers["content-type"] ?? "").startsWith("application/json");
  if (isJson) direct.respond(answer.statusCode ?? 502, JSON.parse(bytes.toString()));
  else exchange.respond(answer.statusCode ?? 502, ["content-type", answer.headers["content-type"] ?? ""], bytes);
}

const jsonOf = (object: unknown): Buffer => Buffer.from(JSON.stringify(object));

/** Events come as lines. */
async function passEvents(answer: IncomingMessage, direct: DirectCaller): Promise<void> {
  const watch = direct.watch();
  watch.onStop(() => answer.destroy());
  let rest = "";
  try {
    answer.setEncoding("utf8");
    for await (const chunk of answer as AsyncIterable<string>) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      const events = lines.filter(Boolean).map((line) => {
        const { type, object } = JSON.parse(line) as { type: BatchEvent["type"]; object: unknown };
        return { type, object: { object } } as unknown as BatchEvent;
      });
      if (events.length) watch.events(events);
    }
    watch.end();
  } catch (error) {
    watch.end(error as Error);
  }
}
