/**
 * Which requests the proxy lets through: by host (a page of elsewhere must not use it), method and path.
 * Holds: pure; what is rejected stays rejected though it is accepted too.
 */
import { UsageError } from "../errors.ts";

interface FilterFlags {
  readonly "accept-hosts": string;
  readonly "accept-paths": string;
  readonly "reject-paths": string;
  readonly "reject-methods": string;
}

export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Of the Host header, with its port. */
  readonly host: string;
}

type Filter = (asked: Asked) => boolean;

export function filterOf(flags: FilterFlags): Filter {
  const hosts = expressions(flags["accept-hosts"]);
  const paths = expressions(flags["accept-paths"]);
  const noPaths = expressions(flags["reject-paths"]);
  const noMethods = expressions(flags["reject-methods"]);
  const any = (list: readonly RegExp[], text: string) => list.some((each) => each.test(text));
  return ({ method, path, host }) =>
    any(hosts, withoutPort(host)) && any(paths, path) && !any(noPaths, path) && !any(noMethods, method);
}

function expressions(written: string): RegExp[] {
  return written.split(",").map((text) => {
    try {
      return new RegExp(text);
    } catch (error) {
      throw new UsageError(`error parsing regexp ${JSON.stringify(text)}: ${(error as Error).message}`);
    }
  });
}

const withoutPort = (host: string): string => /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(host)?.[1] ?? host;
