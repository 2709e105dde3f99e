{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* What a schema cannot say. Each message names the value and what to do. */}}
{{- define "amends.validate" -}}
{{- $auth := include "amends.auth" . -}}
{{- $tls := include "amends.tls" . -}}
{{- if and (ne $auth "required") (not .Values.insecurePrincipals) -}}
{{- fail (printf "config.auth is %s, but insecurePrincipals is false: callers without a credential are then believed, so whoever can reach a gRPC port acts as anyone of any tenant. Set config.auth=required, or accept it by insecurePrincipals=true and restrict who reaches these ports (NetworkPolicy, mesh)." $auth) -}}
{{- end -}}
{{- if and (not $tls) (not .Values.insecurePlaintext) (eq $auth "required") -}}
{{- fail "tls.existingSecret is empty: credentials would go through the cluster's network in plaintext. Name a Secret with tls.crt, tls.key and ca.crt (cert-manager makes such), or set insecurePlaintext=true where a mesh encrypts what goes from pod to pod." -}}
{{- end -}}
{{- if and (eq $auth "required") (not (or .Values.internalKey.existingSecret .Values.config.tlsClientMap)) -}}
{{- fail "internalKey.existingSecret is empty: with config.auth=required the services know each other by a key. Make one: kubectl create secret generic amends-internal --from-literal=internal-key=\"$(openssl rand -base64 32)\"" -}}
{{- end -}}
{{- if and .Values.migration.firstKey.existingSecret (not .Values.migration.tenant) -}}
{{- fail "migration.firstKey.existingSecret is given, but migration.tenant, whose key it is, is empty." -}}
{{- end -}}
{{- if and .Values.keysPg (not .Values.masterKeys.existingSecret) -}}
{{- fail "keysPg is given, but masterKeys.existingSecret, by which customers' keys are wrapped, is empty." -}}
{{- end -}}
{{- if regexMatch "(?i)password|://" .Values.keysPg -}}
{{- fail "keysPg must be \"host=... dbname=... user=...\" without a password: a ConfigMap holds it. The password is that of postgresql.existingSecret." -}}
{{- end -}}
{{- if and (ne .Values.tls.clientCert "none") (not $tls) -}}
{{- fail (printf "tls.clientCert is %s, but there is no TLS: give tls.existingSecret." .Values.tls.clientCert) -}}
{{- end -}}
{{- if and .Values.front.enabled (not $tls) -}}
{{- fail "front.enabled needs tls.existingSecret: the front ends TLS." -}}
{{- end -}}
{{- $mail := .Values.mail -}}
{{- if and $mail.url (not $mail.from) -}}
{{- fail "mail.url is given, but mail.from, the address that mail comes from, is empty." -}}
{{- end -}}
{{- if and (not $mail.url) (or $mail.from $mail.user $mail.existingSecret $mail.ca.existingSecret $mail.insecure) -}}
{{- fail "mail.url is empty, though other keys of mail are given: name the SMTP server." -}}
{{- end -}}
{{- if ne (empty $mail.user) (empty $mail.existingSecret) -}}
{{- fail "mail.user and mail.existingSecret, which holds the password, go together." -}}
{{- end -}}
{{- if and $mail.insecure (or $mail.user $mail.ca.existingSecret (hasPrefix "smtps:" $mail.url)) -}}
{{- fail "mail.insecure goes with smtp:// and without mail.user and mail.ca: a password must not be sent in plaintext, and a CA asks for TLS." -}}
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
{{- if and (or .Values.redis.tls.ca.existingSecret .Values.redis.tls.client.existingSecret) (not .Values.redis.tls.enabled) -}}
{{- fail "redis.tls.ca or redis.tls.client is given, but redis.tls.enabled is false: Redis would be spoken to in plaintext." -}}
{{- end -}}
{{- range $component := keys .Values.services | sortAlpha -}}
{{- if dig "config" "auth" "" (get $.Values.services $component) -}}
{{- fail (printf "services.%s.config.auth: all services ask the same of callers; set config.auth." $component) -}}
{{- end -}}
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
