export * from "./backend.ts";
export * from "./iptables/backend.ts";
export * from "./nftables/backend.ts";
export * from "./plan.ts";
export * from "./planner.ts";
export * from "./proxy-server.ts";
export * from "./run-proxy.ts";
export * from "./userspace/backend.ts";
