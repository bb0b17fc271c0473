/** A webhook of the test's own: says of each path what to answer, and keeps what it was asked. */
import type { Body } from "./api.ts";
import { type HttpsOptions, type HttpsServer, startHttps } from "./https-server.ts";

export interface ReviewRequest {
  readonly uid: string;
  readonly kind: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  readonly requestResource: Readonly<Record<string, string>>;
  readonly subResource?: string;
  readonly operation: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly dryRun: boolean;
  readonly userInfo: { readonly username: string };
  readonly options: Readonly<Record<string, unknown>> | null;
  readonly object: Body;
  readonly oldObject: Body;
}

/** What is answered besides the uid; `patch` as operations. */
export type Answer = Readonly<Record<string, unknown>> & { readonly patch?: readonly object[] };

export interface WebhookServer extends HttpsServer {
  /** What was asked of a path, in order. */
  asked(path: string): ReviewRequest[];
  answer(path: string, answer: (request: ReviewRequest) => Answer | Promise<Answer>): void;
}

export async function startWebhooks(options: HttpsOptions = {}): Promise<WebhookServer> {
  const answers = new Map<string, (request: ReviewRequest) => Answer | Promise<Answer>>();
  const asked = new Map<string, ReviewRequest[]>();
  const server = await startHttps(async (request, response, body) => {
    const path = (request.url ?? "").split("?")[0] as string;
    const review = JSON.parse(body) as { apiVersion: string; request: ReviewRequest };
    asked.set(path, [...(asked.get(path) ?? []), review.request]);
    const answer = answers.get(path);
    if (!answer) {
      response.writeHead(404).end();
      return;
    }
    const { patch, ...rest } = await answer(review.request);
    const patched = patch && { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        kind: "AdmissionReview",
        apiVersion: review.apiVersion,
        response: { uid: review.request.uid, ...patched, ...rest },
      }),
    );
  }, options);
  return Object.assign(Object.create(server) as HttpsServer, {
    asked: (path: string) => asked.get(path) ?? [],
    answer(path: string, answer: (request: ReviewRequest) => Answer | Promise<Answer>) {
      answers.set(path, answer);
    },
  });
}
