/** The way to an API server. WebSocket and SPDY are loaded with the first upgrade. */
export { UpgradeRefusedError } from "./streams/refused.ts";
export type { SessionStream, StreamHeaders, StreamSession, StreamType } from "./streams/session.ts";
export { type Dialer, dialingAgent } from "./transport/dialing-agent.ts";
export * from "./transport/http-transport.ts";
export type { TlsOptions } from "./transport/tls-options.ts";
export * from "./transport/token-source.ts";
export * from "./transport/transport.ts";
