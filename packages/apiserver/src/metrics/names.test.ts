/** The names of what the server measures are those of the original (v1.36), and docs/metrics.md lists those that it does not tell. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { defineGates } from "@kubets/machinery/feature-gates";
import { featureMetrics } from "@kubets/machinery/feature-metrics";
import { startTestServer } from "../testing/server.ts";

const within = (prefix: string, names: string) =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => `${prefix}${name}`);

/** Those of the API server, whatever their stability; those of Go, of deprecated names and of libraries of the original's are left out. */
const ORIGINAL = [
  ...within("aggregator_", "discovery_aggregation_count_total discovery_nopeer_requests_total"),
  ...within("aggregator_discovery_peer_aggregated_cache_", "hits_total misses_total"),
  ...within("aggregator_", "openapi_v2_regeneration_count openapi_v2_regeneration_duration"),
  ...within("aggregator_", "unavailable_apiservice unavailable_apiservice_total"),
  ...within("apiextensions_", "apiserver_validation_ratcheting_seconds"),
  ...within("apiextensions_openapi_", "v2_regeneration_count v3_regeneration_count"),
  ...within("apiserver_admission_", "controller_admission_duration_seconds step_admission_duration_seconds"),
  ...within("apiserver_admission_", "step_admission_duration_seconds_summary webhook_admission_duration_seconds"),
  ...within("apiserver_admission_webhook_", "fail_open_count rejection_count request_total"),
  ...within("apiserver_admission_match_condition_", "evaluation_errors_total evaluation_seconds exclusions_total"),
  ...within("apiserver_audit_", "error_total event_total level_total requests_rejected_total"),
  ...["authentication", "authorization", "encryption", "manifest_admission"].flatMap((what) =>
    within(
      `apiserver_${what}_config_controller_`,
      "automatic_reload_last_timestamp_seconds automatic_reloads_total last_config_info",
    ),
  ),
  ...within("apiserver_authentication_jwt_authenticator_", "jwks_fetch_last_key_set_info latency_seconds"),
  ...within("apiserver_authentication_jwt_authenticator_", "jwks_fetch_last_timestamp_seconds"),
  ...within("apiserver_authorization_", "decisions_total match_condition_evaluation_errors_total"),
  ...within("apiserver_authorization_match_condition_", "evaluation_seconds exclusions_total"),
  ...within("apiserver_authorization_webhook_", "duration_seconds evaluations_fail_open_total evaluations_total"),
  ...within("apiserver_cache_list_", "fetched_objects_total returned_objects_total total"),
  ...within("apiserver_cel_", "compilation_duration_seconds evaluation_duration_seconds"),
  ...within("apiserver_certificates_registry_csr_", "honored_duration_total requested_duration_total"),
  ...within("apiserver_", "client_certificate_expiration_seconds clusterip_repair_ip_errors_total"),
  ...within("apiserver_", "clusterip_repair_reconcile_errors_total conversion_webhook_duration_seconds"),
  ...within("apiserver_", "conversion_webhook_request_total crd_conversion_webhook_duration_seconds"),
  ...within("apiserver_", "current_inflight_requests current_inqueue_requests"),
  ...within("apiserver_delegated_", "authn_request_duration_seconds authn_request_total"),
  ...within("apiserver_delegated_", "authz_request_duration_seconds authz_request_total"),
  ...within("apiserver_egress_dialer_", "dial_duration_seconds dial_failure_count dial_start_total"),
  ...within("apiserver_envelope_encryption_", "dek_cache_fill_percent dek_cache_inter_arrival_time_seconds"),
  ...within("apiserver_envelope_encryption_", "dek_source_cache_size invalid_key_id_from_status_total"),
  ...within("apiserver_envelope_encryption_key_id_hash_", "last_timestamp_seconds status_last_timestamp_seconds total"),
  ...within("apiserver_envelope_encryption_", "kms_operations_latency_seconds"),
  ...within("apiserver_externaljwt_", "fetch_keys_data_timestamp fetch_keys_request_total sign_request_total"),
  ...within("apiserver_externaljwt_", "fetch_keys_success_timestamp request_duration_seconds"),
  ...within("apiserver_flowcontrol_current_", "executing_requests executing_seats inqueue_requests inqueue_seats"),
  ...within("apiserver_flowcontrol_current_", "limit_seats r"),
  ...within("apiserver_flowcontrol_demand_seats", " _average _high_watermark _smoothed _stdev"),
  "apiserver_flowcontrol_demand_seats",
  ...within("apiserver_flowcontrol_", "dispatch_r dispatched_requests_total epoch_advance_total latest_s"),
  ...within("apiserver_flowcontrol_", "lower_limit_seats next_discounted_s_bounds next_s_bounds nominal_limit_seats"),
  ...within("apiserver_flowcontrol_", "priority_level_request_utilization priority_level_seat_utilization"),
  ...within("apiserver_flowcontrol_", "read_vs_write_current_requests rejected_requests_total"),
  ...within("apiserver_flowcontrol_", "request_dispatch_no_accommodation_total request_execution_seconds"),
  ...within("apiserver_flowcontrol_", "request_queue_length_after_enqueue request_wait_duration_seconds"),
  ...within("apiserver_flowcontrol_", "seat_fair_frac target_seats upper_limit_seats watch_count_samples"),
  ...within("apiserver_flowcontrol_", "work_estimated_seats"),
  ...within("apiserver_impersonation_", "attempts_duration_seconds attempts_total"),
  ...within("apiserver_impersonation_authorization_", "attempts_duration_seconds attempts_total"),
  ...within("apiserver_", "init_events_total kube_aggregator_x509_insecure_sha1_total longrunning_requests"),
  ...within("apiserver_", "kube_aggregator_x509_missing_san_total nodeport_repair_port_errors_total"),
  ...within("apiserver_", "nodeport_repair_reconcile_errors_total"),
  ...within("apiserver_mutating_admission_policy_", "check_duration_seconds check_total"),
  ...within("apiserver_peer_", "discovery_sync_errors_total proxy_errors_total"),
  ...within("apiserver_request_", "aborts_total body_size_bytes duration_seconds filter_duration_seconds"),
  ...within("apiserver_request_", "post_timeout_total sli_duration_seconds terminations_total"),
  ...within("apiserver_request_", "timestamp_comparison_time total"),
  ...within("apiserver_", "requested_deprecated_apis rerouted_request_total resource_objects"),
  ...within("apiserver_", "resource_size_estimate_bytes response_sizes selfrequest_total"),
  ...within("apiserver_storage_", "consistency_checks_total data_key_generation_duration_seconds"),
  ...within("apiserver_storage_", "data_key_generation_failures_total decode_errors_total events_received_total"),
  ...within("apiserver_storage_", "envelope_transformation_cache_misses_total objects size_bytes"),
  ...within("apiserver_storage_list_", "evaluated_objects_total fetched_objects_total returned_objects_total total"),
  ...within("apiserver_storage_transformation_", "duration_seconds operations_total"),
  ...within("apiserver_", "stream_translator_requests_total stream_tunnel_requests_total"),
  ...within("apiserver_", "terminated_watchers_total tls_handshake_errors_total"),
  ...within("apiserver_validating_admission_policy_", "check_duration_seconds check_total"),
  ...within("apiserver_validation_declarative_validation_", "mismatch_total panic_total panics_total"),
  ...within("apiserver_validation_declarative_validation_", "parity_discrepancies_total"),
  ...within("apiserver_watch_cache_", "consistent_read_total events_dispatched_total events_received_total"),
  ...within("apiserver_watch_cache_", "initializations_total read_wait_seconds resource_version"),
  ...within("apiserver_watch_", "events_sizes events_total filtered_events_total list_duration_seconds shards_total"),
  ...within("apiserver_webhooks_x509_", "insecure_sha1_total missing_san_total"),
  ...within("apiserver_", "websocket_streaming_requests_total"),
  ...within("", "authenticated_user_requests authentication_attempts authentication_duration_seconds"),
  ...within("authentication_token_cache_", "active_fetch_count fetch_total request_duration_seconds request_total"),
  ...within("authorization_", "attempts_total duration_seconds"),
  ...within("etcd_", "bookmark_total lease_object_counts request_duration_seconds request_errors_total requests_total"),
  ...within("", "kubernetes_build_info kubernetes_feature_enabled"),
  ...within("kube_apiserver_clusterip_allocator_", "allocated_ips allocation_duration_seconds available_ips"),
  ...within("kube_apiserver_clusterip_allocator_", "allocation_errors_total allocation_total"),
  ...within("kube_apiserver_nodeport_allocator_", "allocated_ports allocation_errors_total allocation_total"),
  ...within("kube_apiserver_nodeport_allocator_", "available_ports"),
  ...within("kube_apiserver_pod_logs_", "backend_tls_failure_total insecure_backend_total"),
  ...within("pod_security_", "errors_total evaluations_total exemptions_total"),
  ...within("watch_cache_", "capacity capacity_decrease_total capacity_increase_total"),
];

/** What others than the original's own code tell of it, or earlier releases did: processes, and who watches. */
const BESIDES = /^(process_|nodejs_)|^apiserver_registered_watchers$/;

test("every name is the original's, and what is not told is listed with its reason", async (t) => {
  const { server, close } = await startTestServer();
  t.after(close);
  const { registry, health } = server.context.metrics;
  featureMetrics(registry, defineGates({}));
  const told = registry.names;
  assert.deepEqual(
    told.filter((name) => !ORIGINAL.includes(name) && !BESIDES.test(name)),
    [],
    "names of our own",
  );
  assert.deepEqual(health.registry.names, ["kubernetes_healthcheck", "kubernetes_healthchecks_total"]);
  const docs = readFileSync(new URL("../../../../docs/metrics.md", import.meta.url), "utf8");
  const [, ofServer = ""] = docs.split(/^## The (?:API server|kubelet)$/m);
  const listed = new Set(ofServer.match(/(?<=`)[a-z0-9_]+(?=`)/g));
  assert.deepEqual(listed, new Set(ORIGINAL.filter((name) => !told.includes(name))));
});
