export * from "./dns-service.ts";
export * from "./resolv-conf.ts";
export * from "./run-dns.ts";
