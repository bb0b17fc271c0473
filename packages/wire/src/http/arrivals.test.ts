import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { describe, it } from "node:test";
import { takeArrivalsInTurn } from "./arrivals.ts";

const turn = () => new Promise(setImmediate);

describe("connections that arrive at once", () => {
  it("begin a few in a turn, in their order, and none is forgotten", async () => {
    const server = new EventEmitter();
    const begun: Socket[] = [];
    server.on("connection", (socket: Socket) => begun.push(socket));
    takeArrivalsInTurn(server);
    const sockets = Array.from({ length: 7 }, () => new Socket());
    for (const socket of sockets) server.emit("connection", socket);
    assert.equal(begun.length, 0);
    await turn();
    assert.ok(begun.length > 0 && begun.length < 4, String(begun.length));
    while (begun.length < 7) await turn();
    assert.deepEqual(begun, sockets);
    server.emit("connection", sockets[0]);
    await turn();
    assert.equal(begun.length, 8);
  });

  it("may go before their turn, also with an error", async () => {
    const server = new EventEmitter();
    const begun: Socket[] = [];
    server.on("connection", (socket: Socket) => begun.push(socket));
    takeArrivalsInTurn(server);
    const [gone, stays] = [new Socket(), new Socket()];
    server.emit("connection", gone);
    server.emit("connection", stays);
    gone.destroy(new Error("reset"));
    await turn();
    assert.deepEqual(begun, [stays]);
  });
});
