import assert from "node:assert/strict";
import { test } from "node:test";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { LevelUse, useFamilies } from "./level-use.ts";

test("each moment counts for as many nanoseconds as it lasted", () => {
  const registry = new MetricsRegistry();
  const use = new LevelUse(useFamilies(registry), "workload-low", 100);
  const half = { running: 5, waiting: 8, seatsInUse: 10, seats: 20, room: 800, wanted: 40, nominal: 20 };
  use.stood(half, 103);
  use.stood({ ...half, seatsInUse: 0 }, 103);
  use.stood({ ...half, seatsInUse: 20 }, 104);
  const text = [...registry.expose()].join("");
  const bucket = (name: string, labels: string) => {
    const line = text.split("\n").find((each) => each.startsWith(`apiserver_flowcontrol_${name}_bucket{${labels}}`));
    return Number(line?.split(" ").at(-1));
  };
  const level = 'priority_level="workload-low"';
  assert.equal(bucket("priority_level_seat_utilization", `phase="executing",${level},le="0.4"`), 0);
  assert.equal(bucket("priority_level_seat_utilization", `phase="executing",${level},le="0.5"`), 3e6);
  assert.equal(bucket("priority_level_seat_utilization", `phase="executing",${level},le="1"`), 4e6);
  assert.equal(bucket("priority_level_request_utilization", `phase="waiting",${level},le="0.01"`), 4e6);
  assert.equal(bucket("demand_seats", `${level},le="1.7"`), 0);
  assert.equal(bucket("demand_seats", `${level},le="2"`), 4e6);
});
