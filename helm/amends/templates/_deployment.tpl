{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* The Deployment of every service. Argument: dict "root" $ "component" "intake" "settings" (the merged ones). */}}
{{- define "amends.deployment" -}}
{{- $root := .root -}}
{{- $s := .settings -}}
{{- $name := printf "%s-%s" (include "amends.fullname" $root) .component -}}
{{- $ctx := dict "root" $root "component" .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "amends.labels" $ctx | nindent 4 }}
spec:
  {{- if not (kindIs "invalid" $s.replicas) }}
  replicas: {{ int $s.replicas }}
  {{- end }}
  minReadySeconds: {{ int $s.minReadySeconds }}
  revisionHistoryLimit: {{ int $s.revisionHistoryLimit }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  selector:
    matchLabels:
      {{- include "amends.selectorLabels" $ctx | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "amends.podLabels" $ctx | nindent 8 }}
        {{- with $s.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/config: {{ include "amends.config" . | sha256sum }}
        {{- if $root.Values.metrics.scrapeAnnotations }}
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ int $s.ports.admin | quote }}
        prometheus.io/path: /metrics
        {{- end }}
        {{- with $s.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- with include "amends.imagePullSecrets" $root }}
      {{- . | nindent 6 }}
      {{- end }}
      serviceAccountName: {{ $name }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ default (include "amends.gracePeriod" $s | int) $s.terminationGracePeriodSeconds | int }}
      securityContext:
        {{- include "amends.podSecurityContext" $root | nindent 8 }}
      containers:
        - name: {{ .component }}
          image: {{ include "amends.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command:
            - /usr/local/bin/amends-{{ .component }}
          envFrom:
            - configMapRef:
                name: {{ $name }}
          env:
            {{- include "amends.postgresql.env" $root | trim | nindent 12 }}
            {{- with $s.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            {{- if not $root.Values.front.enabled }}
            - name: grpc
              containerPort: {{ int $s.ports.grpc }}
              protocol: TCP
            {{- else if eq .component "assignment" }}
            - name: route
              containerPort: {{ int $root.Values.front.routePort }}
              protocol: TCP
            {{- end }}
            - name: admin
              containerPort: {{ int $s.ports.admin }}
              protocol: TCP
            - name: live
              containerPort: {{ int $s.ports.live }}
              protocol: TCP
          {{- include "amends.probes" (dict "settings" $s "http" (include "amends.tls" $root)) | trim | nindent 10 }}
          {{- if gt (int $s.drain.preStopSeconds) 0 }}
          lifecycle:
            preStop:
              sleep:
                seconds: {{ int $s.drain.preStopSeconds }}
          {{- end }}
          resources:
            {{- toYaml $s.resources | nindent 12 }}
          securityContext:
            {{- include "amends.securityContext" $root | nindent 12 }}
          {{- with include "amends.mounts" (dict "root" $root "component" .component "redis" true "extra" $s.extraVolumeMounts) | trim }}
          volumeMounts:
            {{- . | nindent 12 }}
          {{- end }}
        {{- if $root.Values.front.enabled }}
        {{- include "amends.front.container" (dict "root" $root "settings" $s) | nindent 8 }}
        {{- end }}
      {{- with include "amends.volumes" (dict "root" $root "component" .component "redis" true "extra" $s.extraVolumes) | trim }}
      volumes:
        {{- . | nindent 8 }}
      {{- end }}
      {{- with include "amends.topologySpread" (dict "mode" $s.topologySpread "context" $ctx) }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- with include "amends.scheduling" $s | trim }}
      {{- . | nindent 6 }}
      {{- end }}
{{- end -}}

{{/*
Startup and liveness ask for /livez, which only says that the loop turns: a database that is away must not restart pods. It has
a listener of its own, so that neither a flood of calls nor one of requests for metrics does.
Readiness asks for the server as a whole: schema, database, clock, not draining. The kubelet's gRPC probe does not speak TLS,
so with TLS it asks /readyz, which says the same. Argument: dict "settings" "http" (not "": over HTTP).
*/}}
{{- define "amends.probes" -}}
{{- $s := .settings -}}
{{- $http := .http -}}
{{- range $probe := list "startup" "readiness" "liveness" }}
{{- $timing := get $s.probes $probe }}
{{ $probe }}Probe:
  {{- if and (eq $probe "readiness") $http }}
  httpGet:
    path: /readyz
    port: admin
  {{- else if eq $probe "readiness" }}
  grpc:
    port: {{ int $s.ports.grpc }}
    service: ""
  {{- else }}
  httpGet:
    path: /livez
    port: live
  {{- end }}
  periodSeconds: {{ int $timing.periodSeconds }}
  timeoutSeconds: {{ int $timing.timeoutSeconds }}
  failureThreshold: {{ int $timing.failureThreshold }}
{{- end }}
{{- end -}}

{{/* Argument: dict "root" $ "component" "intake" "redis" bool "extra" list. */}}
{{- define "amends.mounts" -}}
{{- include "amends.postgresql.mounts" .root -}}
{{- if .redis }}{{ include "amends.redis.mounts" .root }}{{ end -}}
{{- include "amends.security.mounts" . -}}
{{- with .extra }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "amends.volumes" -}}
{{- include "amends.postgresql.volumes" .root -}}
{{- if .redis }}{{ include "amends.redis.volumes" .root }}{{ end -}}
{{- include "amends.security.volumes" . -}}
{{- with .extra }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The hash label keeps pods of the old and the new revision from being counted together during a rollout. */}}
{{- define "amends.topologySpread" -}}
{{- if ne .mode "none" -}}
{{- $whenUnsatisfiable := ternary "DoNotSchedule" "ScheduleAnyway" (eq .mode "required") -}}
topologySpreadConstraints:
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "amends.selectorLabels" $.context | nindent 8 }}
    matchLabelKeys:
      - pod-template-hash
{{- end }}
{{- end -}}
{{- end -}}

{{- define "amends.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}
