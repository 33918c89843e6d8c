"""Proves that gql, ariadne-codegen and sgqlc ask what they are asked to, over HTTP."""

import importlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from gql import Client, gql
from gql.transport.requests import RequestsHTTPTransport
from graphql import build_schema, introspection_from_schema

base, token = sys.argv[1:]
url = f"{base}/graphql"
schema = Path(__file__).parents[2] / "schema.graphql"
headers = {"Authorization": f"Bearer {token}"}


def with_gql():
    transport = RequestsHTTPTransport(url=url, headers=headers)
    client = Client(transport=transport, fetch_schema_from_transport=True)
    query = gql("query($first: Int) { albums(first: $first) { nodes { id title releaseDate } } }")
    found = client.execute(query, variable_values={"first": 3})
    assert len(found["albums"]["nodes"]) == 3, found


def with_ariadne(folder):
    (folder / "queries.graphql").write_text(
        "query Albums($first: Int, $filter: AlbumFilter) {\n"
        "  albums(first: $first, filter: $filter) { totalCount nodes { id title artist { name } } }\n"
        "}\n"
    )
    (folder / "pyproject.toml").write_text(
        "[tool.ariadne-codegen]\n"
        f'schema_path = "{schema}"\n'
        'queries_path = "queries.graphql"\n'
        "async_client = false\n"
    )
    program = Path(sys.executable).parent / "ariadne-codegen"
    subprocess.run([program], cwd=folder, check=True, capture_output=True)
    sys.path.insert(0, str(folder))
    made = importlib.import_module("graphql_client")
    client = made.Client(url=url, headers=headers)
    found = client.albums(first=2, filter_=made.AlbumFilter(playable=True))
    assert len(found.albums.nodes) == 2 and found.albums.nodes[0].artist.name, found


def with_sgqlc(folder):
    introspection = introspection_from_schema(build_schema(schema.read_text()))
    (folder / "schema.json").write_text(json.dumps(introspection))
    program = Path(sys.executable).parent / "sgqlc-codegen"
    command = [program, "schema", "schema.json", "sgqlc_schema.py"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    made = importlib.import_module("sgqlc_schema")
    from sgqlc.endpoint.http import HTTPEndpoint
    from sgqlc.operation import Operation

    operation = Operation(made.sgqlc_schema.query_type)
    operation.albums(first=2).nodes().title()
    data = HTTPEndpoint(url, headers)(operation)
    found = operation + data
    assert len(found.albums.nodes) == 2 and found.albums.nodes[0].title, data


with tempfile.TemporaryDirectory() as name:
    with_gql()
    print("front: gql asks")
    with_ariadne(Path(name))
    print("front: ariadne-codegen generates and asks")
    with_sgqlc(Path(name))
    print("front: sgqlc generates and asks")
