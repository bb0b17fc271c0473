/** The thread for long work: does what it is told, one after the other. */
import { parentPort } from "node:worker_threads";
import { Tasks } from "./do-task.ts";
import type { FromThread, ToThread } from "./messages.ts";

const port = parentPort as NonNullable<typeof parentPort>;
const tell = (message: FromThread) => port.postMessage(message);
const tasks = new Tasks();

port.on("message", (message: ToThread) => {
  if (message.what === "end") return tasks.end(message.session);
  if (message.what === "give") return tasks.give(message.given, message);
  if (message.what === "forget") return tasks.forget(message.given);
  const { id } = message;
  try {
    tell({ id, result: tasks.do(message) });
  } catch (error) {
    tell({ id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
