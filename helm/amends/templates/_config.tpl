{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/*
The options of one service as AMENDS_* keys of a ConfigMap: config.someOption is AMENDS_SOME_OPTION.
Argument: dict "root" $ "component" "intake" "settings" (the merged ones).
*/}}
{{- define "amends.config" -}}
{{- $options := include "amends.merge" (list .root.Values.config (.settings.config | default dict)) | fromYaml -}}
{{- include "amends.security.config" . | trim | nindent 0 }}
AMENDS_ADMIN: {{ printf "0.0.0.0:%d" (int .settings.ports.admin) | quote }}
AMENDS_LIVEZ: {{ printf "0.0.0.0:%d" (int .settings.ports.live) | quote }}
{{- /* HAProxy loses answers that come with the end of a connection: behind a front they have no greatest age. */}}
AMENDS_MAX_CONNECTION_AGE_MS: {{ ternary 0 (int64 .settings.drain.connectionAgeMs) .root.Values.front.enabled | quote }}
AMENDS_DRAIN_TIMEOUT_MS: {{ include "amends.drainTimeout" .settings.drain | quote }}
AMENDS_DRAIN_QUIET_MS: {{ int64 .settings.drain.quietMs | quote }}
AMENDS_DRAIN_DELAY_MS: {{ int64 .settings.drain.delayMs | quote }}
AMENDS_DRAIN_GRACE_MS: {{ int64 .settings.drain.graceMs | quote }}
{{- if ne .component "assignment" }}
AMENDS_ASSIGNMENT: {{ include "amends.assignmentAddress" .root | quote }}
{{- end }}
{{- if .root.Values.redis.enabled }}
AMENDS_REDIS: {{ include "amends.redis.url" .root | quote }}
{{- if include "amends.redis.hasSecret" .root }}
AMENDS_REDIS_PASSWORD_FILE: /etc/amends/redis/password
{{- end }}
{{- include "amends.redis.tls" .root }}
{{- end }}
{{- range $key, $value := $options }}
{{- if and (not (kindIs "invalid" $value)) (ne $key "auth") }}
AMENDS_{{ $key | snakecase | upper }}: {{ ternary (printf "%d" (int64 $value)) (toString $value) (kindIs "float64" $value) | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "amends.assignmentAddress" -}}
{{- $suffix := ternary "-headless" "" (eq .Values.clientLoadBalancing "headless") -}}
{{- $settings := include "amends.settings" (dict "root" . "component" "assignment") | fromYaml -}}
{{- $port := ternary .Values.front.routePort $settings.ports.grpc .Values.front.enabled -}}
{{- printf "%s-assignment%s:%d" (include "amends.fullname" .) $suffix (int $port) -}}
{{- end -}}
