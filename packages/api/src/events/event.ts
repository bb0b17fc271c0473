/** Event */
import { define } from "../define.ts";
import { eventsEventsV1 } from "../generated/refs.ts";

export const eventResource = define(eventsEventsV1, { shortNames: ["ev"] });
