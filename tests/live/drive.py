"""Fills a LiteLLM with population.json, and asks it for every name with every key.

  drive.py populate          creates what is not there; values of keys follow from their names
  drive.py ask [FILE]        the answers as a table: one line a key, one letter a name
  drive.py ask FILE KEYS.json  the same for keys of another population ({"name": "sk-..."}) and its own names

LITELLM_URL, LITELLM_MASTER_KEY and LITELLM_DB_URL say where it is. Standard library only, and psql for what the API
does not let one do.
"""
import concurrent.futures, hashlib, json, os, pathlib, subprocess, sys, urllib.error, urllib.parse, urllib.request

BASE, MASTER = os.environ["LITELLM_URL"].rstrip("/"), os.environ["LITELLM_MASTER_KEY"]
HERE = pathlib.Path(__file__).parent
POPULATION = json.loads((HERE / "population.json").read_text())


def call(method, path, body=None, key=MASTER):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + key} if key else {})}
    try:
        with urllib.request.urlopen(urllib.request.Request(BASE + path, data, headers, method=method), timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        text = error.read()
        try:
            return error.code, json.loads(text)
        except ValueError:
            return error.code, text.decode(errors="replace")


def make(path, body):
    status, answer = call("POST", path, body)
    if status >= 300 and not any(word in str(answer) for word in ("exist", "Unique", "already")):
        print("refused", status, path, json.dumps(body)[:120], str(answer)[:200], file=sys.stderr)
    return answer if isinstance(answer, dict) else {}


def sql(statement):
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", os.environ["LITELLM_DB_URL"], "-c", statement], check=True)


def literal(value):
    if isinstance(value, list):
        return "ARRAY[" + ",".join(map(literal, value)) + "]::text[]"
    if isinstance(value, bool):
        return str(value).lower()
    return "'" + str(value).replace("'", "''") + "'"


def without(body, *names):
    return {name: value for name, value in body.items() if name not in names}


def secret(name):
    return "sk-live-key-of-" + name  # LiteLLM wants 16 characters


def token(name):
    return hashlib.sha256(secret(name).encode()).hexdigest()


def populate():
    p = POPULATION
    for body in p["credentials"]:
        make("/credentials", body)
    for body in p["models"]:
        make("/model/new", body)
    for body in p["budgets"]:
        make("/budget/new", body)
    for body in p["organizations"]:
        make("/organization/new", without(body, "then_models"))
        # Since 1.102 that takes a licence.
        sql(f"""insert into "LiteLLM_BudgetTable" (budget_id, created_by, updated_by) values ({literal("of-" + body["organization_id"])}, 'live', 'live') on conflict do nothing;
            insert into "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, models, created_by, updated_by) values
            ({literal(body["organization_id"])}, {literal(body["organization_alias"])}, {literal("of-" + body["organization_id"])}, {literal(body["models"])}, 'live', 'live') on conflict do nothing""")
    for body in p["users"]:
        make("/user/new", {"auto_create_key": False, "user_role": "internal_user", **body})
    for body in p["access_groups"]:
        make("/v1/access_group", without(body, "assigned_key_names", "assigned_team_ids"))
    groups = {group["access_group_name"]: group["access_group_id"] for group in call("GET", "/v1/access_group")[1]}
    for body in p["teams"]:
        make("/team/new", {"team_alias": body["team_id"], **without(body, "groups", "blocked", "then_default_team_member_models")})
        if body.get("blocked"):
            make("/team/block", {"team_id": body["team_id"]})
        if "groups" in body:
            ids = [groups[name] for name in body["groups"]]
            sql(f'update "LiteLLM_TeamTable" set access_group_ids = {literal(ids)} where team_id = {literal(body["team_id"])}')
    for body in p["members"]:
        member = {"role": "user", "user_id": body["user_id"]}
        make("/team/member_add", {"team_id": body["team_id"], "member": [member], **({"allowed_models": body["allowed_models"]} if "allowed_models" in body else {})})
    for body in p["teams"]:
        if "then_default_team_member_models" in body:  # a default is handed to members when they join, and never again
            sql(f'update "LiteLLM_TeamTable" set default_team_member_models = {literal(body["then_default_team_member_models"])} where team_id = {literal(body["team_id"])}')
    for body in p["organizations"]:
        if "then_models" in body:  # what an organization lists is asked only when a team is made or changed
            sql(f'update "LiteLLM_OrganizationTable" set models = {literal(body["then_models"])} where organization_id = {literal(body["organization_id"])}')
    for body in p["team_models"]:  # making these by the API takes a licence; what LiteLLM cannot decrypt it reads as it stands
        info = {"id": body["id"], "team_id": body["team"], "team_public_model_name": body["public"], "access_groups": body.get("access_groups", [])}
        sql(f"""insert into "LiteLLM_ProxyModelTable" (model_id, model_name, litellm_params, model_info, created_by, updated_by) values
            ({literal(body["id"])}, {literal("model_name_" + body["team"] + "_" + body["id"])}, {literal(json.dumps(body["params"]))}::jsonb, {literal(json.dumps(info))}::jsonb, 'live', 'live')
            on conflict do nothing""")
    for body in p["projects"]:  # the same
        sql(f"""insert into "LiteLLM_ProjectTable" (project_id, project_alias, team_id, models, blocked, created_by, updated_by) values
            ({literal(body["project_id"])}, {literal(body["project_id"])}, {literal(body["team_id"])}, {literal(body["models"])}, {literal(body.get("blocked", False))}, 'live', 'live')
            on conflict do nothing""")
    for body in p["customers"]:
        make("/customer/new", body)
    for body in p["tags"]:
        make("/tag/new", body)
    for body in p["keys"]:
        wanted = without(body, "name", "groups", "sql", "as", "blocked")
        make("/key/generate", {"key": secret(body["name"]), "key_alias": body["name"], **wanted})
        if body.get("blocked"):
            make("/key/block", {"key": token(body["name"])})
        columns = dict(body.get("sql", {}))
        if "groups" in body:
            columns["access_group_ids"] = [groups[name] for name in body["groups"]]
        if columns:
            changes = ", ".join(f"{column} = {literal(value)}" for column, value in columns.items())
            sql(f'update "LiteLLM_VerificationToken" set {changes} where token = {literal(token(body["name"]))}')
    for body in p["access_groups"]:
        keys = [token(name) for name in body.get("assigned_key_names", [])]
        changes = f'assigned_team_ids = {literal(body.get("assigned_team_ids", []))}, assigned_key_ids = {literal(keys)}'
        sql(f'update "LiteLLM_AccessGroupTable" set {changes} where access_group_name = {literal(body["access_group_name"])}')


# What the proxy says, in its own words or by its own type, and the letter of it.
WORDS = [
    ("B", "Key is blocked"), ("E", "Expired Key"), ("I", "deactivated via SCIM"), ("t", "is blocked. Update via `/team/unblock`"),
    ("p", "is blocked. Update via `/project/update`"), ("R", "not allowed to call this route"), ("M", "Team member not allowed to access model"),
    ("K", "key not allowed to access model"), ("T", "team not allowed to access model"), ("U", "user not allowed to access model"),
    ("U", "User not allowed to access model"), ("P", "project not allowed to access model"), ("C", "end_user not allowed to access model"),
    ("L", "is not available for this API key"), ("C", "not in the allowed models for this customer"), ("G", "Team doesn't exist in db"), ("D", "Model is blocked"), ("D", "is currently paused"), ("N", "Invalid model name passed in"), ("N", "no healthy deployments"), ("N", "There are no healthy deployments"),
    ("N", "LLM Provider NOT provided"), ("N", "not a valid model"),
]


def ask(key, name, customer=None):
    body = {"model": name, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 5, **({"user": customer} if customer else {})}
    for route in ("/v1/chat/completions", "/chat/completions"):  # a key may be held to one spelling of the route
        status, answer = call("POST", route, body, key)
        if "not allowed to call this route" not in str(answer):
            break
    if status == 200:
        return "Y", ""
    error = (answer.get("error") or answer.get("detail") or answer) if isinstance(answer, dict) else answer
    said = error.get("message") if isinstance(error, dict) else error
    letter = next((letter for letter, words in WORDS if words in str(said)), "?")
    return letter, f"{status} {said}"


def table(keys, names):
    samples, rows = {}, []
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        asked = {key: [pool.submit(ask, value, name, customer) for name in names] for key, (value, customer) in keys.items()}
        for key, answers in asked.items():
            letters = ""
            for answer in answers:
                letter, said = answer.result()
                letters += letter
                samples.setdefault(letter if letter != "?" else said[:60], said[:160])
            rows.append({"key": key, "answers": letters})
    return {"names": names, "answers": rows, "samples": samples}


def main():
    words = sys.argv[1:]
    if words[:1] == ["populate"]:
        return populate()
    if words[:1] != ["ask"]:
        sys.exit(__doc__)
    if len(words) > 2:
        other = json.loads(pathlib.Path(words[2]).read_text())
        keys, names = {name: (value, None) for name, value in other["keys"].items()}, other["names"]
    else:
        keys = {body["name"]: (secret(body["name"]), body.get("as")) for body in POPULATION["keys"]}
        names = POPULATION["names"]
    found = table(keys, names)
    lines = [json.dumps(row, ensure_ascii=False) for row in found["answers"]]
    text = '{"names": %s,\n "samples": %s,\n "answers": [\n  %s\n]}\n' % (json.dumps(found["names"]), json.dumps(found["samples"], indent=1, ensure_ascii=False), ",\n  ".join(lines))
    pathlib.Path(words[1]).write_text(text) if len(words) > 1 else print(text)


main()
