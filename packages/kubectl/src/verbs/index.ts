/** The one list of verbs. */
import type { Verb } from "../verb.ts";
import { alpha } from "./alpha.ts";
import { annotate } from "./annotate.ts";
import { apiResources, apiVersions } from "./api-resources.ts";
import { apply } from "./apply.ts";
import { attach } from "./attach.ts";
import { auth } from "./auth.ts";
import { autoscale } from "./autoscale.ts";
import { certificate } from "./certificate.ts";
import { clusterInfo } from "./cluster-info.ts";
import { completion } from "./completion.ts";
import { config } from "./config.ts";
import { cp } from "./cp.ts";
import { create } from "./create.ts";
import { debug } from "./debug.ts";
import { deleteVerb } from "./delete.ts";
import { describe } from "./describe.ts";
import { diff } from "./diff.ts";
import { drain } from "./drain.ts";
import { edit } from "./edit.ts";
import { events } from "./events.ts";
import { exec } from "./exec.ts";
import { explain } from "./explain.ts";
import { expose } from "./expose.ts";
import { get } from "./get.ts";
import { kustomize } from "./kustomize.ts";
import { label } from "./label.ts";
import { logs } from "./logs.ts";
import { cordon, uncordon } from "./node-schedule.ts";
import { options } from "./options.ts";
import { patch } from "./patch.ts";
import { plugin } from "./plugin.ts";
import { portForward } from "./port-forward.ts";
import { proxy } from "./proxy.ts";
import { replace } from "./replace.ts";
import { rollingUpdate } from "./rolling-update.ts";
import { rollout } from "./rollout.ts";
import { run } from "./run.ts";
import { scale } from "./scale.ts";
import { set } from "./set.ts";
import { taint } from "./taint.ts";
import { top } from "./top.ts";
import { version } from "./version.ts";
import { wait } from "./wait.ts";

export const verbs: readonly Verb[] = [
  alpha,
  annotate,
  apiResources,
  apiVersions,
  apply,
  attach,
  auth,
  autoscale,
  clusterInfo,
  completion,
  config,
  cp,
  create,
  debug,
  deleteVerb,
  describe,
  drain,
  edit,
  events,
  exec,
  expose,
  get,
  kustomize,
  label,
  logs,
  cordon,
  uncordon,
  options,
  patch,
  plugin,
  portForward,
  proxy,
  rollingUpdate,
  rollout,
  run,
  scale,
  set,
  taint,
  top,
  version,
  wait,
  certificate,
  diff,
  explain,
  replace,
];
