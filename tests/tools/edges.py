#!/usr/bin/env python3
"""What the commands of sa-nat64 do when something is wrong around them: edges.py BINDIR

Each row of ROWS is run with all programs well, then with each program that it asks at fault in each way of FAULTS, then with an
output that nobody takes. It has to end within two seconds, say which program it is and what, exit as docs/operations.md has it,
and print nothing that looks whole; its JSON has to be that of proto/NAME.schema.json. Lint wants a row for each command of
cli/commands.def. Prints "ok NAME" or "FAIL NAME" for each row."""
import concurrent.futures
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_schema
import fake_control

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
REPLIES = os.path.join(ROOT, 'tests/golden/cli/replies')
SECONDS = 2.0
TRIES = 5
WRONG = ('--nonsense', 'superfluous')
AT_ONCE = 12  # most of them wait
NOBODY = 65534
CONFIG, ASK = ['-c', 'edges.conf'], ['-r', 'run', '-i', 'lower']

TRANSLATOR, SYNCD, HEALTHD = 'lower/control.sock', 'syncd.sock', 'healthd.sock'
NAMED = {TRANSLATOR: 'lower', SYNCD: 'sync', HEALTHD: 'healthd'}
BOX = (TRANSLATOR, SYNCD, HEALTHD)


class Row:
    """A command line; whom it asks; what it exits with when one of them fails; the schema of its JSON, which is that of its
    command unless said. A stream goes on by itself behind its first reply. A judge shows what is at fault as a finding of its
    own, so that its output is whole. One that waits begins something that may take long, with its second request."""

    def __init__(self, line, asks=(), failed=1, denied=1, usage=2, schema=None, stream=False, judge=False,
                 waits=False):
        self.name, self.command = line, line.split()[0]
        self.words = CONFIG + (ASK if asks else []) + line.split()
        self.asks, self.stream, self.judge, self.waits = asks, stream, judge, waits
        self.failed, self.denied, self.usage = failed, denied, usage
        self.schema = schema or self.command


ROWS = [
    Row('status', BOX),
    Row('top --batch 1 --interval 0.2', BOX),
    Row('check --warning 97 --critical 98', BOX, failed=2, denied=3, usage=3, judge=True),
    Row('health', (HEALTHD,)),
    Row('drain --wait 0', (HEALTHD,)),
    Row('undrain --wait 0', (HEALTHD,), schema='drain'),
    Row('stats', (TRANSLATOR,)),
    Row('metrics', BOX, failed=0, denied=0, judge=True),
    Row('sessions', (TRANSLATOR,)),
    Row('sessions --count', (TRANSLATOR,), schema='counts'),
    Row('bib', (TRANSLATOR,)),
    Row('bib --count', (TRANSLATOR,), schema='counts'),
    Row('bib add tcp [2001:db8:7::81]:80 198.51.100.1:80', (TRANSLATOR,), schema='bib-change'),
    Row('bib remove tcp 198.51.100.1:80', (TRANSLATOR,), schema='bib-change'),
    Row('pool4', (TRANSLATOR,)),
    Row('pool4 --addresses', (TRANSLATOR,)),
    Row('capabilities', (TRANSLATOR,)),
    Row('who 198.51.100.1:4096', (TRANSLATOR,)),
    Row('who 198.51.100.7:40123 --at @1795269785 --log sessions.json'),
    Row('explain --from 2001:db8::5 --to 64:ff9b::1.2.3.4 --tcp 4000:443', (TRANSLATOR,)),
    Row('trace --limit 1', (TRANSLATOR,), stream=True),
    Row('peers', (SYNCD,)),
    Row('resync', (SYNCD,)),
    Row('config', (TRANSLATOR,)),
    Row('reload --dry-run', (TRANSLATOR,)),
    Row('reload', (TRANSLATOR,), waits=True),
    Row('frr-config --node gw-a'),
    Row('dns64 unbound -i lower'),
    Row('pref64 networkd -i lower'),
    Row('import-jool jool.json'),
    Row('import-tayga tayga.conf'),
    Row('sync-key --check sync.key'),
]

# ---- the programs, played ----

MESSAGES = fake_control.read_messages(fake_control.PROTO)
CURSORS = {name: MESSAGES[kind]['cursor'][0] for name, (number, kind) in MESSAGES['Request'].items()
           if 'cursor' in MESSAGES.get(kind, ())}
REQUESTS = {number: name for name, (number, kind) in MESSAGES['Request'].items() if kind in MESSAGES}
TCP = {'proto': 'tcp', 'state': 'ESTABLISHED', 'host': '20010db8' + '0' * 23 + '5', 'host_port': 4000, 'pool4': 'c6336401',
       'pool4_port': 4096, 'remote': '01020304', 'remote_port': 443, 'remote6': '0064ff9b' + '0' * 16 + '01020304'}
POOL4 = {'pool4': 'c6336401', 'pool4_length': 32, 'port_min': 1024, 'port_max': 65535, 'ports': {'tcp': 10}, 'used': {'tcp': 5}}
VERDICT = {'name': 'translated', 'count': 1, 'source': 'RFC 7915', 'sentence': 'It was translated.'}
PACKET = {'source': TCP['host'], 'destination': TCP['remote6'], 'protocol': 6, 'length': 60, 'ttl': 64, 'has_ports': True}
EVENT = {'time_us': 1, 'direction': '6to4', 'verdict': VERDICT, 'path': 'slow', 'in': PACKET}


def column_page(wanted, **more):
    """A page with the row TCP, of columns as SessionsReply and BibReply have them."""
    page = {key: [value] if isinstance(value, int) else value for key, value in TCP.items() if key in wanted}
    return dict(page, words=[TCP['proto'], TCP['state']], proto='00', count=1, **more)


def sessions_page(**more):
    return {'sessions': dict(column_page(TCP), state='01', expires_us=[60000000], idle_us=[0], **more)}


def bib_page(**more):
    return {'bib': column_page(('host', 'host_port', 'pool4', 'pool4_port'), static='01', sessions=[1], **more)}


def well_replies():
    """{request: the replies to it, in turn; the last one again and again}"""
    replies = {
        'stats': [{'stats': {'uptime_us': 1000000, 'verdicts': [VERDICT]}}],
        'sessions': [sessions_page(next_cursor=5), sessions_page()],
        'bib': [bib_page(next_cursor=5), bib_page()],
        'bib_change': [{'bib_change': {'sessions_ended': 3, 'unfinished': True}}, {'bib_change': {}}],
        'pool4': [{'pool4': {'mode': 'nat64', 'rows': [POOL4], 'next_cursor': 5}}, {'pool4': {'mode': 'nat64', 'rows': [POOL4]}}],
        'capabilities': [{'capabilities': {'version': '1.0', 'node': 'gw-a', 'rows': [
            {'name': 'max-sessions', 'source': 'sa-nat64', 'number': 10, 'meaning': 'sessions'}]}}],
        'who': [{'who': {'served': True, 'node': 'gw-a', 'rows': [
            {'proto': 'tcp', 'kind': 'binding', 'host': TCP['host'], 'host_port': 4000, 'sessions': 1}]}}],
        'explain': [{'explain': {'steps': ['It is IPv6.'], 'verdict': VERDICT, 'path': 'slow', 'packets': [PACKET]}}],
        'trace': [{'trace': {}}, {'trace': {'events': [EVENT]}}],
    }
    for name in ('lower', 'peers-well', 'health-well', 'resync', 'drain-done'):
        with open('%s/%s.json' % (REPLIES, name), encoding='utf-8') as f:
            for reply in json.load(f):
                replies.setdefault(*[key for key in reply], [reply])
    text = b'[instance lower]\npool4 = 198.51.100.1\n'
    replies['config'] = [{'config': {'text': text[:20].hex(), 'next_offset': 20, 'generation': 1}},
                         {'config': {'text': text[20:].hex(), 'generation': 1}}]
    replies['reload'] = [{'reload': {'outcome': 'reloaded', 'generation': 1}}]
    return replies


WELL = well_replies()


def identified(reply, request_id, version=1):
    return fake_control.encode(MESSAGES, 'Reply', dict(reply, version=version, id=request_id))


def not_advancing(reply, request_id, asked):
    """The same page, or so it seems; nothing to be said by one that has no pages."""
    body = next(iter(reply))
    if 'next_cursor' not in MESSAGES[MESSAGES['Reply'][body][1]]:
        return identified(WELL['resync' if body != 'resync' else 'stats'][0], request_id)
    return identified({body: dict(reply[body], next_cursor=asked)}, request_id)


OTHER = [{'resync': {}}, {'stats': {}}]

# What is sent instead of a reply: None for nothing, b'' for the end of the connection. The words are in what the command says.
NOT_OURS = 'of this release'
FAULTS = {
    'silent': ('no answer', lambda reply, number, asked: None),
    'closes': ('closed', lambda reply, number, asked: b''),
    'garbage': (NOT_OURS, lambda reply, number, asked: bytes(range(255, 0, -1))),
    'half a reply': (NOT_OURS, lambda reply, number, asked: identified(reply, number)[:-3]),
    'too long a reply': ('too long', lambda reply, number, asked: bytes(65537)),
    'answer to another': (NOT_OURS, lambda reply, number, asked: identified(reply, number + 1)),
    'answer of another kind': (NOT_OURS, lambda reply, number, asked: identified(OTHER[next(iter(reply)) == 'resync'], number)),
    'another version': (NOT_OURS, lambda reply, number, asked: identified(reply, number, version=2)),
    'refuses': ('it is raining', lambda reply, number, asked: identified({'error': 'it is raining'}, number)),
    'pages without end': (NOT_OURS, not_advancing),
}
# Without anybody there.
ABSENT = {'absent': 'not running', 'left behind': 'not running', 'denied': 'permission denied', 'takes no connection': 'no answer'}


class Played:
    """A program that answers, and from its Nth reply on (0 is the first) is at fault."""

    def __init__(self, path, fault=None, from_reply=0, stream=False):
        self.fault, self.from_reply, self.stream = fault, from_reply, stream
        self.was_at_fault = False
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.server.bind(path)
        self.server.listen()
        os.chmod(path, 0o666)
        self.connections = []
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def accept(self):
        while True:
            try:
                connection = self.server.accept()[0]
            except OSError:
                return
            server = threading.Thread(target=self.serve, args=(connection,), daemon=True)
            self.connections.append((connection, server))
            server.start()

    def serve(self, connection):
        said, turns = 0, {}
        try:
            while True:
                request = connection.recv(65536)
                if not request:
                    return
                name, asked = read_request(request)
                number = fake_control.request_id(request)
                for _ in range(2 if name == 'trace' else 1):
                    replies = WELL.get(name) or [{'error': 'it is not known here'}]
                    reply = replies[min(turns.get(name, 0), len(replies) - 1)]
                    turns[name] = turns.get(name, 0) + 1
                    if not self.say(connection, reply, number, asked, said):
                        return
                    said += 1
        except (OSError, ValueError):
            return

    def say(self, connection, reply, number, asked, said):
        message = identified(reply, number)
        if self.fault and said >= self.from_reply:
            self.was_at_fault = True
            message = self.fault(reply, number, asked)
        if message is None:
            return True
        if message == b'':
            connection.close()
            return False
        connection.send(message)
        return True

    def close(self):
        """A thread that still had the number of a closed descriptor would answer in the place of who gets it next."""
        self.server.shutdown(socket.SHUT_RDWR)
        self.acceptor.join()
        self.server.close()
        for connection, server in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has ended already
                pass
            server.join()
            connection.close()


def read_varint(data, place):
    number = shift = 0
    while True:
        number |= (data[place] & 127) << shift
        place, shift = place + 1, shift + 7
        if data[place - 1] < 128:
            return number, place


def read_request(data):
    """The name of the request and, of a list, the cursor that it asks for."""
    place, name, body = 0, None, b''
    while place < len(data):
        tag, place = read_varint(data, place)
        number, after = read_varint(data, place)
        if tag & 7 == fake_control.BYTES:
            name, body = REQUESTS.get(tag >> 3), data[after:after + number]
            after += number
        place = after
    if name is None:
        raise ValueError('no request')
    return name, cursor_of(body, CURSORS[name]) if name in CURSORS else 0


def cursor_of(body, field):
    place = 0
    while place < len(body):
        tag, place = read_varint(body, place)
        number, after = read_varint(body, place)
        if tag == field << 3:
            return number
        place = after + (number if tag & 7 == fake_control.BYTES else 0)
    return 0


# ---- runs ----

def beside_starts(seconds):
    """What a run took; when that is late, without what the machine, with all else that it does, needs for starts just now."""
    if seconds > SECONDS:
        began = time.monotonic()
        subprocess.run([os.path.abspath('sa-nat64'), '--version'], stdout=subprocess.DEVNULL, check=True)
        seconds -= 3 * (time.monotonic() - began)
    return seconds


class Run:
    """One run of a row: in a folder of its own, with programs of its own."""

    def __init__(self, row, options, culprit=None, absent=None, fault=None, from_reply=0):
        self.row, self.options, self.culprit = row, options, culprit
        self.name = ' '.join([row.name] + options)
        self.place = tempfile.mkdtemp(dir='.')
        os.makedirs(self.place + '/run/lower')
        for name in os.listdir('.'):
            if os.path.isfile(name):
                os.symlink('../' + name, '%s/%s' % (self.place, name))
        self.played = {path: Played('%s/run/%s' % (self.place, path)) for path in BOX if path != culprit}
        self.absent = absent
        if absent == 'left behind':
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).bind('%s/run/%s' % (self.place, culprit))
        elif absent == 'takes no connection':
            self.stopped = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.stopped.bind('%s/run/%s' % (self.place, culprit))
            self.stopped.listen(0)
        elif culprit and absent != 'absent':
            self.played[culprit] = Played('%s/run/%s' % (self.place, culprit), fault, from_reply, row.stream)
        if absent == 'denied':
            os.chmod('%s/run/%s' % (self.place, culprit), 0o600)

    def was_at_fault(self):
        return self.absent or self.played[self.culprit].was_at_fault

    def go(self, **streams):
        identity = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} if self.absent == 'denied' else {}
        os.chmod(self.place, 0o755)
        began = time.monotonic()
        done = subprocess.run([os.path.abspath('sa-nat64')] + self.row.words + self.options, cwd=self.place,
                              stdin=subprocess.DEVNULL, timeout=120, check=False,
                              **{'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, **streams}, **identity)
        self.seconds = beside_starts(time.monotonic() - began)
        self.status = done.returncode
        self.out = (done.stdout or b'').decode()
        self.said = (done.stderr or b'').decode()
        self.all = re.sub(r'\s+', ' ', self.out + ' ' + self.said)
        for played in self.played.values():
            played.close()
        return self


def only_complains(status, *words):
    """The judge of a run that must not get as far as to ask somebody."""
    def judge(run):
        yield from no_crash(run)
        if run.status != status:
            yield 'exits with %d, not %d' % (run.status, status)
        if run.out and not run.row.judge:
            yield 'prints ' + run.out
        yield from ('does not say "%s": %s' % (word, run.all) for word in words if word not in run.all)
    return judge


def no_crash(run):
    if run.status < 0 or re.search(r'Sanitizer|runtime error|Assertion', run.said):
        yield 'ends by signal %d: %s' % (-run.status, run.said)
    if run.seconds > SECONDS:
        yield 'takes %.2f s' % run.seconds


def json_faults(run):
    """What is wrong with its JSON. Yields sentences; the values are in run.values then."""
    run.values = []
    if '--json' not in run.options or not run.out:
        return
    path = 'proto/%s.schema.json' % run.row.schema
    if not os.path.exists('%s/%s' % (ROOT, path)):
        yield 'there is no %s' % path
        return
    with open('%s/%s' % (ROOT, path), encoding='utf-8') as f:
        schema = json.load(f)
    for text in run.out.splitlines() if run.row.stream else [run.out]:
        try:
            run.values.append(json.loads(text))
        except ValueError as error:
            yield 'prints what is no JSON: %s: %s' % (error, text)
            return
        yield from check_schema.offences(schema, run.values[-1], '$')


def complaints_of_good(run):
    yield from no_crash(run)
    yield from json_faults(run)
    if run.status != 0:
        yield 'exits with %d, not 0' % run.status
    if run.said and run.row.asks and not run.row.stream:
        yield 'complains: ' + run.said
    if not run.out:
        yield 'prints nothing'
    if any(value.get('incomplete') for value in run.values):
        yield 'calls what is whole incomplete'


def complaints_of_bad(run, words):
    row = run.row
    yield from no_crash(run)
    yield from json_faults(run)
    wanted = row.denied if run.absent == 'denied' else row.failed
    if run.status != wanted:
        yield 'exits with %d, not %d' % (run.status, wanted)
    if NAMED[run.culprit] not in run.all:
        yield 'does not name %s' % NAMED[run.culprit]
    if words not in run.all:
        yield 'does not say "%s"' % words
    if not row.judge and not row.stream and not all(value.get('incomplete') and value['missing'] for value in run.values):
        yield 'prints JSON that looks whole'


def bad_run(row, options, culprit, words, **fault):
    run = Run(row, options, culprit, **fault).go()
    if not run.was_at_fault():
        return run, complaints_of_good
    return run, lambda run: complaints_of_bad(run, words)


def jobs_of(row, formats):
    """Functions that return a name, a run and who judges it."""
    def add(what, function, *arguments, **more):
        jobs.append((what, lambda: function(*arguments, **more)))

    jobs = []
    for options in formats:
        add('all well', lambda options=options: (Run(row, options).go(), complaints_of_good))
        for culprit in row.asks:
            for absent, words in ABSENT.items():
                add('%s %s' % (culprit, absent), bad_run, row, options, culprit, words, absent=absent)
            for name, (words, fault) in FAULTS.items():
                for from_reply in (0, 1):
                    if from_reply and (name == 'silent' and (row.stream or row.waits) or options != formats[-1]):
                        continue  # a trace may be silent, and so may a translator that reloads
                    if not from_reply and name == 'pages without end':
                        continue  # the first page may end anywhere
                    add('%s %s from reply %d' % (culprit, name, from_reply), bad_run, row, options, culprit, words, fault=fault,
                        from_reply=from_reply)
        for wrong in WRONG:
            add('wrong arguments', lambda wrong: (Run(row, [wrong]).go(), only_complains(row.usage, wrong)), wrong)
        if row.asks:
            add('no configuration', lambda: (Run(row, ['-c', 'nowhere']).go(), only_complains(row.usage, 'nowhere')))
        add('a full disk', full_disk, row, options)
        add('a reader that has gone', reader_gone, row, options)
        add('closed descriptors', closed, row, options)
    return jobs


def complaints_of_unwritten(run):
    yield from no_crash(run)
    if run.status != 1:
        yield 'exits with %d, not 1' % run.status
    if 'cannot write the output: ' not in run.said:
        yield 'does not say that the output is lost: ' + run.said


def full_disk(row, options):
    with open('/dev/full', 'wb') as full:
        return Run(row, options).go(stdout=full), complaints_of_unwritten


def reader_gone(row, options):
    def judge(run):
        if run.status not in (1, -13):
            yield from complaints_of_unwritten(run)

    reading, writing = os.pipe()
    os.close(reading)
    run = Run(row, options)
    try:
        return run.go(stdout=writing), judge
    finally:
        os.close(writing)


def closed(row, options):
    """What is opened next must not become the standard output."""
    run = Run(row, options)
    program = os.path.abspath('sa-nat64')
    shell = 'exec "$@" <&- >&-'
    began = time.monotonic()
    done = subprocess.run(['sh', '-c', shell, 'sh', program] + row.words + options, cwd=run.place, timeout=120, check=False,
                          stderr=subprocess.PIPE)
    run.seconds, run.status, run.out, run.said = beside_starts(time.monotonic() - began), done.returncode, '', done.stderr.decode()
    for played in run.played.values():
        played.close()
    return run, complaints_of_unwritten


# ---- the whole ----

def prepare(bindir):
    shutil.copy(bindir + '/sa-nat64', 'sa-nat64')
    with open(ROOT + '/tests/golden/cli/health.conf', encoding='utf-8') as f:
        config = f.read().replace('DIRECTORY', os.getcwd())
    with open('edges.conf', 'w', encoding='utf-8') as f:
        f.write(config)
    with open('sync.key', 'w', encoding='utf-8') as f:
        f.write('0' * 63 + '1\n')
    os.chmod('sync.key', 0o600)
    shutil.copy(ROOT + '/tests/golden/import/jool-typical.json', 'jool.json')
    shutil.copy(ROOT + '/tests/golden/import/tayga-map.conf', 'tayga.conf')
    with open('sessions.json', 'w', encoding='utf-8') as f:
        for node in ('gw-a', 'gw-b', 'gw-c'):
            f.write(json.dumps({'time': '2026-11-21T14:00:00Z', 'event': 'start', 'instance': 'lower', 'node': node,
                                'restored': 0}) + '\n')


def takes_json(row):
    text = subprocess.run(['./sa-nat64', row.command, '--help'], capture_output=True, text=True, check=True).stdout
    return '--json' in text


def verdict(name, faults):
    print('FAIL %s' % name if faults else 'ok %s' % name)
    for fault in faults:
        print('     ' + fault.replace('\n', '\n     '))
    sys.stdout.flush()


def in_time(run, judge, job):
    """The run, and again, alone, when it was late, for all those at once made the machine busy; others may do so, too: the fastest
    counts."""
    for _ in range(TRIES):
        if run.seconds <= SECONDS:
            break
        run, judge = job()
    return run, judge


def main():
    bindir = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)
        os.chdir(work)
        prepare(bindir)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            started = []
            for row in ROWS:
                formats = [[], ['--json']] if takes_json(row) else [[]]
                started.append((row, [(what, job, pool.submit(job)) for what, job in jobs_of(row, formats)]))
        for row, jobs in started:
            faults = []
            for what, job, done in jobs:
                run, judge = done.result()
                run, judge = in_time(run, judge, job)
                faults += ['%s: %s: %s' % (run.name, what, fault) for fault in judge(run)]
            verdict(re.sub('[^a-z0-9]+', '-', row.name), faults)
        os.chdir('/')


if __name__ == '__main__':
    main()
