/** The pace and the bounds of autoscaling, by table. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HorizontalPodAutoscalerBehavior } from "@kubets/api/generated/types/autoscaling-v2";
import { type History, limit, type Timed } from "./limits.ts";

const NOW = 1_000_000;
const ago = (seconds: number, count: number): Timed => ({ at: NOW - seconds * 1000, count });
const none: History = { recommendations: [], ups: [], downs: [] };

interface Case {
  readonly current: number;
  readonly desired: number;
  readonly history?: Partial<History>;
  readonly behavior?: HorizontalPodAutoscalerBehavior;
  readonly max?: number;
  readonly want: readonly [replicas: number, able: string, limited: string];
}

const run = ({ current, desired, history, behavior, max = 100 }: Case) => {
  const spec = { scaleTargetRef: { kind: "Deployment", name: "web" }, maxReplicas: max, ...(behavior && { behavior }) };
  const input = { spec, min: 1, current, desired, history: { ...none, ...history } };
  const { replicas, ableToScale, scalingLimited } = limit({ ...input, downscaleStabilizationMs: 300_000, now: NOW });
  return [replicas, ableToScale.reason, scalingLimited.reason];
};
const cases = (name: string, all: readonly Case[]): void =>
  void test(name, () => {
    for (const each of all) assert.deepEqual(run(each), each.want, JSON.stringify(each));
  });

cases("without rules it doubles at most, and comes down to the highest of the last minutes", [
  { current: 3, desired: 5, want: [5, "ReadyForNewScale", "DesiredWithinRange"] },
  { current: 3, desired: 9, want: [6, "ReadyForNewScale", "ScaleUpLimit"] },
  { current: 1, desired: 9, want: [4, "ReadyForNewScale", "ScaleUpLimit"] },
  { current: 3, desired: 9, max: 5, want: [5, "ReadyForNewScale", "TooManyReplicas"] },
  { current: 3, desired: 0, want: [1, "ReadyForNewScale", "TooFewReplicas"] },
  {
    current: 8,
    desired: 2,
    history: { recommendations: [ago(299, 6), ago(301, 8)] },
    want: [6, "ScaleDownStabilized", "DesiredWithinRange"],
  },
  {
    current: 8,
    desired: 2,
    history: { recommendations: [ago(301, 8)] },
    want: [2, "ReadyForNewScale", "DesiredWithinRange"],
  },
]);

const up = (...policies: [type: string, value: number, seconds: number][]): HorizontalPodAutoscalerBehavior => ({
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: "Max",
    policies: policies.map(([type, value, periodSeconds]) => ({ type, value, periodSeconds })),
  },
});
const down = (...policies: [type: string, value: number, seconds: number][]): HorizontalPodAutoscalerBehavior => ({
  scaleDown: { ...up(...policies).scaleUp, stabilizationWindowSeconds: 0 },
});
const choosing = (selectPolicy: string, { scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior) => ({
  ...(scaleUp && { scaleUp: { ...scaleUp, selectPolicy } }),
  ...(scaleDown && { scaleDown: { ...scaleDown, selectPolicy } }),
});

cases("policies say how many pods may come in a period", [
  { current: 10, desired: 50, behavior: up(["Pods", 4, 60]), want: [14, "ReadyForNewScale", "ScaleUpLimit"] },
  { current: 10, desired: 50, behavior: up(["Percent", 25, 60]), want: [13, "ReadyForNewScale", "ScaleUpLimit"] },
  {
    current: 10,
    desired: 50,
    behavior: up(["Pods", 4, 60], ["Percent", 100, 60]),
    want: [20, "ReadyForNewScale", "ScaleUpLimit"],
  },
  {
    current: 10,
    desired: 50,
    behavior: choosing("Min", up(["Pods", 4, 60], ["Percent", 100, 60])),
    want: [14, "ReadyForNewScale", "ScaleUpLimit"],
  },
  {
    current: 10,
    desired: 50,
    behavior: choosing("Disabled", up(["Pods", 4, 60])),
    want: [10, "ReadyForNewScale", "ScaleUpLimit"],
  },
  // Three came half a minute ago: one is left of the four.
  {
    current: 10,
    desired: 50,
    behavior: up(["Pods", 4, 60]),
    history: { ups: [ago(30, 3)] },
    want: [11, "ReadyForNewScale", "ScaleUpLimit"],
  },
  {
    current: 10,
    desired: 50,
    behavior: up(["Pods", 4, 60]),
    history: { ups: [ago(61, 3)] },
    want: [14, "ReadyForNewScale", "ScaleUpLimit"],
  },
  {
    current: 10,
    desired: 50,
    behavior: up(["Pods", 4, 60]),
    history: { ups: [ago(30, 9)] },
    want: [10, "ReadyForNewScale", "ScaleUpLimit"],
  },
]);

cases("and how many may go", [
  { current: 10, desired: 2, behavior: down(["Pods", 3, 60]), want: [7, "ReadyForNewScale", "ScaleDownLimit"] },
  { current: 10, desired: 2, behavior: down(["Percent", 25, 60]), want: [7, "ReadyForNewScale", "ScaleDownLimit"] },
  {
    current: 10,
    desired: 2,
    behavior: choosing("Min", down(["Pods", 1, 60], ["Percent", 50, 60])),
    want: [9, "ReadyForNewScale", "ScaleDownLimit"],
  },
  {
    current: 10,
    desired: 2,
    behavior: down(["Pods", 3, 60]),
    history: { downs: [ago(10, 2)] },
    want: [9, "ReadyForNewScale", "ScaleDownLimit"],
  },
]);

const windows = (upSeconds: number, downSeconds: number): HorizontalPodAutoscalerBehavior => ({
  scaleUp: {
    stabilizationWindowSeconds: upSeconds,
    selectPolicy: "Max",
    policies: [{ type: "Pods", value: 100, periodSeconds: 15 }],
  },
  scaleDown: {
    stabilizationWindowSeconds: downSeconds,
    selectPolicy: "Max",
    policies: [{ type: "Pods", value: 100, periodSeconds: 15 }],
  },
});

cases("windows hold in both directions", [
  {
    current: 5,
    desired: 9,
    behavior: windows(60, 60),
    history: { recommendations: [ago(30, 6)] },
    want: [6, "ScaleUpStabilized", "DesiredWithinRange"],
  },
  {
    current: 5,
    desired: 9,
    behavior: windows(60, 60),
    history: { recommendations: [ago(61, 6)] },
    want: [9, "ReadyForNewScale", "DesiredWithinRange"],
  },
  {
    current: 5,
    desired: 2,
    behavior: windows(60, 60),
    history: { recommendations: [ago(30, 4)] },
    want: [4, "ScaleDownStabilized", "DesiredWithinRange"],
  },
  {
    current: 5,
    desired: 2,
    behavior: windows(60, 0),
    history: { recommendations: [ago(30, 4)] },
    want: [2, "ReadyForNewScale", "DesiredWithinRange"],
  },
]);
