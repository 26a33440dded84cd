#!/usr/bin/env python3
"""Whether collectors were sent what stands in the JSON lines: usage: ipfix_compare.py PCAP JSON

tshark takes the messages in PCAP apart. The records of each transport are made JSON lines again, by the observation domain's name and
the meaning of each information element, and have to be the lines of JSON in their order. Sequence numbers and lengths of messages are
checked, and so is that every event stands there that the file has to have: --events NAME,NAME. Prints what differs, and exits 1."""
import argparse
import datetime
import json
import subprocess
import sys
import xml.etree.ElementTree as ET

MESSAGE_MAX = 1352
EVENTS = {3: 'addresses-exhausted', 6: 'session-begin', 7: 'session-end', 10: 'binding-begin', 11: 'binding-end',
          12: 'ports-exhausted', 16: 'block-begin', 17: 'block-end'}
MARKS = {1: 'pool4-high-watermark', 2: 'pool4-low-watermark', 3: 'sessions-high-watermark'}
QUOTAS = {1: 'session-limit', 3: 'host-limit', 5: 'fragment-limit'}
PROTOCOLS = {1: 'icmp', 6: 'tcp', 17: 'udp'}
NUMBERS = {'srcport': 'host6_port', 'post_naptsource_transport_port': 'pool4_port', 'port_range_start': 'port_min',
           'port_range_end': 'port_max', 'dstport': 'remote4_port', 'max_session_entries': 'limit',
           'max_entries_per_user': 'limit', 'addresspool_highthreshold': 'limit', 'addresspool_lowthreshold': 'limit',
           'addressport_mapping_highthreshold': 'limit', 'max_fragments_pending_reassembly': 'limit', 'flows': 'restored'}
TEXTS = {'srcaddrv6': 'host6', 'post_natsource_ipv4_address': 'pool4', 'dstaddrv6': 'remote6',
         'post_natdestination_ipv4_address': 'remote4', 'srcaddr': 'remote4'}
KNOWN = {'observation_time_milliseconds', 'nat_event', 'nat_quota_exceeded_event', 'nat_threshold_event', 'protocol', 'nat_instanceid', 'nat_pool_id',
         'post_naptdestination_transport_port', 'od_id', 'observation_domain_name', 'notsent_flows'}
TEMPLATE_SETS = {2, 3}


def line_of(flow, names, domain):
    """A record as the JSON line that says the same; None for one about losses."""
    unknown = set(flow) - set(NUMBERS) - set(TEXTS) - KNOWN
    assert not unknown, f'unknown elements {unknown}'
    number = {name: int(field.get('value'), 16) for name, field in flow.items()
              if name not in TEXTS and name != 'observation_domain_name'}
    assert number['nat_instanceid'] == domain >> 4, 'natInstanceID is not that of the domain'
    if 'observation_domain_name' in flow:
        assert number['od_id'] == domain, 'scope is another domain'
        names[domain] = flow['observation_domain_name'].get('show')
    if 'notsent_flows' in flow:
        return None
    ms = number['observation_time_milliseconds']
    node, instance = names[domain].split('/')
    line = {'time': datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S') + f'.{ms % 1000:03}Z',
            'instance': instance, 'node': node}
    if 'flows' in flow:
        line['event'] = 'start'
    elif number['nat_event'] == 13:
        line['event'] = QUOTAS[number['nat_quota_exceeded_event']]
    elif number['nat_event'] == 18:
        line['event'] = MARKS[number['nat_threshold_event']]
    else:
        line['event'] = EVENTS[number['nat_event']]
    if 'protocol' in number:
        line['protocol'] = PROTOCOLS[number['protocol']]
    if 'dstport' in number:
        assert number['dstport'] == number['post_naptdestination_transport_port'], 'the destination port changes'
    line.update({key: number[name] for name, key in NUMBERS.items() if name in number})
    line.update({key: flow[name].get('show') for name, key in TEXTS.items() if name in flow})
    return line


def flows_of(message):
    """The records of a message, each {name of the element: field}."""
    for fieldset in message.findall('field'):
        ids = [int(field.get('show')) for field in fieldset.findall('field') if field.get('name') == 'cflow.flowset_id']
        if not ids or ids[0] in TEMPLATE_SETS:
            continue
        for flow in fieldset.findall('field'):
            if (flow.get('show') or '').startswith('Flow '):
                yield {field.get('name').removeprefix('cflow.'): field for field in flow.findall('field')}


def head(message, name):
    return int(next(field for field in message.findall('field') if field.get('name') == f'cflow.{name}').get('show'))


def read_capture(path):
    """{transport: [line]} of all messages; one connection a transport."""
    pdml = subprocess.run(['tshark', '-r', path, '-T', 'pdml', '-Y', 'cflow'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True).stdout
    lines, names, sequence = {'tcp': [], 'udp': []}, {}, {'tcp': 0, 'udp': 0}
    for packet in ET.fromstring(pdml):
        protocols = [proto.get('name') for proto in packet.findall('proto')]
        transport = 'tcp' if 'tcp' in protocols else 'udp'
        assert '_ws.malformed' not in protocols, 'tshark finds a message malformed'
        for message in packet.findall('proto'):
            if message.get('name') != 'cflow':
                continue
            flows = list(flows_of(message))
            assert head(message, 'len') <= MESSAGE_MAX, 'a message is too long'
            assert head(message, 'sequence') == sequence[transport], f'{transport}: the sequence number is not {sequence[transport]}'
            sequence[transport] += len(flows)
            made = [line_of(flow, names, head(message, 'od_id')) for flow in flows]
            lines[transport] += [line for line in made if line]
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('pcap')
    parser.add_argument('json')
    parser.add_argument('--events', default='')
    options = parser.parse_args()
    with open(options.json, encoding='utf-8') as f:
        expected = [json.loads(line) for line in f]
    missing = set(filter(None, options.events.split(','))) - {line['event'] for line in expected}
    if missing:
        sys.exit(f'the file has no {sorted(missing)}')
    for transport, lines in read_capture(options.pcap).items():
        for place, (line, wanted) in enumerate(zip(lines, expected)):
            if line != wanted:
                sys.exit(f'{transport}: record {place} is\n{line}\nbut the file has\n{wanted}')
        if len(lines) != len(expected):
            sys.exit(f'{transport}: {len(lines)} records, but the file has {len(expected)} lines')
    print(f'{len(expected)} records agree')


if __name__ == '__main__':
    main()
