{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* What a schema cannot say. Each message names the value and what to do. */}}
{{- define "amends.validate" -}}
{{- if not .Values.insecurePrincipals -}}
{{- fail "insecurePrincipals is false: in this release the services take tenant and principal from the request metadata amends-tenant and amends-principal without any authentication, so whoever can reach a gRPC port acts as anyone of any tenant, and they refuse to listen on a pod's address unless that is accepted. Until a release with authentication, restrict who reaches these ports (NetworkPolicy, mesh) and set insecurePrincipals=true." -}}
{{- end -}}
{{- $pg := .Values.postgresql -}}
{{- if not (or $pg.host $pg.secretKeys.host) -}}
{{- fail "postgresql.host is empty: name the server, or the key of postgresql.existingSecret that holds it (postgresql.secretKeys.host)." -}}
{{- end -}}
{{- range $part := list "host" "port" "database" "user" -}}
{{- if and (get $pg.secretKeys $part) (not $pg.existingSecret) -}}
{{- fail (printf "postgresql.secretKeys.%s is given, but postgresql.existingSecret, whose key it is, is empty." $part) -}}
{{- end -}}
{{- end -}}
{{- if and (hasPrefix "verify-" $pg.sslmode) (not (or $pg.ca.existingSecret $pg.ca.system)) -}}
{{- fail (printf "postgresql.sslmode is %s, but there is nothing to check the certificate with: give postgresql.ca.existingSecret or postgresql.ca.system." $pg.sslmode) -}}
{{- end -}}
{{- if and $pg.ca.system (or $pg.ca.existingSecret (ne $pg.sslmode "verify-full")) -}}
{{- fail "postgresql.ca.system goes with postgresql.sslmode=verify-full and without postgresql.ca.existingSecret." -}}
{{- end -}}
{{- if and .Values.redis.enabled (not .Values.redis.host) -}}
{{- fail "redis.host is empty: name the server, or set redis.enabled=false to work from PostgreSQL alone." -}}
{{- end -}}
{{- range $component := keys .Values.services | sortAlpha -}}
{{- $settings := include "amends.settings" (dict "root" $ "component" $component) | fromYaml -}}
{{- $need := include "amends.gracePeriod" $settings | int -}}
{{- with $settings.terminationGracePeriodSeconds -}}
{{- if lt (int .) $need -}}
{{- fail (printf "terminationGracePeriodSeconds of %s is %d, but its drain (preStopSeconds, the greater of timeoutMs and delayMs, graceMs) and 5 s to exit need %d: calls would be cut off." $component (int .) $need) -}}
{{- end -}}
{{- end -}}
{{- if ne (len (list (int $settings.ports.grpc) (int $settings.ports.admin) (int $settings.ports.live) | uniq)) 3 -}}
{{- fail (printf "services.%s.ports: grpc, admin and live must differ." $component) -}}
{{- end -}}
{{- end -}}
{{- end -}}
