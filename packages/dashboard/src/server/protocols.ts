/** What pages and the server before them call the protocols of their WebSockets. */

/** Of an answer that comes piece by piece. */
export const STREAM_PROTOCOL = "stream.dashboard.kubets";
/** Before the key, which is offered as a protocol of its own: a browser cannot send it otherwise. */
export const KEY_PROTOCOL = "key.dashboard.kubets.";
