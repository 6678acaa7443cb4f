#!/usr/bin/env python3
"""Writes tests/simulator/data/{azure,google,fn}.json: what the providers say that they answer, for the kinds of kinds.csv.

    python3 tools/descriptions.py SOURCES

SOURCES is a folder with
  google/NAME.json    Google API discovery documents (package google-api-python-client, Apache-2.0);
  azure/*.json        reads, models and enums of Microsoft's management packages: {provider, api-version, derived-from,
                      operations: [{method, path, api-version, response}], definitions, subtypes, enums} (MIT);
  packages/NAME       unpacked management packages whose models alone are wanted, PACKAGES says which (MIT);
  fn/swagger_v2.yml   the published description of Fn's API (Apache-2.0).

Only facts are carried over: paths, field names, types. A type is `str int float bool any`, `[T]`, `{T}` (a map),
`=A|B` (one of these), a model's name, or an object of fields. Standard library and PyYAML.
"""
import ast, csv, json, pathlib, re, sys

DATA = pathlib.Path(__file__).resolve().parent.parent / "tests/simulator/data"
# Document, package, folder of the models in it, newest version of the API that it speaks.
PACKAGES = {
    "Microsoft.AppConfiguration": ("azure_mgmt_appconfiguration", "azure/mgmt/appconfiguration/models", "2024-06-01"),
    "Microsoft.Authorization.locks": ("azure_mgmt_resource_locks", "azure/mgmt/resource/locks/models", "2020-05-01"),
    "Microsoft.Cdn": ("azure_mgmt_cdn", "azure/mgmt/cdn/models", "2026-10-01"),
    "Microsoft.Consumption": ("azure_mgmt_consumption", "azure/mgmt/consumption/models", "2024-08-01"),
    "Microsoft.ContainerRegistry": ("azure_mgmt_containerregistry", "azure/mgmt/containerregistry/models", "2025-11-01"),
    "Microsoft.DurableTask": ("azure_mgmt_durabletask", "azure/mgmt/durabletask/models", "2026-02-01"),
    "Microsoft.Management": ("azure_mgmt_managementgroups", "azure/mgmt/managementgroups/models", "2023-04-01"),
    "Microsoft.Security": ("azure_mgmt_security", "azure/mgmt/security/v2024_01_01/models", "2024-01-01"),
}
# Documented fields that the packages leave out, by document and model.
# sasAuthenticationPolicy: learn.microsoft.com/azure/logic-apps/logic-apps-securing-a-logic-app
ADDED = {
    ("Microsoft.Logic", "FlowAccessControlConfigurationPolicy"): {"sasAuthenticationPolicy": {"state": "=Disabled|Enabled"}},
}
PLAIN = {"str": "str", "int": "int", "float": "float", "bool": "bool", "long": "int", "object": "any", "Any": "any",
         "Decimal": "float"}
# Methods that read, and that no scan has a use for.
IDLE = re.compile(r"\.(listUsable|listPeeringRoutes|listPreconfigured\w+|getEffective\w*Firewalls|export\w+|getRule"
                  r"|getEffectiveSecurityPolicies|testIamPermissions|viewFullContext|getStorageLayout|getHealth|analyze\w+"
                  r"|query\w*|batchGet\w+|lintPolicy|list\w*ForDelete|iap\w*)$")
# How a listing says that it takes `-` for every location.
ANYWHERE = re.compile(r'("-"|character -) in place of (a location|\[?LOCATION_ID)')
POSTED = re.compile(r"(getIamPolicy|getAncestry|search|getEffectiveOrgPolicy)$")


def collection(path):
    """`Microsoft.Web/sites/config` of an address of the resource manager."""
    at = path.rfind("/providers/")
    if at < 0:
        return path.strip("/")
    space, *rest = path[at + len("/providers/"):].split("/")
    return "/".join([space, *rest[0::2]])


def reachable(kind, models, enums, out):
    """The type as it is written here, with every model that it leads to in `out`."""
    if kind is None:
        return "any"
    if isinstance(kind, dict):
        return {name: reachable(of, models, enums, out) for name, of in kind.items()}
    if kind[0] in "[{":
        inner = reachable(kind[1:-1], models, enums, out)
        return kind[0] + (inner if isinstance(inner, str) else "any") + kind[-1]
    if kind.startswith("enum:"):
        values = enums.get(kind[5:])
        return "=" + "|".join(str(value) for value in values) if values else "str"
    if kind in models:
        if kind not in out:
            out[kind] = {}
            out[kind].update({name: reachable(of, models, enums, out) for name, of in models[kind].items()})
        return kind
    return {"datetime": "str"}.get(kind, kind)


def widened(doc):
    """Models with the fields of everything that is derived from them: a base is answered as one of those."""
    models = {}
    for name, fields in doc["definitions"].items():
        models[name], todo = dict(fields), list(doc.get("subtypes", {}).get(name, []))
        while todo:
            child = todo.pop()
            for field, kind in doc["definitions"].get(child, {}).items():
                known = models[name].get(field)
                # Each derived model has fields of its own within `properties`.
                both = isinstance(known, dict) and isinstance(kind, dict)
                models[name][field] = {**known, **kind} if both else kind
            todo += doc.get("subtypes", {}).get(child, [])
    return models


def package(folder):
    """The models and enums of a management package, read from its sources."""
    definitions, enums, bases = {}, {}, {}
    for path in sorted(folder.glob("_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.ClassDef):
                continue
            parents = [ast.unparse(base).rsplit(".", 1)[-1] for base in node.bases]
            if "Enum" in parents:
                values = [child.value.value for child in node.body if isinstance(child, ast.Assign)]
                enums[node.name] = values
                continue
            bases[node.name], fields = parents, {}
            for child in node.body:
                if isinstance(child, ast.AnnAssign) and isinstance(child.value, ast.Call):
                    called = ast.unparse(child.value.func)
                    if called in ("rest_field", "rest_discriminator"):
                        named = [word.value.value for word in child.value.keywords if word.arg == "name"]
                        fields[named[0] if named else child.target.id] = annotated(child.annotation)
                if isinstance(child, ast.Assign) and ast.unparse(child.targets[0]) == "_attribute_map":
                    for entry in ast.literal_eval(child.value).values():
                        place, *way = fields, *re.split(r"(?<!\\)\.", entry["key"])
                        for step in way[:-1]:
                            place = place.setdefault(step, {})
                        place[way[-1].replace("\\.", ".")] = mapped(entry["type"])
            definitions[node.name] = fields
    def whole(name):
        fields = {}
        for parent in bases.get(name, []):
            fields.update(whole(parent))
        return {**fields, **definitions.get(name, {})}
    subtypes = {}
    for name, parents in bases.items():
        for parent in parents:
            if parent in definitions:
                subtypes.setdefault(parent, []).append(name)
    # Tracked and plain resources are bases of everything; only a base that is told apart by a field is widened.
    told = {name for name in subtypes if discriminates(folder, name)}
    return ({name: {field: named_enum(of, enums) for field, of in whole(name).items()} for name in definitions},
            {name: of for name, of in subtypes.items() if name in told}, enums)


def discriminates(folder, name):
    """True where a field says which of several models an object is."""
    for path in folder.glob("_models*.py"):
        text = path.read_text(encoding="utf-8")
        found = re.search(r"^class %s\(.*?(?=^class |\Z)" % re.escape(name), text, re.M | re.S)
        if found and ("rest_discriminator" in found.group(0) or "_subtype_map" in found.group(0)):
            return True
    return False


def named_enum(kind, enums):
    if isinstance(kind, dict):
        return {name: named_enum(of, enums) for name, of in kind.items()}
    bare = kind.strip("[]{}")
    return kind.replace(bare, "enum:" + bare) if bare in enums else kind


def annotated(node):
    """The type that an annotation says."""
    text = ast.unparse(node) if not isinstance(node, ast.Constant) else node.value
    if isinstance(node, ast.Constant):
        node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.Subscript):
        outer = ast.unparse(node.value).rsplit(".", 1)[-1]
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer in ("Optional", "ClassVar"):
            return annotated(inner[0])
        if outer in ("list", "List"):
            return "[%s]" % annotated(inner[0])
        if outer in ("dict", "Dict"):
            return "{%s}" % annotated(inner[1])
        if outer == "Union":
            models = [annotated(one) for one in inner]
            return next((one for one in models if one not in PLAIN), models[0])
        if outer == "Literal":
            return "str"
        return "any"
    text = ast.unparse(node).rsplit(".", 1)[-1].strip("'\"")
    return PLAIN.get(text, "str" if text in ("datetime", "timedelta", "date", "time", "bytes") else text)


def mapped(kind):
    """The type that an attribute map says."""
    if kind[0] in "[{":
        return kind[0] + mapped(kind[1:-1]) + kind[-1]
    return PLAIN.get(kind, "str" if kind in ("iso-8601", "duration", "date", "rfc-1123", "base64", "bytearray") else kind)


def azure(sources, rows):
    documents = []
    carried = {}
    for path in sorted((sources / "azure").glob("*.json")):
        doc = json.loads(path.read_text(encoding="utf-8"))
        carried[doc["provider"]] = doc
    names = list(dict.fromkeys(row["document"] for row in rows))
    for name in names:
        mine = [row for row in rows if row["document"] == name]
        if name in PACKAGES:
            pack, folder, version = PACKAGES[name]
            root = next((sources / "packages").glob(pack + "*"))
            definitions, subtypes, enums = package(root / folder)
            doc = {"definitions": definitions, "subtypes": subtypes, "enums": enums, "api-version": version,
                   "derived-from": "PyPI package " + distribution(root)}
        else:
            doc = carried[name]
        models, out, reads = widened(doc), {}, []
        wanted = {row["collection"].lower() for row in mine if not row["path"]}
        for read in doc.get("operations", []):
            # An export is the same address with another answer.
            if read["response"] and collection(read["path"]).lower() in wanted and "xport" not in read["op"]:
                reads.append([read["method"], read["path"], reachable(read["response"], models, doc["enums"], out)])
        for row in mine:
            if row["path"]:
                assert row["model"].strip("[]") in models, row
                reads.append(["GET", row["path"], reachable(row["model"], models, doc["enums"], out)])
        for (document, model), fields in ADDED.items():
            if document == name:
                out[model].update(fields)
        missing = wanted - {collection(path).lower() for _, path, _ in reads}
        assert not missing, (name, missing)
        documents.append({"name": name, "version": doc["api-version"], "source": doc["derived-from"],
                          "reads": reads, "models": out})
    return documents


def distribution(root):
    found = list(root.glob("*.dist-info"))
    return found[0].name.removesuffix(".dist-info").replace("_", "-") + " (MIT)" if found else root.name


def discovered(schema):
    """The type that a schema of a discovery document says."""
    if "$ref" in schema:
        return schema["$ref"]
    kind = schema.get("type")
    if kind == "array":
        inner = discovered(schema["items"])
        return "[%s]" % inner if isinstance(inner, str) else "[any]"
    if kind == "object" or "properties" in schema:
        if "additionalProperties" in schema:
            inner = discovered(schema["additionalProperties"])
            return "{%s}" % inner if isinstance(inner, str) else "{any}"
        if "properties" in schema:
            return {name: discovered(of) for name, of in schema["properties"].items()}
        return "any"
    if kind == "string" and schema.get("enum"):
        return "=" + "|".join(schema["enum"])
    return {"string": "str", "boolean": "bool", "integer": "int", "number": "float"}.get(kind, "any")


def google(sources, rows):
    documents = []
    for name in dict.fromkeys(row["document"] for row in rows):
        doc = json.loads((sources / "google" / (name + ".json")).read_text(encoding="utf-8"))
        models = {key: discovered(schema) for key, schema in doc["schemas"].items()}
        wanted = {row["collection"] for row in rows if row["document"] == name}
        out, reads = {}, []
        for method in methods(doc):
            verb, identifier = method["httpMethod"], method["id"]
            answer = method.get("response", {}).get("$ref")
            if identifier.rsplit(".", 1)[0] not in wanted or not answer or IDLE.search(identifier):
                continue
            if verb != "GET" and not (verb == "POST" and POSTED.search(identifier)):
                continue
            path = "/" + (doc.get("servicePath", "") + (method.get("flatPath") or method["path"])).lstrip("/")
            path = re.sub(r"\{\+?(\w+)\}", r"{\1}", path)
            if isinstance(models[answer], dict):
                kind = reachable(answer, {key: of for key, of in models.items() if isinstance(of, dict)}, {}, out)
            else:
                kind = models[answer]
            asked = sorted(key for key, of in method.get("parameters", {}).items() if of["location"] == "query")
            parents = [of.get("description", "") for of in method.get("parameters", {}).values() if of["location"] == "path"]
            anywhere = [True] if any(ANYWHERE.search(parent) for parent in parents) else []
            reads.append([verb, path, kind, identifier, asked] + anywhere)
        missing = wanted - {read[3].rsplit(".", 1)[0] for read in reads}
        assert not missing, (name, missing)
        documents.append({"name": name, "version": doc["revision"], "host": doc["rootUrl"].split("/")[2],
                          "source": "discovery document in PyPI package google-api-python-client-2.202.0 (Apache-2.0)",
                          "reads": reads, "models": out})
    return documents


def methods(doc):
    todo = [doc]
    while todo:
        place = todo.pop(0)
        yield from place.get("methods", {}).values()
        todo += place.get("resources", {}).values()


def fn(sources, rows):
    import yaml
    doc = yaml.safe_load((sources / "fn/swagger_v2.yml").read_text(encoding="utf-8"))
    def kind(schema):
        if "$ref" in schema:
            return schema["$ref"].rsplit("/", 1)[-1]
        if schema.get("type") == "array":
            return "[%s]" % kind(schema["items"])
        if "additionalProperties" in schema:
            inner = schema["additionalProperties"]
            return "{%s}" % ("any" if inner is True or not inner.get("type") else kind(inner))
        if "properties" in schema:
            return {name: kind(of) for name, of in schema["properties"].items()}
        return {"string": "str", "integer": "int", "boolean": "bool", "number": "float"}.get(schema.get("type"), "any")
    models = {name: kind(schema) for name, schema in doc["definitions"].items()}
    models = {name: fields for name, fields in models.items() if isinstance(fields, dict)}
    out, reads = {}, []
    for path, verbs in doc["paths"].items():
        if "get" in verbs and path.split("/")[1] in {row["collection"] for row in rows}:
            answer = kind(verbs["get"]["responses"][200]["schema"])
            asked = [one["name"] if "name" in one else doc["parameters"][one["$ref"].rsplit("/", 1)[-1]]["name"]
                     for one in verbs["get"].get("parameters", [])]
            asked = sorted(name for name in asked if "{%s}" % name not in path)
            reads.append(["GET", doc["basePath"] + path, reachable(answer, models, {}, out),
                          verbs["get"]["operationId"], asked])
    return [{"name": "swagger_v2", "version": doc["info"]["version"], "reads": reads, "models": out,
             "source": "docs/swagger_v2.yml of repository fnproject/fn (Apache-2.0)"}]


def written(documents):
    """JSON with a read or a model to a line, so that a change of one is a change of one line."""
    short = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    parts = []
    for doc in documents:
        head = {key: value for key, value in doc.items() if key not in ("reads", "models")}
        reads = ",\n".join(short(read) for read in doc["reads"])
        models = ",\n".join("%s:%s" % (short(key), short(doc["models"][key])) for key in sorted(doc["models"]))
        parts.append('%s,\n"reads":[\n%s],\n"models":{\n%s}}' % (short(head)[:-1], reads, models))
    return "[\n" + ",\n".join(parts) + "\n]\n"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sources = pathlib.Path(sys.argv[1])
    with open(DATA / "kinds.csv", encoding="utf-8", newline="") as file:
        rows = [{key: value or "" for key, value in row.items()} for row in csv.DictReader(file)]
    for name, read in (("azure", azure), ("google", google), ("fn", fn)):
        documents = read(sources, [row for row in rows if row["provider"] == name])
        (DATA / (name + ".json")).write_text(written(documents), encoding="utf-8")


if __name__ == "__main__":
    main()
