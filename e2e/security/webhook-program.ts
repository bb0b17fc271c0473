/**
 * A server outside as a process: it knows tokens (TokenReview), decides (SubjectAccessReview) and takes audit events (EventList). It tells its address and
 * authority, then each question. A line `{"down": true}` makes it answer 500 from then on.
 */
import { createInterface } from "node:readline";
import { startHttps } from "../apiserver/https-server.ts";

interface Asked {
  readonly kind: string;
  readonly spec?: {
    readonly token?: string;
    readonly user?: string;
    readonly resourceAttributes?: { readonly verb: string; readonly resource: string; readonly name?: string };
  };
  readonly items?: readonly AuditedEvent[];
}

export interface AuditedEvent {
  readonly level: string;
  readonly stage: string;
  readonly verb: string;
  readonly objectRef?: { readonly resource: string; readonly name?: string };
  readonly requestObject?: object;
}

export type WebhookLine = { readonly url: string; readonly ca: string } & {
  readonly path: string;
  readonly asked: Asked;
};

let isDown = false;
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

function answerTo(path: string, { kind, spec = {} }: Asked): object | undefined {
  if (kind === "TokenReview") {
    const name = /^webhook-(\w+)$/.exec(spec.token ?? "")?.[1];
    return name ? { authenticated: true, user: { username: name, groups: ["outside"] } } : { authenticated: false };
  }
  if (kind === "SubjectAccessReview") {
    const { verb, resource } = spec.resourceAttributes ?? {};
    if (spec.user !== "jane" || resource !== "configmaps") return { allowed: false };
    if (path === "/first") return { allowed: verb === "get" };
    return verb === "delete" ? { allowed: false, denied: true, reason: "nothing is deleted here" } : { allowed: false };
  }
  return undefined;
}

const server = await startHttps((request, response, body) => {
  const path = request.url ?? "";
  const asked = JSON.parse(body) as Asked;
  tell({ path, asked });
  response.statusCode = isDown ? 500 : 200;
  const status = answerTo(path, asked);
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(isDown ? {} : { ...asked, ...(status && { status }) }));
});
tell({ url: server.url, ca: server.caBundle });
for await (const line of createInterface({ input: process.stdin }))
  isDown = (JSON.parse(line) as { down: boolean }).down;
