# SPDX-License-Identifier: Apache-2.0
"""What the rendered objects must be."""

import copy
import re

import yaml

import chart
from chart import containers, deployment, environment, job, of_kind, one, pods

SECRETS = {
    "postgresql": {"existingSecret": "pg-secret", "secretKeys": {"password": "pw"}},
    "redis": {"existingSecret": "redis-secret", "user": "app"},
}


def config(objects, component):
    return one(objects, "ConfigMap", component)["data"]


def container_of(objects, component):
    (only,) = containers(deployment(objects, component)["spec"]["template"])
    return only


# -- the three services are one ---------------------------------------------------------------------------------------

def test_deployments_differ_in_data_only(helm):
    objects = helm.render(SECRETS)

    def neutral(component):
        text = yaml.safe_dump(deployment(objects, component))
        for number, word in ((f"740{1 + chart.SERVICES.index(component)}", "GRPC"),
                             (f"741{1 + chart.SERVICES.index(component)}", "ADMIN"),
                             (f"742{1 + chart.SERVICES.index(component)}", "LIVE"), (component, "SERVICE")):
            text = text.replace(number, word)
        return re.sub(r"checksum/config: \w+", "", text)
    assert neutral("intake") == neutral("assignment") == neutral("resolution")


def test_options_differ_in_addresses_only(helm):
    objects = helm.render()
    intake, assignment, resolution = (config(objects, c) for c in chart.SERVICES)
    assert intake["AMENDS_ASSIGNMENT"] == resolution["AMENDS_ASSIGNMENT"] == "demo-amends-assignment:7402"
    for index, options in enumerate((intake, assignment, resolution), 1):
        assert options.pop("AMENDS_LISTEN") == f"0.0.0.0:740{index}"
        assert options.pop("AMENDS_ADMIN") == f"0.0.0.0:741{index}"
        assert options.pop("AMENDS_LIVEZ") == f"0.0.0.0:742{index}"
        for only_of_callers in ("AMENDS_ASSIGNMENT", "AMENDS_TLS_CA"):
            options.pop(only_of_callers, None)
    assert intake == assignment == resolution


def test_a_service_overrides_defaults(helm):
    """0, false and null too, which template functions like to ignore."""
    objects = helm.render({
        "defaults": {"pdb": {"enabled": True}, "podLabels": {"a": "1"}},
        "config": {"maxQueue": 10, "maxStreams": 1000000},
        "services": {
            "intake": {"replicas": 0, "pdb": {"enabled": False}, "podLabels": {"b": "2"}, "config": {"maxQueue": 20}},
            "assignment": {"replicas": None, "drain": {"preStopSeconds": 0}},
        }})
    assert deployment(objects, "intake")["spec"]["replicas"] == 0
    assert deployment(objects, "resolution")["spec"]["replicas"] == 2
    labels = deployment(objects, "intake")["spec"]["template"]["metadata"]["labels"]
    assert labels["a"] == "1" and labels["b"] == "2"
    assert "lifecycle" not in container_of(objects, "assignment")
    assert "lifecycle" in container_of(objects, "intake")
    assert config(objects, "intake")["AMENDS_MAX_QUEUE"] == "20"
    assert config(objects, "resolution")["AMENDS_MAX_QUEUE"] == "10"
    assert config(objects, "resolution")["AMENDS_MAX_STREAMS"] == "1000000"


def test_replicas_null_is_not_rendered(helm):
    everywhere = helm.render({"defaults": {"replicas": None}})
    assert not any("replicas" in o["spec"] for o in of_kind(everywhere, "Deployment"))
    one_only = helm.render({"services": {"intake": {"replicas": None}}})
    assert "replicas" not in deployment(one_only, "intake")["spec"]


# -- refusals ---------------------------------------------------------------------------------------------------------

def test_credentials_are_asked_for(helm):
    """Unless somebody accepts otherwise, by a name that says what it means."""
    options = config(helm.render(), "intake")
    assert options["AMENDS_AUTH"] == "required"
    assert not {"AMENDS_INSECURE_PRINCIPALS", "AMENDS_INSECURE_PLAINTEXT"} & options.keys()
    for auth in ("off", "permissive"):
        message = helm.refusal({"config": {"auth": auth}})
        assert f"config.auth is {auth}" in message and "NetworkPolicy" in message, message
        options = config(helm.render({"config": {"auth": auth}, "insecurePrincipals": True}), "intake")
        assert (options["AMENDS_AUTH"], options["AMENDS_INSECURE_PRINCIPALS"]) == (auth, "true")
    assert "set config.auth" in helm.refusal({"services": {"intake": {"config": {"auth": "off"}}}})
    assert "mesh" in helm.refusal({"tls": {"existingSecret": ""}})
    assert "openssl rand" in helm.refusal({"internalKey": {"existingSecret": ""}})
    assert "migration.tenant" in helm.refusal({"migration": {"firstKey": {"existingSecret": "first"}}})
    plaintext = config(helm.render({"tls": {"existingSecret": ""}, "insecurePlaintext": True}), "intake")
    assert plaintext["AMENDS_INSECURE_PLAINTEXT"] == "true" and "AMENDS_TLS_CERT" not in plaintext


def test_values_of_the_last_release_mean_the_same(helm):
    """An upgrade must not refuse callers who have no credential yet, nor leave those who speak plaintext alone."""
    objects = helm.render(base=chart.LAST_RELEASE)
    for component in chart.SERVICES:
        options = config(objects, component)
        assert options["AMENDS_AUTH"] == "off" and options["AMENDS_INSECURE_PRINCIPALS"] == "true"
        assert options["AMENDS_INSECURE_PLAINTEXT"] == "true" and "AMENDS_TLS_CERT" not in options
        assert container_of(objects, component)["readinessProbe"]["grpc"]["service"] == ""
    steps = [{"config": {"auth": auth}, "internalKey": {"existingSecret": "internal"}} for auth in ("permissive", "required")]
    assert config(helm.render(steps[0], base=chart.LAST_RELEASE), "intake")["AMENDS_AUTH"] == "permissive"
    assert "tls.existingSecret is empty" in helm.refusal(steps[1], base=chart.LAST_RELEASE)


# -- who calls, and by what transport ---------------------------------------------------------------------------------

def mounted(objects, component):
    """{path: Secret} of a service's first container, and what of each Secret is there."""
    template = deployment(objects, component)["spec"]["template"]["spec"]
    volumes = {one["name"]: one["secret"] for one in template["volumes"] if "secret" in one}
    return {mount["mountPath"]: volumes[mount["name"]] for mount in template["containers"][0]["volumeMounts"]}


def test_files_of_tls_and_keys_are_mounted_where_options_say(helm):
    objects = helm.render({"tls": {"clientCert": "required", "clientCa": {"existingSecret": "clients"}},
                           "checkpointKey": {"existingSecret": "checkpoint"}})
    for component in chart.SERVICES:
        files = mounted(objects, component)
        for option, value in config(objects, component).items():
            if value.startswith("/etc/amends/"):
                secret = files[value.rpartition("/")[0]]
                assert secret["defaultMode"] == 0o440
                assert value.rpartition("/")[2] in [item["path"] for item in secret.get("items", [])] or "items" not in secret
        assert files["/etc/amends/tls"]["secretName"] == "tls-secret"
        assert config(objects, component)["AMENDS_TLS_CLIENT_CERT"] == "required"
    assert config(objects, "intake")["AMENDS_TLS_CA"] == "/etc/amends/tls/ca.crt"
    assert "AMENDS_TLS_CA" not in config(objects, "assignment")
    key = "/etc/amends/checkpoint-key"
    assert mounted(objects, "assignment")[key]["items"] == [{"key": "checkpoint.pem", "path": "key.pem"}]
    assert mounted(objects, "intake")[key]["items"] == [{"key": "trusted.pem", "path": "key.pem"}]
    assert key not in mounted(objects, "resolution")


def test_master_keys_and_their_database(helm):
    keys = "host=keys.data.svc dbname=keys"
    objects = helm.render({"masterKeys": {"existingSecret": "master"}, "keysPg": keys})
    for component in chart.SERVICES:
        options = config(objects, component)
        assert (options["AMENDS_MASTER_KEYS"], options["AMENDS_KEYS_PG"]) == ("/etc/amends/master-keys/master-keys", keys)
        assert mounted(objects, component)["/etc/amends/master-keys"]["secretName"] == "master"
    pod = job(objects)["spec"]["template"]["spec"]
    assert f"--keys-pg={keys}" in pod["containers"][0]["command"] and "master" not in str(pod)
    assert "masterKeys.existingSecret" in helm.refusal({"keysPg": keys})
    for secret in (keys + " password=x", "postgres://amends:x@keys/keys"):
        assert "without a password" in helm.refusal({"masterKeys": {"existingSecret": "master"}, "keysPg": secret})


def test_only_resolution_knows_the_mail_server(helm):
    objects = helm.render({"mail": {"url": "smtp://mail.example.com:587", "from": "amends@example.com", "user": "amends",
                                    "existingSecret": "smtp", "ca": {"existingSecret": "smtp-ca"}, "timeoutMs": 20000}})
    for component in chart.SERVICES:
        options = {key: value for key, value in config(objects, component).items() if "SMTP" in key or "MAIL" in key}
        mounts = {mount["name"]: mount["mountPath"] for mount in container_of(objects, component)["volumeMounts"]}
        if component != "resolution":
            assert not options and "smtp" not in mounts
            continue
        assert options == {
            "AMENDS_SMTP_URL": "smtp://mail.example.com:587", "AMENDS_MAIL_FROM": "amends@example.com",
            "AMENDS_SMTP_USER": "amends", "AMENDS_SMTP_PASSWORD_FILE": "/etc/amends/smtp/password",
            "AMENDS_SMTP_CA": "/etc/amends/smtp-ca/ca.crt", "AMENDS_SMTP_TIMEOUT_MS": "20000"}
        assert (mounts["smtp"], mounts["smtp-ca"]) == ("/etc/amends/smtp", "/etc/amends/smtp-ca")


def test_half_a_mail_server_is_refused(helm):
    good = {"url": "smtp://mail:25", "from": "a@example.com"}
    helm.render({"mail": good | {"insecure": True}})
    for change, part in (({"from": ""}, "mail.from"), ({"url": ""}, "mail.url is empty"), ({"user": "u"}, "go together"),
                         ({"existingSecret": "s"}, "go together"),
                         ({"insecure": True, "url": "smtps://mail"}, "mail.insecure goes with smtp://"),
                         ({"insecure": True, "user": "u", "existingSecret": "s"}, "mail.insecure goes with smtp://")):
        assert part in helm.refusal({"mail": good | change})


def test_the_first_key_is_the_jobs_alone(helm):
    objects = helm.render({"migration": {"tenant": "acme", "firstKey": {"existingSecret": "first", "key": "hash"}}})
    pod = job(objects)["spec"]["template"]["spec"]
    assert "--first-key-file=/etc/amends/first-key/first-key" in pod["containers"][0]["command"]
    assert [volume["secret"]["secretName"] for volume in pod["volumes"]] == ["first"]
    assert not any("first" in str(deployment(objects, component)["spec"]["template"]) for component in chart.SERVICES)


# -- the front --------------------------------------------------------------------------------------------------------

FRONT = {"front": {"enabled": True}, "tls": {"clientCert": "asked"}}


def test_the_front_stands_before_each_service(helm):
    objects = helm.render(FRONT)
    for component in chart.SERVICES:
        service, front = containers(deployment(objects, component)["spec"]["template"])
        ports = {port["name"]: port["containerPort"] for port in service["ports"]}
        (port,) = front["ports"]
        options, env = config(objects, component), environment(front)
        assert port["name"] == "grpc" and "grpc" not in ports and env["FRONT_LISTEN"] == f":{port['containerPort']}"
        assert {env[f"FRONT_{one.upper()}"] for one in chart.SERVICES} == {options["AMENDS_LISTEN"]}
        assert options["AMENDS_LISTEN"].startswith("127.0.0.1:") and options["AMENDS_TRUSTED_FRONT_LOOPBACK"] == "true"
        assert options["AMENDS_MAX_CONNECTION_AGE_MS"] == "0" and "AMENDS_TLS_CLIENT_CA" not in options
        assert env["FRONT_CLIENT_CA"] == "/etc/amends/tls/ca.crt" and env["FRONT_CLIENT_VERIFY"] == "optional"
        assert service["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "admin"}
    files = one(objects, "ConfigMap", "front")["data"]
    for name, text in files.items():
        assert text.rstrip() == (chart.ROOT / "docker" / "front" / name).read_text().rstrip(), name
    assert "front.enabled needs" in helm.refusal({**FRONT, "tls": {"existingSecret": ""}, "insecurePlaintext": True})


def test_the_services_call_each_other_past_the_front(helm):
    """It refuses what only they may call."""
    objects = helm.render(FRONT)
    options = config(objects, "assignment")
    assert options["AMENDS_TLS_LISTEN"] == "0.0.0.0:7432" and options["AMENDS_TLS_CERT"]
    assert config(objects, "intake")["AMENDS_ASSIGNMENT"] == "demo-amends-assignment:7432"
    service = one(objects, "Service", "assignment")
    assert [port["port"] for port in service["spec"]["ports"]] == [7402, 7432]
    ports = {port["name"] for container in containers(deployment(objects, "assignment")["spec"]["template"])
             for port in container["ports"]}
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


def test_the_chart_has_the_front_of_docker(_helm):
    for name in ("haproxy.cfg", "client-names.lua"):
        ours, theirs = (folder / name for folder in (chart.CHART / "files", chart.ROOT / "docker" / "front"))
        assert ours.read_text() == theirs.read_text(), f"copy {theirs} to {ours}"


def test_incomplete_stores_are_refused(helm):
    cases = [
        ({"postgresql": {"host": ""}}, "postgresql.host is empty"),
        ({"postgresql": {"secretKeys": {"user": "username"}}}, "postgresql.existingSecret"),
        ({"postgresql": {"sslmode": "verify-full"}}, "postgresql.ca"),
        ({"postgresql": {"ca": {"system": True}}}, "verify-full"),
        ({"redis": {"host": ""}}, "redis.enabled=false"),
    ]
    for values, words in cases:
        assert words in helm.refusal(values), values


def test_grace_period_covers_the_drain(helm):
    drain = {"preStopSeconds": 7, "connectionAgeMs": 20000, "graceMs": 30000}
    objects = helm.render({"defaults": {"drain": drain}})
    for component in chart.SERVICES:
        assert deployment(objects, component)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 7 + 27 + 30 + 5
        assert config(objects, component)["AMENDS_DRAIN_TIMEOUT_MS"] == "27000"
        assert config(objects, component)["AMENDS_DRAIN_GRACE_MS"] == "30000"
        assert container_of(objects, component)["lifecycle"] == {"preStop": {"sleep": {"seconds": 7}}}
    assert "intake is 68" in helm.refusal(
        {"defaults": {"drain": drain}, "services": {"intake": {"terminationGracePeriodSeconds": 68}}})


# -- the migration Job ------------------------------------------------------------------------------------------------

def test_job_has_no_hook_and_stands_alone(helm):
    objects = helm.render(SECRETS)
    assert not any("hook" in key for o in objects for key in o["metadata"].get("annotations", {}))
    pod = job(objects)["spec"]["template"]["spec"]
    assert pod.get("serviceAccountName") is None and pod["restartPolicy"] == "Never"
    (only,) = pod["containers"]
    assert only["command"] == ["/usr/local/bin/amends", "migrate"] and "envFrom" not in only
    assert {v["secret"]["secretName"] for v in pod["volumes"]} == {"pg-secret"}
    assert only["env"][:7] == container_of(objects, "intake")["env"][:7]


def test_job_is_named_by_its_spec(helm):
    def name(values):
        return job(helm.render(values))["metadata"]["name"]
    usual = name({})
    assert re.fullmatch(r"demo-amends-migrate-[0-9a-f]{10}", usual)
    for other in ({"image": {"tag": "9.9.9"}}, {"postgresql": {"host": "other"}}, {"migration": {"tenant": "acme"}},
                  {"migration": {"resources": {"limits": {"memory": "1Gi"}}}}, {"commonLabels": {"a": "b"}}):
        assert name(other) != usual, other
    for same in ({"defaults": {"replicas": 7}}, {"redis": {"host": "other"}}, {"config": {"maxQueue": 7}}):
        assert name(same) == usual, same


def test_job_can_be_left_out(helm):
    assert not of_kind(helm.render({"migration": {"enabled": False}}), "Job")
    assert job(helm.render({"migration": {"tenant": "acme"}}))["spec"]["template"]["spec"]["containers"][0]["command"][2:] \
        == ["--tenant=acme"]


# -- availability -----------------------------------------------------------------------------------------------------

def test_disruption_budget_needs_two_replicas(helm):
    def budgets(replicas):
        return len(of_kind(helm.render({"defaults": {"replicas": replicas}}), "PodDisruptionBudget"))
    assert [budgets(n) for n in (0, 1, 2, None)] == [0, 0, 3, 0]


def test_rollout_takes_nothing_away(helm):
    for o in of_kind(helm.render(), "Deployment"):
        assert o["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_probes_ask_the_right_service(helm):
    for component, port in (("intake", 9000), ("assignment", 7402), ("resolution", 7403)):
        values = {"services": {"intake": {"ports": {"grpc": 9000}}}}
        probed = container_of(helm.render(values, base=chart.LAST_RELEASE), component)
        assert probed["readinessProbe"]["grpc"] == {"port": port, "service": ""}
        # The kubelet does not speak TLS over gRPC.
        probed = container_of(helm.render(values), component)
        assert probed["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "admin"}
        for probe in ("startupProbe", "livenessProbe"):
            assert probed[probe]["httpGet"] == {"path": "/livez", "port": "live"}


def test_config_change_restarts_pods(helm):
    def checksum(values, component):
        template = deployment(helm.render(values), component)["spec"]["template"]
        return template["metadata"]["annotations"]["checksum/config"]
    changed = {"services": {"intake": {"config": {"maxQueue": 7}}}}
    assert checksum(changed, "intake") != checksum({}, "intake")
    assert checksum(changed, "resolution") == checksum({}, "resolution")


# -- network ----------------------------------------------------------------------------------------------------------

def test_services_find_exactly_their_pods(helm):
    objects = helm.render({"commonLabels": {"team": "care"}})
    labels = {name: template["metadata"]["labels"] for name, template in pods(objects)}
    for component in chart.SERVICES:
        for suffix in ("", "-headless"):
            service = one(objects, "Service", component, suffix)
            selector = service["spec"]["selector"].items()
            assert [n for n, have in labels.items() if selector <= have.items()] == [f"demo-amends-{component}"]
            ports = {p["name"]: p["containerPort"] for p in container_of(objects, component)["ports"]}
            for port in service["spec"]["ports"]:
                assert ports[port["targetPort"]] == port["port"] and port["appProtocol"] in ("grpc", "http")
        assert one(objects, "Service", component, "-headless")["spec"]["clusterIP"] == "None"
        assert not one(objects, "Service", component, "-headless")["spec"]["publishNotReadyAddresses"]
        assert "clusterIP" not in one(objects, "Service", component)["spec"]


def test_addresses_name_services_that_exist(helm):
    for mode, suffix in (("clusterip", ""), ("headless", "-headless")):
        objects = helm.render({"clientLoadBalancing": mode, "services": {"assignment": {"ports": {"grpc": 9402}}}})
        name, port = config(objects, "intake")["AMENDS_ASSIGNMENT"].split(":")
        service = one(objects, "Service", "assignment", suffix)
        assert service["metadata"]["name"] == name and int(port) in [p["port"] for p in service["spec"]["ports"]]


# -- stores and secrets -----------------------------------------------------------------------------------------------

def test_passwords_are_files(helm):
    objects = helm.render(SECRETS)
    for name, template in pods(objects):
        (only,) = containers(template)
        env = environment(only)
        mounts = {m["name"]: m for m in only["volumeMounts"]}
        assert env["AMENDS_PG_PASSWORD_FILE"] == mounts["postgresql"]["mountPath"] + "/password", name
        assert not any(key.endswith("PASSWORD") for key in env), name
        assert all(m["readOnly"] for m in mounts.values()), name
        for volume in template["spec"]["volumes"]:
            assert volume["secret"]["defaultMode"] == 0o440
            if volume["name"] in ("postgresql", "redis"):
                assert volume["secret"]["items"][0]["path"] == "password"
    assert config(objects, "intake")["AMENDS_REDIS"] == "redis://app@redis:6379/0"
    assert config(objects, "intake")["AMENDS_REDIS_PASSWORD_FILE"] == "/etc/amends/redis/password"
    assert not of_kind(objects, "Secret")


def test_connection_parts_come_from_a_secret(helm):
    keys = {"host": "host", "port": "port", "database": "dbname", "user": "username"}
    objects = helm.render({"postgresql": {"host": "", "existingSecret": "recovery-app", "secretKeys": keys}})
    env = environment(container_of(objects, "intake"))
    for variable, part in (("PGHOST", "host"), ("PGPORT", "port"), ("PGDATABASE", "database"), ("PGUSER", "user")):
        assert env[variable] == {"secretKeyRef": {"name": "recovery-app", "key": keys[part]}}


def test_without_redis_and_secrets(helm):
    objects = helm.render({"redis": {"enabled": False, "host": "", "existingSecret": "unused"}}, base={**chart.LAST_RELEASE})
    assert not any("REDIS" in key for key in config(objects, "assignment"))
    assert all("volumes" not in template["spec"] for _, template in pods(objects))


# -- pods -------------------------------------------------------------------------------------------------------------

def test_pod_security_restricted(helm):
    for file in chart.CI_VALUES:
        for name, template in pods(chart.parse(helm.template(file))):
            spec = template["spec"]
            assert spec["automountServiceAccountToken"] is False, name
            context = spec["securityContext"]
            assert context["runAsNonRoot"] and context["runAsUser"] == 65532, name
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
            assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
            for container in containers(template):
                context = container["securityContext"]
                assert context["readOnlyRootFilesystem"] and context["runAsNonRoot"], name
                assert context["allowPrivilegeEscalation"] is False and context["privileged"] is False, name
                assert context["capabilities"] == {"drop": ["ALL"]}, name
                assert container["resources"]["requests"].keys() >= {"cpu", "memory"}, name
                assert "memory" in container["resources"]["limits"], name
                assert "hostPort" not in str(container["ports"] if "ports" in container else ""), name


def test_images_of_all_containers(helm):
    def images(image, registry=""):
        objects = helm.render({"image": image, "global": {"imageRegistry": registry, "imagePullSecrets": ["a"]}})
        assert all(t["spec"]["imagePullSecrets"] == [{"name": "a"}] for _, t in pods(objects))
        (image,) = {c["image"] for _, t in pods(objects) for c in containers(t)}
        return image
    digest = "sha256:" + "ab" * 32
    assert images({}) == f"docker.io/amends/amends:{app_version()}"
    assert images({"registry": "r.io", "tag": "1"}) == "r.io/amends/amends:1"
    assert images({"registry": "r.io", "tag": "1", "digest": digest}) == f"r.io/amends/amends@{digest}"
    assert images({"registry": "r.io", "tag": "1"}, "mirror:5000") == "mirror:5000/amends/amends:1"


def test_names_stay_short_and_unique(helm):
    seen = set()
    for end in ("r", "x", "y"):
        release = end if end == "r" else f"a-release-name-of-fifty-three-characters-1234567890-{end}"
        names = {(o["kind"], o["metadata"]["name"]) for o in helm.render(release=release)}
        assert len(names) == len(helm.render(release=release)) and not names & seen
        seen |= names
    for _, name in seen:
        # Kubernetes adds 6 characters for the label of a Job's pods.
        assert len(name) <= 57 and re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name), name
    assert deployment(helm.render(release="my-amends"), "intake")["metadata"]["name"] == "my-amends-intake"


def test_selectors_never_change(helm):
    """A Deployment's selector is immutable: no version, no value that a user sets later may be in it."""
    before = helm.render()
    after = helm.render({"image": {"tag": "2"}, "commonLabels": {"a": "b"}, "defaults": {"podLabels": {"c": "d"}}})
    for component in chart.SERVICES:
        assert deployment(before, component)["spec"]["selector"] == deployment(after, component)["spec"]["selector"]


# -- agreement with the rest of the tree ------------------------------------------------------------------------------

def app_version():
    return yaml.safe_load((chart.CHART / "Chart.yaml").read_text())["appVersion"]


def test_version_is_the_programs(_helm):
    (version,) = re.findall(r"project\(amends VERSION (\S+)", (chart.ROOT / "CMakeLists.txt").read_text())
    assert app_version() == version


def test_programs_know_every_option(helm):
    """Each AMENDS_* variable that the chart can set is an option in the sources."""
    files = [p for part in ("services", "common") for p in (chart.ROOT / part).rglob("*.[ch]")]
    if not any(p.name == "main.c" for p in files):
        return  # a tree without programs
    sources = "".join(p.read_text() for p in files)
    variables = set()
    for file in chart.CI_VALUES:
        objects = chart.parse(helm.template(file))
        variables |= {key for o in of_kind(objects, "ConfigMap") for key in o["data"]}
        variables |= {key for _, t in pods(objects) for c in containers(t) for key in environment(c)}
    options = {v[len("AMENDS_"):].lower().replace("_", "-") for v in variables if v.startswith("AMENDS_")}
    unknown = sorted(o for o in options if f'"{o}"' not in sources)
    assert not unknown, f"no such options: {', '.join(unknown)}"


def test_image_has_the_programs(helm):
    collected = re.search(r'PROGRAMS="([^"]*)"', (chart.ROOT / "docker" / "collect.sh").read_text()).group(1).split()
    for name, template in pods(helm.render()):
        program = containers(template)[0]["command"][0]
        assert program.removeprefix("/usr/local/bin/") in collected, name


def test_renders_do_not_depend_on_chance(helm):
    for file in chart.CI_VALUES:
        assert helm.template(file) == helm.template(file), file.name


def test_readme_names_every_value(_helm):
    readme = (chart.CHART / "README.md").read_text()
    values = yaml.safe_load((chart.CHART / "values.yaml").read_text())

    def leaves(value, path=""):
        for key, below in value.items():
            if isinstance(below, dict) and below and not f"{path}{key}".endswith(".resources"):
                yield from leaves(below, f"{path}{key}.")
            else:
                yield path + key
    missing = [p for p in leaves(copy.deepcopy(values)) if f"`{p}`" not in readme]
    assert not missing, f"not in README.md: {', '.join(missing)}"


# -- the manual -------------------------------------------------------------------------------------------------------

MANUAL = (chart.CHART / "README.md").read_text()


def test_the_installation_of_the_manual_renders(helm):
    (command,) = re.findall(r"^helm install amends \./helm/amends((?: |\\\n)[^`]*)", MANUAL, re.MULTILINE)
    done = helm.run("template", "amends", chart.CHART, *command.replace("\\\n", " ").split())
    assert done.returncode == 0, done.stderr
    assert environment(container_of(chart.parse(done.stdout), "intake"))["PGHOST"] == "postgres.data.svc"


def test_the_values_of_the_manual_render(helm):
    examples = re.findall(r"^```yaml\n(.*?)^```$", MANUAL, re.MULTILINE | re.DOTALL)
    assert examples
    for example in examples:
        assert helm.render(yaml.safe_load(example))


# -- TLS to Redis ------------------------------------------------------------------------------------------------------

def test_redis_over_tls(helm):
    objects = helm.render({"redis": {"tls": {"enabled": True, "ca": {"existingSecret": "redis-ca"},
                                             "client": {"existingSecret": "redis-client"}}}})
    for component in chart.SERVICES:
        options = config(objects, component)
        assert options["AMENDS_REDIS"] == "rediss://redis:6379/0"
        assert options["AMENDS_REDIS_TLS_CA"] == "/etc/amends/redis-ca/ca.crt"
        assert options["AMENDS_REDIS_TLS_CERT"] == "/etc/amends/redis-client/tls.crt"
        assert options["AMENDS_REDIS_TLS_KEY"] == "/etc/amends/redis-client/tls.key"
        volumes = {one["name"]: one["secret"] for one in deployment(objects, component)["spec"]["template"]["spec"]["volumes"]}
        assert volumes["redis-ca"]["items"] == [{"key": "ca.crt", "path": "ca.crt"}]
        assert volumes["redis-client"]["secretName"] == "redis-client"
        mounts = {one["name"]: one["mountPath"] for one in container_of(objects, component)["volumeMounts"]}
        assert (mounts["redis-ca"], mounts["redis-client"]) == ("/etc/amends/redis-ca", "/etc/amends/redis-client")


def test_redis_over_tls_by_the_images_authorities(helm):
    options = config(helm.render({"redis": {"tls": {"enabled": True}}}), "intake")
    assert options["AMENDS_REDIS"].startswith("rediss://")
    assert not [name for name in options if name.startswith("AMENDS_REDIS_TLS")]


def test_files_of_tls_without_tls_are_refused(helm):
    assert "redis.tls.enabled" in helm.refusal({"redis": {"tls": {"ca": {"existingSecret": "redis-ca"}}}})


# -- who reaches the pods ----------------------------------------------------------------------------------------------

def policy(objects, component):
    return one(objects, "NetworkPolicy", component)["spec"]


def ports_of(spec):
    return [port["port"] for rule in spec["ingress"] for port in rule["ports"]]


def test_no_network_policy_unless_asked_for(helm):
    assert not of_kind(helm.render(), "NetworkPolicy")


def test_a_network_policy_lets_in_the_namespace_and_the_services(helm):
    objects = helm.render({"networkPolicy": {"enabled": True}})
    for component in chart.SERVICES:
        spec = policy(objects, component)
        assert spec["policyTypes"] == ["Ingress"]
        assert spec["podSelector"]["matchLabels"] == deployment(objects, component)["spec"]["selector"]["matchLabels"]
        assert spec["ingress"][0]["from"] == [{"podSelector": {}}]
    assert ports_of(policy(objects, "intake")) == [7401]
    assert ports_of(policy(objects, "assignment")) == [7402, 7402]
    callers = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
               for peer in policy(objects, "assignment")["ingress"][1]["from"]]
    assert callers == ["intake", "resolution"]


def test_a_network_policy_of_named_peers(helm):
    crm = {"namespaceSelector": {"matchLabels": {"team": "crm"}}}
    prometheus = {"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}
    objects = helm.render({"front": {"enabled": True}, "networkPolicy": {
        "enabled": True, "grpcFrom": [crm], "metricsFrom": [prometheus]}})
    assert policy(objects, "resolution")["ingress"][0]["from"] == [crm]
    assert policy(objects, "resolution")["ingress"][1] == {"ports": [{"port": 7413, "protocol": "TCP"}], "from": [prometheus]}
    assert ports_of(policy(objects, "assignment")) == [7402, 7432, 7412]
