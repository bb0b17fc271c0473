/** What the memory API needs of HTTP: paths taken apart, answers in either form, and a stream of lines. */
import { type GroupResource, StatusError } from "@kubets/machinery";
import { encodeJson } from "../json.ts";
import type { ApiResponse } from "../transport.ts";

export interface Target extends GroupResource {
  readonly collection: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** The name of a field selector "metadata.name=x", the one that is known here. */
  readonly only: string | undefined;
  /** Of the object in the store. */
  readonly key: string;
  readonly query: URLSearchParams;
}

const PATH = /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/(.+))?$/;

export function parsePath(path: string): Target {
  const url = new URL(path, "http://memory");
  const match = PATH.exec(url.pathname);
  if (!match)
    throw new StatusError({
      code: 404,
      reason: "NotFound",
      message: "the server could not find the requested resource",
    });
  const [, group = "", version = "", namespace = "", resource = "", name = "", subresource = ""] = match;
  const apiVersion = group ? `${group}/${version}` : version;
  const collection = `${apiVersion}/${resource}`;
  const key = `${collection}|${namespace}/${name}`;
  const query = url.searchParams;
  const only = /(?:^|,)metadata\.name=([^,]+)/.exec(query.get("fieldSelector") ?? "")?.[1];
  return { collection, apiVersion, kind: "Bookmark", group, resource, namespace, name, subresource, only, key, query };
}

export function bytesResponse(object: unknown, status: number): ApiResponse {
  const bytes = encodeJson(object);
  return {
    status,
    headers: { "content-type": "application/json" },
    bytes: () => Promise.resolve(bytes),
    async *stream() {
      yield bytes;
    },
  };
}

export const objectResponse = (object: unknown, status: number): ApiResponse => ({
  ...bytesResponse(object, status),
  object: () => object,
});

export const errorResponse = (error: StatusError): ApiResponse => bytesResponse(error.status, error.code);

/** Lines written on one side come out as chunks on the other, cut anywhere. */
export class ByteStream {
  #chunks: Uint8Array[] = [];
  #ended = false;
  #error: Error | undefined;
  #wake: () => void = () => {};

  write(lines: readonly unknown[]): void {
    const bytes = Buffer.concat(lines.flatMap((line) => [encodeJson(line), Buffer.from("\n")]));
    const cut = Math.floor(bytes.length / 3);
    this.#chunks.push(bytes.subarray(0, cut), bytes.subarray(cut));
    this.#wake();
  }

  end(error?: Error): void {
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  response(): ApiResponse {
    return { ...bytesResponse(null, 200), stream: () => this.#read() };
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) yield chunk;
      else if (this.#error) throw this.#error;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
