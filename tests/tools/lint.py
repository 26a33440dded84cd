#!/usr/bin/env python3
"""Rules of the source tree that a compiler does not know.

usage: lint.py [CHECK...]      without arguments: all of them; --list names them

Each check prints "ok NAME", or "FAIL NAME" with one "file:line: message" for each offence. Exit 1 on any failure."""
import concurrent.futures
import os
import re
import statistics
import subprocess
import sys

PROGRAMS = ('translator', 'cli', 'syncd', 'healthd', 'netns')
SHARED = ('lib', 'proto')
FOLDERS = PROGRAMS + SHARED + ('systemd', 'tests')
COLUMNS = 100
FILE_LINES = 800
FILE_MEDIAN = 300
FUNCTION_LINES = 120
FUNCTION_MEDIAN = 20

BANNED = {
    'strcpy': 'snprintf with a checked result', 'strcat': 'snprintf with a checked result',
    'strncpy': 'snprintf or memcpy', 'strncat': 'snprintf', 'sprintf': 'snprintf', 'vsprintf': 'vsnprintf',
    'gets': 'fgets', 'atoi': 'a strtoul with checks', 'atol': 'a strtoul with checks', 'atoll': 'a strtoul with checks',
    'atof': 'strtod with checks', 'strtok': 'strsep or a cursor', 'alloca': 'a bounded array', 'system': 'posix_spawn',
    'popen': 'posix_spawn', 'tmpnam': 'mkstemp', 'mktemp': 'mkstemp', 'rand': 'randombytes_uniform',
    'random': 'randombytes_uniform', 'srand': 'randombytes_uniform', 'inet_ntoa': 'address4_format',
    'inet_addr': 'address4_parse', 'gethostbyname': 'address4_parse', 'localtime': 'localtime_r', 'gmtime': 'gmtime_r',
    'asctime': 'strftime', 'ctime': 'strftime', 'scanf': 'a checked parser', 'sscanf': 'a checked parser',
    'longjmp': 'a returned error',
}
# What the pure core must not know: devices, sockets, files, clocks, processes, the event loop.
CORE_BANNED = re.compile(r'^(sys/(socket|ioctl|epoll|timerfd|un|stat)\.h|linux/(if_tun|if|bpf|rtnetlink)\.h|'
                         r'net/if\.h|unistd\.h|fcntl\.h|time\.h|poll\.h|pthread\.h|signal\.h|netlink/.*|'
                         r'systemd/.*|bpf/.*)$')
GREP_Q_IN_PIPE = re.compile(r'[^|]\|\s*grep\s+(-\w+\s+)*-\w*q')
BANNED_NAMES = ('util', 'utils', 'common', 'misc', 'helper', 'helpers', 'types')


def make_list(name):
    out = subprocess.run(['make', '-s', 'print-' + name], capture_output=True, text=True, check=True).stdout
    return out.split()


def tracked():
    """Files that belong to the tree: tracked, or new and not ignored; those deleted on disk left out.
    An unpacked archive has no git: everything outside build/ then."""
    run = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], capture_output=True, text=True)
    if run.returncode == 0:
        return [f for f in run.stdout.splitlines() if os.path.isfile(f)]
    found = [os.path.join(folder, f)[2:] for folder, _, files in os.walk('.') for f in files]
    return sorted(f for f in found if f.split('/')[0] not in ('build', '.git') and '__pycache__' not in f)


def c_files(*suffixes):
    return [f for f in tracked() if f.endswith(suffixes or ('.c', '.h')) and f.split('/')[0] in FOLDERS]


def lines_of(path):
    with open(path, encoding='utf-8') as f:
        return f.read().splitlines()


def code_of(path):
    """The text with comments and strings blanked out, lines kept."""
    text = open(path, encoding='utf-8').read()
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r'[^\n]', ' ', m.group(0)), text)


def includes(path):
    for number, line in enumerate(lines_of(path), 1):
        m = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if m:
            yield number, m.group(1), m.group(2)


def check_headers():
    """Every header compiles alone."""
    flags = make_list('pkg-cflags') + ['-I.', '-isystem', make_list('gen')[0], '-D_GNU_SOURCE', '-std=gnu11']

    def compile_alone(header):
        run = subprocess.run(['gcc', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-x', 'c', '-include', header,
                              '/dev/null'] + flags, capture_output=True, text=True)
        return ['%s:1: does not compile alone: %s' % (header, run.stderr.strip().split('\n')[0])] if run.returncode else []

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return sum(pool.map(compile_alone, c_files('.h')), [])


def check_clang():
    """Clang has no complaint either; what is built otherwise is mostly built by gcc."""
    flags = make_list('warnings') + make_list('pkg-cflags') + ['-I.', '-isystem', make_list('gen')[0], '-D_GNU_SOURCE',
                                                               '-DSA_NAT64_VERSION_STRING=""', '-std=gnu11']

    def compile_quietly(path):
        run = subprocess.run(['clang', '-fsyntax-only'] + flags + [path], capture_output=True, text=True)
        return [run.stderr.strip().split('\n')[0]] if run.returncode else []

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return sum(pool.map(compile_quietly, c_files('.c')), [])


def check_includes():
    """Programs never include each other, lib includes lib and proto only, the core knows no device."""
    bad = []
    core = set(make_list('core-srcs') + make_list('syncd-core-srcs') + make_list('healthd-core-srcs') +
               make_list('netns-core-srcs'))
    core |= {f[:-2] + '.h' for f in core}
    for path in c_files('.c', '.h', '.def'):
        top = path.split('/')[0]
        for number, quote, name in includes(path):
            where = '%s:%d: ' % (path, number)
            target = name.split('/')[0]
            if quote == '"' and '/' not in name:
                bad.append(where + 'write "%s" from the root of the repository' % name)
            elif quote == '"' and top in PROGRAMS and target in FOLDERS and target not in SHARED + (top,):
                bad.append(where + '%s includes "%s"; only lib/ and proto/ are shared' % (top, name))
            elif quote == '"' and top in SHARED and target not in SHARED:
                bad.append(where + '%s includes "%s"; it may know lib/ and proto/ only' % (top, name))
            if path in core and quote == '<' and CORE_BANNED.match(name):
                bad.append(where + '<%s> has no place in the pure core' % name)
    return bad


def check_banned():
    """Functions that are never called, and words that never reach a commit."""
    bad = []
    calls = re.compile(r'(?<![\w.>])(%s)\s*\(' % '|'.join(BANNED))
    for path in c_files():
        for number, line in enumerate(code_of(path).split('\n'), 1):
            for m in calls.finditer(line):
                bad.append('%s:%d: %s() is banned, use %s' % (path, number, m.group(1), BANNED[m.group(1)]))
        for number, line in enumerate(lines_of(path), 1):
            if re.search(r'\b(TODO|FIXME|XXX)\b', line):
                bad.append('%s:%d: unfinished business: %s' % (path, number, line.strip()))
    return bad


def check_layout():
    """clang-format agrees, and no line is longer than 100 columns, but for tables (clang-format off)
    and for lines of text, which stay whole so that they can be searched for."""
    files = c_files()
    run = subprocess.run([os.environ.get('CLANG_FORMAT', 'clang-format'), '--dry-run', '-Werror'] + files,
                         capture_output=True, text=True)
    bad = re.findall(r'^\S+:\d+:\d+: error: .*$', run.stderr, re.M)
    if run.returncode and not bad:
        bad = [run.stderr.strip()]
    first = {}
    for line in bad:
        first.setdefault(line.split(':')[0], line + ' (make format)')
    bad = list(first.values())
    for path in files:
        table = False
        for number, line in enumerate(lines_of(path), 1):
            table = 'clang-format off' in line or (table and 'clang-format on' not in line)
            columns = len(line.expandtabs(8))
            if columns <= COLUMNS or table:
                continue
            if not re.fullmatch(r'\s*(?:return )?(?:"(?:\\.|[^"\\])*"|[A-Z_ ])+[,;)]*', line):
                bad.append('%s:%d: %d columns' % (path, number, columns))
    return bad


def functions(path):
    """(name, first line, count of lines) of each function; the layout puts its braces into column one."""
    start, name = None, '?'
    for number, line in enumerate(lines_of(path), 1):
        if line == '{':
            start = number
        elif line == '}' and start:
            yield name, start, number - start - 1
            start = None
        elif not start and (m := re.match(r'[A-Za-z_].*?(\w+)\(', line)):
            name = m.group(1)


def check_budgets():
    """Sizes of files and functions; a file that is one table may be longer."""
    bad, sizes, lengths = [], [], []
    for path in c_files('.c'):
        count = len(lines_of(path))
        if not path.startswith('tests/'):
            sizes.append(count)
        if count > FILE_LINES:
            bad.append('%s:1: %d lines, at most %d' % (path, count, FILE_LINES))
        for name, number, length in functions(path):
            if not path.startswith('tests/'):
                lengths.append(length)
            if length > FUNCTION_LINES:
                bad.append('%s:%d: %s() has %d lines, at most %d' % (path, number, name, length, FUNCTION_LINES))
    if sizes and statistics.median(sizes) > FILE_MEDIAN:
        bad.append('median of .c files is %d lines, at most %d' % (statistics.median(sizes), FILE_MEDIAN))
    if lengths and statistics.median(lengths) > FUNCTION_MEDIAN:
        bad.append('median of functions is %d lines, at most %d' % (statistics.median(lengths), FUNCTION_MEDIAN))
    return bad


def check_names():
    """No file name that says nothing."""
    return ['%s:1: name the file by what it does' % f for f in c_files()
            if os.path.basename(f).rsplit('.', 1)[0] in BANNED_NAMES]


def check_lists():
    """Every source and every test is on a list of a build.mk, and everything listed exists."""
    bad = []
    listed = set(make_list('sources'))
    scripts = {'tests/scenario/%s.sh' % n for n in make_list('scenarios')}
    scripts |= {'tests/golden/%s.sh' % n for n in make_list('golden-tests')}
    for path in sorted(listed | scripts):
        if not os.path.isfile(path):
            bad.append('%s: listed in a build.mk, but there is no such file' % path)
    for path in c_files('.c'):
        if path not in listed:
            bad.append('%s: in no list of a build.mk' % path)
    for path in tracked():
        if re.match(r'tests/(scenario|golden)/[^/]+\.sh$', path) and os.access(path, os.X_OK) and path not in scripts:
            bad.append('%s: executable, but in no list of a build.mk' % path)
    return bad


def check_commands():
    """Every command of sa-nat64 has a row in edges.py, which tries it with absent, hung and broken programs."""
    commands = set(re.findall(r'^X\(\w+, "([a-z0-9-]+)"', '\n'.join(lines_of('cli/commands.def')), re.M))
    rows = set(re.findall(r"^    Row\('([a-z0-9-]+)", '\n'.join(lines_of('tests/tools/edges.py')), re.M))
    return (['cli/commands.def:1: no command was found'] * (not commands) +
            ['cli/commands.def:1: %s has no row in tests/tools/edges.py' % c for c in sorted(commands - rows)] +
            ['tests/tools/edges.py:1: %s is no command' % c for c in sorted(rows - commands)])


def check_scripts():
    """Shell and Python files parse; scripts that are run are executable; no pipe ends in grep -q, which stops reading at
    the first match: whoever still writes dies of SIGPIPE and pipefail makes that the answer, sometimes."""
    bad = []
    for path in tracked():
        if not path.endswith(('.sh', '.py')) and path != '.ci/run':
            continue
        first = (lines_of(path) or [''])[0]
        if path.endswith('.py'):
            try:
                compile(open(path, encoding='utf-8').read(), path, 'exec')
            except SyntaxError as error:
                bad.append('%s:%s: %s' % (path, error.lineno, error.msg))
        else:
            run = subprocess.run(['bash', '-n', path], capture_output=True, text=True)
            if run.returncode:
                bad.append('%s:1: %s' % (path, run.stderr.strip()))
            bad += ['%s:%d: | grep -q: write >/dev/null instead of -q' % (path, number)
                    for number, line in enumerate(lines_of(path), 1) if GREP_Q_IN_PIPE.search(line)]
        if os.access(path, os.X_OK) and not first.startswith('#!'):
            bad.append('%s:1: executable without #!' % path)
    return bad


def check_conformance():
    """docs/conformance.md has a row for each requirement and names tests that exist."""
    run = subprocess.run(['tests/tools/conformance.py'], capture_output=True, text=True)
    return run.stdout.splitlines() + run.stderr.splitlines() if run.returncode else []


def check_vectors():
    """more.json holds what more.py writes."""
    run = subprocess.run(['tests/vectors/more.py', '--check'], capture_output=True, text=True)
    return ['tests/vectors/more.json:1: ' + (run.stdout.strip() or run.stderr.strip())] if run.returncode else []


CHECKS = {name[6:]: f for name, f in sorted(globals().items()) if name.startswith('check_')}


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
    wanted = sys.argv[1:] or list(CHECKS)
    if wanted == ['--list']:
        print('\n'.join(CHECKS))
        return 0
    unknown = [w for w in wanted if w not in CHECKS]
    if unknown:
        print('lint.py: no check %s; there are: %s' % (unknown[0], ', '.join(CHECKS)), file=sys.stderr)
        return 2
    failed = False
    for name in wanted:
        bad = CHECKS[name]()
        failed |= bool(bad)
        print('%s %s' % ('FAIL' if bad else 'ok', name), *bad, sep='\n     ', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
