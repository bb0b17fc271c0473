/** What `--publish` says: a port of this machine, and the service or the ingress that it leads to. */

export interface ServiceRule {
  readonly hostPort: number;
  readonly port: number;
  readonly name: string;
  readonly namespace: string;
}

export interface IngressRule {
  readonly hostPort: number;
  readonly isSecure: boolean;
}

export interface PublishRules {
  readonly services: readonly ServiceRule[];
  readonly ingress: readonly IngressRule[];
}

const FORM = /^(\d{1,5}):(\d{1,5})(?:\/([-a-z0-9]+)(?:\.([-a-z0-9]+))?)?$/;

export function parsePublish(texts: readonly string[]): PublishRules {
  const services: ServiceRule[] = [];
  const ingress: IngressRule[] = [];
  for (const text of texts) {
    const [, host, inside, name, namespace = "default"] = FORM.exec(text) ?? [];
    const [hostPort, port] = [Number(host), Number(inside)];
    if (host === undefined || hostPort > 65_535 || port > 65_535) throw malformed(text);
    if (name !== undefined) services.push({ hostPort, port, name, namespace });
    else if (port === 80 || port === 443) ingress.push({ hostPort, isSecure: port === 443 });
    else throw malformed(text);
  }
  return { services, ingress };
}

const malformed = (text: string): Error =>
  new Error(
    `--publish ${text}: expected HOSTPORT:PORT/SERVICE or HOSTPORT:PORT/SERVICE.NAMESPACE, as 8080:80/web, or HOSTPORT:80 and HOSTPORT:443 for the ingress`,
  );
