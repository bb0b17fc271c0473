/** Defaults of one container: ports, probes, hooks, environment, image pulling. */
import type { Container, EnvVar, EphemeralContainer, HTTPGetAction, Probe } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { defaultPullPolicy } from "./image-reference.ts";
import { roundResources } from "./round-resources.ts";

export function defaultContainer(container: Draft<Container | EphemeralContainer>): void {
  container.resources ??= {};
  roundResources(container.resources.limits);
  roundResources(container.resources.requests);
  container.imagePullPolicy ||= defaultPullPolicy(container.image);
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  for (const port of container.ports ?? []) port.protocol ||= "TCP";
  container.env?.forEach(defaultVariable);
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  if (container.lifecycle?.postStart?.httpGet) defaultHttpGet(container.lifecycle.postStart.httpGet);
  if (container.lifecycle?.preStop?.httpGet) defaultHttpGet(container.lifecycle.preStop.httpGet);
}

function defaultProbe(probe: Draft<Probe> | undefined): void {
  if (!probe) return;
  if (probe.httpGet) defaultHttpGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= "";
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
}

function defaultHttpGet(action: Draft<HTTPGetAction>): void {
  action.path ||= "/";
  action.scheme ||= "HTTP";
}

function defaultVariable({ valueFrom }: Draft<EnvVar>): void {
  if (!valueFrom) return;
  if (valueFrom.fieldRef) valueFrom.fieldRef.apiVersion ||= "v1";
  if (valueFrom.resourceFieldRef) valueFrom.resourceFieldRef.divisor ||= "0";
  if (valueFrom.fileKeyRef) valueFrom.fileKeyRef.optional ??= false;
}
