{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{- define "amends.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/*
At most 36 characters, which leaves room in a DNS label for the longest suffix, "-assignment-headless", and for the hashes of
Jobs and pods. What is longer keeps a hash of the whole, so that two long names do not become one.
*/}}
{{- define "amends.fullname" -}}
{{- $name := include "amends.name" . -}}
{{- $full := .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) -}}
{{- if gt (len $full) 36 -}}
{{- printf "%s-%s" ($full | trunc 27 | trimSuffix "-") ($full | sha256sum | trunc 8) -}}
{{- else -}}
{{- $full -}}
{{- end -}}
{{- end -}}

{{/* Labels of objects; they may change between releases. Argument: dict "root" $ "component" "intake". */}}
{{- define "amends.labels" -}}
{{ include "amends.podLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* Labels of pods: no version of the chart, so that a new chart alone neither restarts a pod nor makes a new Job. */}}
{{- define "amends.podLabels" -}}
{{ include "amends.selectorLabels" . }}
app.kubernetes.io/part-of: amends
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels of selectors: immutable once installed. */}}
{{- define "amends.selectorLabels" -}}
app.kubernetes.io/name: {{ include "amends.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "amends.image" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
{{- with $registry }}{{ . | trimSuffix "/" }}/{{ end -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest -}}@{{ .Values.image.digest }}{{- else -}}:{{ .Values.image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end -}}

{{- define "amends.imagePullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.image.pullSecrets | uniq -}}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end -}}
{{- end -}}

{{/*
`over` laid over `base`, maps key by key, anything else replaced. Sprig's mergeOverwrite ignores 0, false and "" in `over`,
which here are legal answers. Argument: list base over; gives YAML.
*/}}
{{- define "amends.merge" -}}
{{- $base := index . 0 -}}
{{- $over := index . 1 -}}
{{- $out := deepCopy $base -}}
{{- range $key, $value := $over -}}
{{- if and (kindIs "map" $value) (kindIs "map" (get $base $key)) -}}
{{- $_ := set $out $key (include "amends.merge" (list (get $base $key) $value) | fromYaml) -}}
{{- else -}}
{{- $_ := set $out $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{/* A service's whole settings. Argument: dict "root" $ "component" "intake"; gives YAML. */}}
{{- define "amends.settings" -}}
{{- include "amends.merge" (list .root.Values.defaults (get .root.Values.services .component)) -}}
{{- end -}}

{{/* How long a pod serves on at most after SIGTERM: until the connections have gone by their age. */}}
{{- define "amends.drainTimeout" -}}
{{- if kindIs "invalid" .timeoutMs -}}
{{- add (div (mul (int64 .connectionAgeMs) 11) 10) 5000 -}}
{{- else -}}
{{- int64 .timeoutMs -}}
{{- end -}}
{{- end -}}

{{/* What a pod needs to end well: the pause before SIGTERM, the drain, and 5 s for the last commit and the exit. */}}
{{- define "amends.gracePeriod" -}}
{{- $drain := .drain -}}
{{- $serve := max (int $drain.delayMs) (include "amends.drainTimeout" $drain | int) -}}
{{- $ms := add $serve (int $drain.graceMs) -}}
{{- add (int $drain.preStopSeconds) (div (add $ms 999) 1000) 5 -}}
{{- end -}}

{{/* Pod Security Standard "restricted", for the pod and for each container. */}}
{{- define "amends.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "amends.securityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop:
    - ALL
seccompProfile:
  type: RuntimeDefault
{{- end -}}
