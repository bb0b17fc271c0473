export * from "./conflist.ts";
export * from "./masquerade.ts";
export * from "./plan-routes.ts";
export * from "./start-network.ts";
