#!/usr/bin/env python3
"""Runs everything that checks this tree and counts it: what `make check` does once its packages are there.

usage: check.py [--list] [--only REGEX] [--fuzz-seconds N] [--seeds N | --seed N]

Parts, in order: lint, build, unit, sim, vectors, golden, examples, asan, fuzz, blackbox, scenario. What has to run stands
in the build.mk lists, so a test that is listed but missing fails instead of vanishing. One line per test, the output of
failures only; the whole output of each program is kept in build/check/. The last line is "N passed, N failed", with
", N skipped" when something was skipped. Exit 1 when anything failed, or when nothing ran."""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
LOGS = 'build/check'
TAIL = 60
SKIPPED = 77
SIM_SHARE = 50
LIMIT = 600  # seconds that a test may take: several times what the longest needs on a machine with nothing else to do
VECTORS = ('tests/vectors/vectors.json', 'tests/vectors/more.json')
# The same for all, whatever the caller's shell has: messages and their order, the time of day, no colours, no service manager.
ENVIRONMENT = {'LC_ALL': 'C.UTF-8', 'LANGUAGE': '', 'TZ': 'UTC'}
NOT_INHERITED = ('NO_COLOR', 'NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'LISTEN_PID', 'LISTEN_FDS', 'GREP_OPTIONS',
                 'CDPATH', 'BASH_ENV', 'ENV')
SANITIZE = {'ASAN_OPTIONS': 'abort_on_error=0:detect_stack_use_after_return=1:strict_string_checks=1',
            'UBSAN_OPTIONS': 'print_stacktrace=1:halt_on_error=1'}


class Report:
    """Counts and prints; used by several threads at once."""

    def __init__(self):
        self.count = {'ok': 0, 'FAIL': 0, 'skip': 0}
        self.failed = []
        self.lock = threading.Lock()

    def add(self, word, name, text=''):
        with self.lock:
            self.count[word] += 1
            if word == 'FAIL':
                self.failed.append(name)
            print('%-4s %s' % (word, name) + (': ' + text if word == 'skip' and text else ''))
            if word == 'FAIL' and text:
                print('\n'.join('     | ' + line for line in text.rstrip().split('\n')))
            sys.stdout.flush()

    def summary(self, started):
        if self.failed:
            print('failed: ' + ' '.join(self.failed))
        seconds = int(time.monotonic() - started)
        print('took %d min %02d s; logs in %s/' % (seconds // 60, seconds % 60, LOGS))
        line = '%d passed, %d failed' % (self.count['ok'], self.count['FAIL'])
        print(line + (', %d skipped' % self.count['skip'] if self.count['skip'] else ''), flush=True)


class Test:
    """One program to run. judge(report, test, exit code, output) counts what it said. Those that
    mostly wait run one after the other beside the rest."""

    def __init__(self, name, command, judge, timeout=LIMIT, env=None, needs=(), root=False, log=None, waits=False):
        self.name, self.command, self.judge, self.timeout = name, command, judge, timeout
        self.env, self.needs, self.root, self.waits = env or {}, needs, root, waits
        self.log = '%s/%s.log' % (LOGS, (log or name).replace('/', '-'))

    def run(self, report):
        missing = [p for p in self.needs if not os.path.exists(p)]
        if missing:
            return report.add('FAIL', self.name, 'missing: ' + ' '.join(missing))
        if self.root and os.geteuid() != 0:
            return report.add('skip', self.name, 'needs root')
        with open(self.log, 'w') as out:
            process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                       env=dict(os.environ, **self.env), start_new_session=True)
            code = self.wait(process)
        with open(self.log, errors='replace') as done:
            text = done.read()
        if code is None:
            return report.add('FAIL', self.name, tail(text) + '\nno end after %d s, killed' % self.timeout)
        self.judge(report, self, code, text)

    def wait(self, process):
        """The exit code, or None when the time ran out. Whatever the test left running is ended with it."""
        try:
            code = process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            code = None
            end_group(process.pid, signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                pass
        except BaseException:
            end_group(process.pid, signal.SIGTERM)
            raise
        end_group(process.pid, signal.SIGKILL)
        process.wait()
        return code


def end_group(pid, number):
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        pass


def tail(text):
    lines = text.rstrip().split('\n')
    return '\n'.join(['...'] * (len(lines) > TAIL) + lines[-TAIL:])


def ended(code):
    return 'ended by signal %d' % -code if code < 0 else 'exit code %d' % code


def by_exit(report, test, code, text):
    """One test: 0 passed, 77 skipped, anything else failed."""
    if code == SKIPPED:
        report.add('skip', test.name, text.rstrip().split('\n')[-1])
    else:
        report.add('FAIL' if code else 'ok', test.name, tail(text + '\n' + ended(code)) if code else '')


def by_tap(report, test, code, text):
    """cmocka's TAP: one test for each function; a plan that was not finished is a failure too."""
    planned = sum(int(n) for n in re.findall(r'^1\.\.(\d+)', text, re.M))
    rows = re.findall(r'^(not ok|ok) \d+ (?:- |(# SKIP) )(\S+).*((?:\n# .*)*)', text, re.M)
    for word, skip, name, detail in rows:
        what = 'skip' if skip else 'ok' if word == 'ok' else 'FAIL'
        report.add(what, '%s/%s' % (test.name, name), detail.strip() if what != 'ok' else '')
    explained = any(r[0] != 'ok' and not r[1] for r in rows)
    if len(rows) < planned or not rows or (code != 0 and not explained):
        report.add('FAIL', test.name, '%s\n%s after %d of %d tests' % (tail(text), ended(code), len(rows), planned))


def by_lines(expected=None):
    """Lines "ok NAME ...", "FAIL NAME ...", "skip NAME ...", lines indented below belong to them.
    With a list of expected names each of them must have been judged."""
    def judge(report, test, code, text):
        seen, failed = set(), False
        for word, name, rest in re.findall(r'^(ok|FAIL|skip) +(\S+)(.*(?:\n[ \t]+.*)*)', text, re.M):
            seen.add(name)
            failed |= word == 'FAIL'
            report.add(word, '%s/%s' % (test.name, name), rest.strip())
        for name in [n for n in expected or [] if n not in seen]:
            failed = True
            report.add('FAIL', '%s/%s' % (test.name, name), 'did not run\n' + tail(text))
        if not seen or (code != 0 and not failed):
            report.add('FAIL', test.name, tail(text) + '\n' + ended(code))
    return judge


def make_list(name):
    return subprocess.run(['make', '-s', 'print-' + name], capture_output=True, text=True, check=True).stdout.split()


def make(name, *targets, timeout=4 * LIMIT):
    return Test(name, ['make', '-j2', '--no-print-directory'] + list(targets), by_exit, timeout)


def vector_ids(path):
    with open(path) as f:
        return [v['id'] for v in json.load(f)['vectors']]


def unit_tests(prefix, out, env):
    env = dict(env, CMOCKA_MESSAGE_OUTPUT='TAP')
    return [Test('%s/%s' % (prefix, n), ['%s/unit/%s' % (out, n)], by_tap, env=env, needs=['%s/unit/%s' % (out, n)])
            for n in make_list('unit-tests')]


def vector_tests(name, out, env):
    return [Test(name, [out + '/vectors', path], by_lines(vector_ids(path)), env=env, needs=[out + '/vectors'],
                 log='%s-%s' % (name, os.path.basename(path))) for path in VECTORS]


def golden_tests(prefix, folder, env):
    return [Test('%s/%s' % (prefix, n), ['tests/golden/%s.sh' % n, folder], by_lines(), env=env, needs=['tests/golden/%s.sh' % n])
            for n in make_list('golden-tests')]


def example_tests():
    program = 'build/sa-nat64-translator'
    return [Test('examples/' + os.path.basename(f), [program, '--check-config', '--config', f], by_exit,
                 needs=[program]) for f in sorted(glob.glob('docs/examples/*.conf'))]


def install_test():
    script = ('set -e; root=$(mktemp -d); trap "rm -rf $root" EXIT; '
              'make --no-print-directory install DESTDIR=$root PREFIX=/usr; '
              '$root/usr/sbin/sa-nat64-translator --version; $root/usr/sbin/sa-nat64-syncd --version; '
              '$root/usr/bin/sa-nat64 --version; '
              'test -s $root/usr/share/doc/sa-nat64/examples/single-box.conf')
    return Test('build/install', ['bash', '-c', script], by_exit)


def package_tests():
    return [make('build/deb', 'deb'), Test('package', ['tests/tools/package.sh'], by_lines())]


def sim_tests(prefix, out, first, count, env):
    """The seeds in shares, so that several run at a time."""
    tests = []
    share = max(1, min(SIM_SHARE, -(-count // 2)))
    for name in make_list('simulations'):
        program = '%s/sim/%s' % (out, name)
        for start in range(first, first + count, share):
            size = min(share, first + count - start)
            tests.append(Test('%s/%s' % (prefix, name), [program, str(start), str(size)], by_lines(), LIMIT + 4 * size, env,
                              [program], log='%s-%s-%d' % (prefix, name, start)))
    return tests


def fuzz_tests(seconds):
    return [Test('fuzz/' + n, ['tests/tools/fuzz.sh', '--seconds', str(seconds), '--seed', '1', n], by_exit, seconds + LIMIT,
                 needs=['build/fuzz/' + n]) for n in make_list('fuzzers')]


def blackbox_tests(name, fast_path, shares):
    program = 'build/sa-nat64-translator'
    tests = []
    for path in VECTORS:
        for share in range(shares):
            ids = [i for i in vector_ids(path) if int(i[1:]) % shares == share]
            tests.append(Test(name, ['tests/vectors/replay.py', '-v', '--bin', 'build', '--file', path, '--every',
                                     '%d:%d' % (shares, share), '--fast-path', fast_path], by_lines(ids),
                              needs=[program], root=True, log='%s-%s-%d' % (name, os.path.basename(path), share)))
    return tests


def scenario_tests():
    tests = []
    for name in make_list('scenarios'):
        path = 'tests/scenario/%s.sh' % name
        text = ''
        if os.path.exists(path):
            with open(path) as f:
                text = f.read()
        limit = re.search(r'^# timeout: (\d+)$', text, re.M)
        tests.append(Test('scenario/' + name, [path], by_exit, int(limit.group(1)) if limit else LIMIT,
                          needs=[path, 'build/sa-nat64-translator'], root=True,
                          waits=re.search('^# mostly waits$', text, re.M) is not None))
    return tests


def parts(options):
    """(jobs at a time, tests) in the order in which they run."""
    lint = subprocess.run(['tests/tools/lint.py', '--list'], capture_output=True, text=True, check=True).stdout.split()
    yield 1, [make('build/generated', 'generated')]
    yield 2, [Test('lint/' + n, ['tests/tools/lint.py', n], by_exit) for n in lint]
    yield 1, [make('build/release', 'build', 'unit', 'vectors', 'bench-programs', 'simulations'), install_test()]
    yield 1, package_tests()
    yield 2, unit_tests('unit', 'build/release', {})
    yield 2, sim_tests('sim', 'build/release', options.seed or 1, 1 if options.seed else options.seeds, {})
    yield 1, vector_tests('vectors', 'build/release', {})
    yield 2, golden_tests('golden', 'build', {}) + example_tests()
    yield 1, [make('build/asan', 'VARIANT=asan', 'tests')]
    yield 2, unit_tests('asan', 'build/asan', SANITIZE) + sim_tests('asan/sim', 'build/asan', 1, 20, SANITIZE)
    yield 1, vector_tests('asan/vectors', 'build/asan', SANITIZE)
    yield 2, golden_tests('asan/golden', 'build/asan', SANITIZE)
    yield 1, [make('build/fuzz', 'VARIANT=fuzz', 'fuzzers')]
    yield 2, fuzz_tests(options.fuzz_seconds)
    yield 4, blackbox_tests('blackbox', 'off', 4) + blackbox_tests('blackbox-fast', 'on', 4)
    yield 2, scenario_tests()


def run_part(report, jobs, tests):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool, concurrent.futures.ThreadPoolExecutor(1) as waiting:
        running = [(waiting if t.waits else pool).submit(t.run, report) for t in tests]
        try:
            for future in running:
                future.result()
        except BaseException:
            for future in running:
                future.cancel()
            raise


def main():
    parser = argparse.ArgumentParser(description='Run all checks of the tree.')
    parser.add_argument('--list', action='store_true', help='print the names only')
    parser.add_argument('--only', default='', help='run only what matches; what is not built yet fails')
    parser.add_argument('--fuzz-seconds', type=int, default=9, help='for each fuzzer (9)')
    parser.add_argument('--seeds', type=int, default=2000, help='simulated histories of replication (2000)')
    parser.add_argument('--seed', type=int, help='only this one')
    options = parser.parse_args()
    os.chdir(ROOT)
    os.umask(0o022)
    os.environ.update(ENVIRONMENT)
    for name in NOT_INHERITED:
        os.environ.pop(name, None)
    os.makedirs(LOGS, exist_ok=True)
    report, started = Report(), time.monotonic()
    for jobs, tests in parts(options):
        tests = [t for t in tests if re.search(options.only, t.name)]
        if options.list:
            print(*[t.name for t in tests], sep='\n')
        else:
            run_part(report, jobs, tests)
    if options.list:
        return 0
    report.summary(started)
    return 1 if report.count['FAIL'] or not report.count['ok'] else 0


if __name__ == '__main__':
    sys.exit(main())
