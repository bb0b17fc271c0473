/**
 * Node's plain HTTP. Not by `import`, which reads every name of the module, and with one of them loads a WebSocket client: 16 MB and some
 * hundredths of a second for each process, for nothing.
 */
const http = process.getBuiltinModule("node:http");

export const { Agent, createServer, get, request, ServerResponse } = http;
