#!/usr/bin/python3
"""Every metric, label and word that the dashboard and the alerts use is one that there is.

usage: metrics_names.py LIST METRICS RULES DASHBOARD VERDICTS: the output of `sa-nat64 metrics --list`, OpenMetrics text, and files of the tree.
Prints what is wrong, nothing for nothing. METRICS is read by Prometheus' own parser for Python."""
import json
import re
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

listed, metrics, rules, dashboard, verdicts = (open(path, encoding='utf-8').read() for path in sys.argv[1:])

labels = {}
for name, kind, own in re.findall(r'^\| `(sa_nat64_\w+)` \| (\w+) \| ([^|]*) \|', listed, re.M):
    labels[name] = set(['node'] + re.findall(r'\w+', own))
if len(labels) < 60:
    print('only %d metrics are listed' % len(labels))

# What is printed is what is listed, with the labels that are listed; words of labels as far as they appear.
seen, words = set(), {}
for family in text_string_to_metric_families(metrics):
    if not family.documentation.endswith('.'):
        print('%s has no sentence' % family.name)
    for sample in family.samples:
        seen.add(sample.name)
        if set(sample.labels) - {'instance'} - labels.get(sample.name, set()):
            print('%s is not listed with all of %s' % (sample.name, ', '.join(sample.labels)))
        for label, value in sample.labels.items():
            words.setdefault((sample.name, label), set()).add(value)
for name in sorted(set(labels) ^ seen):
    print('%s is listed or printed, not both' % name)

reasons = set(re.findall(r'^X\([A-Z0-9_]+, "([^"]+)"', verdicts, re.M))
expressions = [t['expr'] for p in json.loads(dashboard)['panels'] for t in p.get('targets', [])]
expressions += [v['query']['query'] for v in json.loads(dashboard)['templating']['list'] if isinstance(v['query'], dict)]
legends = [t['legendFormat'] for p in json.loads(dashboard)['panels'] for t in p.get('targets', [])]
if len(expressions) < 20 or len(re.findall('alert:', rules)) < 15:
    print('dashboard or rules are not whole')
used = set()
for text in expressions + [rules]:
    for name, selector in re.findall(r'\b(sa_nat64_\w+)(?:\{([^}]*)\})?', text):
        used.add(name)
        if name not in labels:
            print('there is no %s' % name)
            continue
        for label, _, value in re.findall(r'(\w+)\s*(=~|!=|!~|=)\s*"([^"]*)"', selector):
            if label not in labels[name]:
                print('%s has no label %s' % (name, label))
            if value.startswith('$'):
                continue
            there = reasons if label == 'reason' and 'dropped' in name else words.get((name, label), set())
            for word in value.split('|'):
                if word not in there:
                    print('%s never has %s="%s"' % (name, label, word))
known = set().union(*labels.values())
for label in re.findall(r'\{\{ ?\$labels\.(\w+)', rules) + re.findall(r'\{\{(\w+)\}\}', ' '.join(legends)):
    if label not in known:
        print('a text shows the label %s, which nothing has' % label)
