/** Counters of a DNS server, by the names that CoreDNS gives them. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { rcode, typeName } from "./record.ts";

export interface DnsMetrics {
  asked(transport: "udp" | "tcp", type: number): void;
  answered(code: number): void;
}

const CODES: Readonly<Record<number, string>> = {
  [rcode.noError]: "NOERROR",
  [rcode.formErr]: "FORMERR",
  [rcode.servFail]: "SERVFAIL",
  [rcode.nxDomain]: "NXDOMAIN",
  [rcode.notImp]: "NOTIMP",
  [rcode.refused]: "REFUSED",
};

export function dnsMetrics(registry: MetricsRegistry): DnsMetrics {
  const requests = registry.counter({
    name: "coredns_dns_requests_total",
    help: "Queries by transport and type.",
    labels: ["proto", "type"],
  });
  const responses = registry.counter({
    name: "coredns_dns_responses_total",
    help: "Answers by their code.",
    labels: ["rcode"],
  });
  return {
    asked: (transport, type) => requests.values(transport, typeName(type)).inc(),
    answered: (code) => responses.values(CODES[code] ?? "other").inc(),
  };
}
