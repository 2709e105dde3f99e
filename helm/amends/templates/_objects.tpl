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
