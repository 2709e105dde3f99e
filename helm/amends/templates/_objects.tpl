{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* The smaller objects every service has. Argument: dict "root" $ "component" "intake" "settings" (the merged ones). */}}

{{- define "amends.metadata" -}}
metadata:
  name: {{ include "amends.fullname" .root }}-{{ .component }}{{ .suffix | default "" }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "amends.labels" . | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "amends.configMap" -}}
apiVersion: v1
kind: ConfigMap
{{ include "amends.metadata" . }}
data:
  {{- include "amends.config" . | nindent 2 }}
{{- end -}}

{{- define "amends.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
{{ include "amends.metadata" (merge (dict "annotations" .settings.serviceAccountAnnotations) .) }}
automountServiceAccountToken: false
{{- end -}}

{{/*
Two Services for one set of pods: a virtual address, and (headless) every ready pod's address for clients that spread their
calls themselves and for Prometheus. Unready pods are in neither.
*/}}
{{- define "amends.service" -}}
{{- $headless := .headless -}}
apiVersion: v1
kind: Service
{{ include "amends.metadata" (merge (dict "annotations" .settings.serviceAnnotations "suffix" (ternary "-headless" "" $headless)) .) }}
spec:
  type: ClusterIP
  {{- if $headless }}
  clusterIP: None
  publishNotReadyAddresses: false
  {{- end }}
  selector:
    {{- include "amends.selectorLabels" . | nindent 4 }}
  ports:
    - name: grpc
      port: {{ int .settings.ports.grpc }}
      targetPort: grpc
      protocol: TCP
      appProtocol: grpc
    {{- if and .root.Values.front.enabled (eq .component "assignment") }}
    - name: route
      port: {{ int .root.Values.front.routePort }}
      targetPort: route
      protocol: TCP
      appProtocol: grpc
    {{- end }}
    {{- if $headless }}
    - name: admin
      port: {{ int .settings.ports.admin }}
      targetPort: admin
      protocol: TCP
      appProtocol: http
    {{- end }}
{{- end -}}

{{/*
Who may reach the pods. Only traffic into them is restricted: what they reach (PostgreSQL, Redis, DNS, the identity provider) is
not known here. Probes come from the node, which network plugins let through. The services of this release always reach
assignment.
*/}}
{{- define "amends.networkPolicy" -}}
{{- $p := .root.Values.networkPolicy -}}
{{- $route := ternary .root.Values.front.routePort .settings.ports.grpc .root.Values.front.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
{{ include "amends.metadata" . }}
spec:
  podSelector:
    matchLabels:
      {{- include "amends.selectorLabels" . | nindent 6 }}
  policyTypes:
    - Ingress
  ingress:
    - ports:
        - port: {{ int .settings.ports.grpc }}
          protocol: TCP
      from:
        {{- if $p.grpcFrom }}
        {{- toYaml $p.grpcFrom | nindent 8 }}
        {{- else }}
        - podSelector: {}
        {{- end }}
    {{- if eq .component "assignment" }}
    - ports:
        - port: {{ int $route }}
          protocol: TCP
      from:
        {{- range $caller := list "intake" "resolution" }}
        - podSelector:
            matchLabels:
              {{- include "amends.selectorLabels" (dict "root" $.root "component" $caller) | nindent 14 }}
        {{- end }}
    {{- end }}
    {{- with $p.metricsFrom }}
    - ports:
        - port: {{ int $.settings.ports.admin }}
          protocol: TCP
      from:
        {{- toYaml . | nindent 8 }}
    {{- end }}
{{- end -}}

{{/* With one replica a budget would only block node drains. */}}
{{- define "amends.pdb" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "amends.metadata" . }}
spec:
  maxUnavailable: {{ .settings.pdb.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "amends.selectorLabels" . | nindent 6 }}
{{- end -}}
