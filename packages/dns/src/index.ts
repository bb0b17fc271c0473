export * from "./dns-service.ts";
export { NAMES_KEY } from "./follow-custom-names.ts";
export * from "./resolv-conf.ts";
export * from "./run-dns.ts";
export { serveStatus } from "./status-server.ts";
