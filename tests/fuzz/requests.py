"""Requests of the control protocol as seeds, by their names in proto/control.proto."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../tools'))
import fake_control

MESSAGES = fake_control.read_messages(fake_control.PROTO)
# What every daemon knows, and an empty one of each that there is.
OF_ALL = {
    'config': {'config': {}},
    'config-piece': {'config': {'offset': 9, 'generation': 1}},
    'config-behind': {'config': {'offset': 1 << 31, 'generation': 1}},
    'reload-check': {'reload': {'action': 'check'}},
    'reload-apply': {'reload': {'action': 'apply'}},
    'reload-outcome': {'reload': {'action': 'outcome'}},
    'reload-what': {'reload': {'action': 'what'}},
    'nothing': {},
}
OF_ALL.update({name: {name: {}} for name, (number, kind) in MESSAGES['Request'].items() if kind in MESSAGES})


def write(folder, own, situations):
    """A file for each request, also of those above, in each situation, which is the first byte."""
    requests = {name: dict(fields, version=1) for name, fields in dict(OF_ALL, **own).items()}
    requests['version'] = {'version': 9, 'config': {}}
    for name, fields in requests.items():
        for situation in situations:
            with open(os.path.join(folder, '%s-%d' % (name, situation)), 'wb') as f:
                f.write(bytes([situation]) + fake_control.encode(MESSAGES, 'Request', dict(fields, id=7)))
