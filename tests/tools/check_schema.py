#!/usr/bin/env python3
"""Checks a JSON file against a JSON schema: usage: check_schema.py [--lines] SCHEMA FILE

Knows the words type, enum, minimum, required, properties, additionalProperties (a schema) and items; refuses a schema with
others. With --lines each line of FILE is a value. Prints one line for each offence; exit 1 when there are any."""
import json
import sys

TYPES = {'object': dict, 'array': list, 'string': str, 'integer': int, 'boolean': bool}
WORDS = {'title', 'description', 'type', 'enum', 'minimum', 'required', 'properties', 'additionalProperties', 'items'}


def is_type(value, name):
    return isinstance(value, TYPES[name]) and not (name == 'integer' and isinstance(value, bool))


def offences(schema, value, path):
    unknown = set(schema) - WORDS
    if unknown:
        raise ValueError('%s: the schema uses %s, which is not known here' % (path, ', '.join(sorted(unknown))))
    if 'type' in schema and not is_type(value, schema['type']):
        yield '%s: %r is no %s' % (path, value, schema['type'])
        return
    if 'enum' in schema and value not in schema['enum']:
        yield '%s: %r is none of %s' % (path, value, ', '.join(schema['enum']))
    if 'minimum' in schema and value < schema['minimum']:
        yield '%s: %r is less than %d' % (path, value, schema['minimum'])
    if isinstance(value, dict):
        yield from object_offences(schema, value, path)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from offences(schema.get('items', {}), item, '%s[%d]' % (path, i))


def object_offences(schema, value, path):
    for key in schema.get('required', []):
        if key not in value:
            yield '%s: key "%s" is missing' % (path, key)
    for key, item in value.items():
        known = schema.get('properties', {})
        yield from offences(known.get(key, schema.get('additionalProperties', {})), item, '%s.%s' % (path, key))


def main():
    lines = sys.argv[1] == '--lines'
    schema_path, path = sys.argv[1 + lines:]
    with open(schema_path, encoding='utf-8') as f:
        schema = json.load(f)
    with open(path, encoding='utf-8') as f:
        values = [json.loads(text) for text in (f if lines else [f.read()])]
    found = [offence for value in values for offence in offences(schema, value, '$')]
    print(*found, sep='\n', end='\n' if found else '')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
