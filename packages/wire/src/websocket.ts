/** WebSocket, with the channels that Kubernetes runs over it. Loads `ws`. */
export * from "./streams/refused.ts";
export * from "./streams/session.ts";
export * from "./websocket/channels.ts";
export * from "./websocket/client.ts";
export * from "./websocket/duplex.ts";
export * from "./websocket/message-sink.ts";
export * from "./websocket/server.ts";
