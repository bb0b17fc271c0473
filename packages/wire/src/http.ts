/** The server's side of HTTP/1.1 and HTTP/2: a listener, and one shape for requests of both. */
export * from "./http/exchange.ts";
export { Frame } from "./http/frame.ts";
export * from "./http/listen.ts";
