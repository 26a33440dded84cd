#!/usr/bin/env python3
"""What the manuals show would work: usage: docs_commands.py BINDIR

README.md and docs/*.md are read. A fenced block is checked by the word behind its fence:

  sh, console   every line that is a command ("$ " or "# " before it in console) is right for the shell; programs of this
                tree take their arguments and options, the units exist, other programs are installed, or listed below
  ini           its keys exist in their sections; passes --check-config when it says `check`, or has a whole instance
  nft           nft -c takes it, in a network namespace of its own
  others        are text

Links within the tree lead to a file and a heading that exist, and README.md leads to every page. Prints "ok NAME" or "FAIL NAME" and the lines; exit 1 for the
latter."""
import glob
import os
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
# Not on the machine that runs the tests, and why the manuals name them all the same.
ELSEWHERE = {'pve-firewall': 'Proxmox VE', 'pvesh': 'Proxmox VE', 'sudo': 'not in minimal systems', 'apt': 'Debian',
             'jool': 'migrating from it', 'scp': 'openssh-client', 'ssh': 'openssh-client', 'logrotate': 'optional',
             'promtool': 'prometheus', 'prometheus': 'prometheus', 'tmux': 'optional'}
BUILTINS = {'cd', 'for', 'do', 'done', 'while', 'if', 'then', 'fi', 'export', 'echo', 'printf', 'kill', 'test', '[', 'read',
            'umask', 'set', 'command', 'exec', 'trap', 'wait', 'time', 'until', 'else'}
WRAPPERS = {'sudo', 'env', 'nohup', 'exec', 'time', 'do', 'then', 'if', 'while', 'until', 'else'}


class Block:
    def __init__(self, page, line, words):
        self.page, self.line, self.words, self.lines = page, line, words, []

    @property
    def kind(self):
        return self.words[0] if self.words else ''

    def where(self, offset=0):
        return '%s:%d' % (os.path.relpath(self.page, ROOT), self.line + 1 + offset)


def pages():
    return [os.path.join(ROOT, 'README.md')] + sorted(glob.glob(os.path.join(ROOT, 'docs', '*.md')))


def read(page):
    with open(page, encoding='utf-8') as f:
        return f.read().splitlines()


def blocks(page):
    block = None
    for number, line in enumerate(read(page), 1):
        if not line.lstrip().startswith('```'):
            if block:
                block.lines.append(line)
            continue
        if block:
            yield block
            block = None
        else:
            block = Block(page, number, line.strip('` ').split())
    if block:
        raise ValueError('%s: a block is not closed' % block.where())


def all_blocks(*kinds):
    return [b for page in pages() for b in blocks(page) if b.kind in kinds]


def command_lines(block):
    """(offset, command) of each; lines that end with \\ or an open quote go on."""
    lines = list(enumerate(block.lines))
    while lines:
        offset, line = lines.pop(0)
        if block.kind == 'console':
            if not re.match(r'[$#] ', line):
                continue
            line = line[2:]
        if not line.strip() or line.lstrip().startswith('#'):
            continue
        while lines and (line.endswith('\\') or is_open(line)):
            line = line[:-1] + ' ' if line.endswith('\\') else line + '\n'
            line += lines.pop(0)[1]
        yield offset, line


def is_open(line):
    """A quote or a here-document is not closed."""
    here = re.search(r"<<-?\s*'?(\w+)'?", line)
    if here and not re.search(r'^\s*%s$' % here.group(1), line, re.M):
        return True
    run = subprocess.run(['bash', '-n', '-c', line], capture_output=True, text=True)
    return 'unexpected EOF' in run.stderr or 'unexpected end of file' in run.stderr


def simple_commands(line):
    """Lists of words: what stands between operators, without redirections and assignments."""
    line = re.sub(r"<<-?\s*'?(\w+)'?(.*)\n(?:.*\n)*?\s*\1$", r'\2', line)
    for inner in re.findall(r'\$\(([^()]*)\)', line):
        yield from simple_commands(inner)
    line = re.sub(r'"?\$\([^()]*\)"?', 'SUBSTITUTED', line)
    lexer = shlex.shlex(line, posix=True, punctuation_chars=';&|<>\n')
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = ' \t', True, ''
    words, skip = [], False
    for word in lexer:
        if skip:
            skip = False
        elif re.fullmatch(r'[<>]+&?', word):
            skip = True
        elif re.fullmatch(r'[;&|\n]+', word):
            yield words
            words = []
        elif words or not re.fullmatch(r'\w+=.*', word):
            if word == '#' or word.startswith('# '):
                break
            words.append(word)
    yield words


def check_program(bindir, words):
    """What is wrong with one simple command; '' for nothing."""
    while words and words[0] in WRAPPERS:
        words = words[1:]
    if not words or words[0] in BUILTINS:
        return ''
    name = os.path.basename(words[0])
    if words[0].startswith('sa-nat64') or words[0].startswith('./build/sa-nat64'):
        return check_ours(bindir, name, words[1:])
    if name == 'sa-nat64-units':
        with open(os.path.join(ROOT, 'systemd', name + '.in'), encoding='utf-8') as f:
            return '' if re.search(r'^%s\)$' % words[1], f.read(), re.M) else 'no such order'
    if name == 'make':
        return check_targets(words[1:])
    if name in ('systemctl', 'journalctl'):
        wrong = check_units(words[1:])
        if wrong:
            return wrong
    if '/' in words[0] and os.path.exists(os.path.join(ROOT, words[0])):
        return ''
    if name in ELSEWHERE or subprocess.run(['bash', '-c', 'command -v "$1"', '-', words[0]], capture_output=True).returncode == 0:
        return ''
    return 'no program %s' % words[0]


def check_ours(bindir, name, arguments):
    program = os.path.join(bindir, name)
    if not os.access(program, os.X_OK):
        return 'no program %s' % name
    if any(re.fullmatch('[A-Z]+', word) and word in ('COMMAND', 'PROGRAM') for word in arguments):
        return ''
    run = subprocess.run([program, *arguments, '--help'], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return '' if run.returncode == 0 and run.stdout else (run.stderr or run.stdout).strip() or 'no help'


def check_targets(arguments):
    with open(os.path.join(ROOT, 'Makefile'), encoding='utf-8') as f:
        text = f.read()
    for word in arguments:
        if re.fullmatch(r'[a-z-]+', word) and not re.search(r'^[\w .-]*\b%s\b[\w .-]*:' % re.escape(word), text, re.M):
            return 'no target %s' % word
    return ''


def check_units(arguments):
    for word in arguments:
        if not word.startswith('sa-nat64') or '*' in word:
            continue
        unit = re.sub(r'@[^.]*', '@', word)
        unit += '' if re.search(r'\.(service|target)$', unit) else '.service'
        if not os.path.exists(os.path.join(ROOT, 'systemd', unit + '.in')):
            return 'no unit %s' % unit
    return ''


def commands(bindir):
    count = 0
    for block in all_blocks('sh', 'console'):
        for offset, line in command_lines(block):
            count += 1
            run = subprocess.run(['bash', '-n', '-c', line], capture_output=True, text=True)
            if run.returncode:
                yield '%s: %s' % (block.where(offset), run.stderr.strip())
                continue
            for words in simple_commands(line):
                wrong = check_program(bindir, words)
                if wrong:
                    yield '%s: %s: %s' % (block.where(offset), ' '.join(words), wrong)
    if count < 50:
        yield 'only %d commands found' % count


def known_keys(bindir):
    """{section: {key}} as --help has them."""
    text = subprocess.run([os.path.join(bindir, 'sa-nat64-translator'), '--help'], capture_output=True, text=True).stdout
    keys, section = {}, None
    for line in text[text.index('Keys of the configuration'):].splitlines():
        if line.startswith('['):
            section = keys.setdefault(re.match(r'\[(\w+)', line).group(1), set())
        elif re.match(r'  [a-z]', line):
            section.add(line.split()[0])
    return keys


def is_whole(block):
    text = '\n'.join(block.lines)
    return 'check' in block.words or ('[instance ' in text and re.search(r'^(pool4|eam|eam-file)\s*=', text, re.M))


def configurations(bindir):
    keys, everywhere = known_keys(bindir), set()
    for section in keys.values():
        everywhere |= section
    whole = 0
    for block in all_blocks('ini'):
        section = everywhere
        for offset, line in enumerate(block.lines):
            line = re.sub(r'(^|\s)[;#].*', '', line).strip()
            if line.startswith('['):
                section = keys.get(re.match(r'\[(\w*)', line).group(1), set())
            elif line and line != '...' and line.split('=')[0].strip() not in section:
                yield '%s: no such key: %s' % (block.where(offset), line)
        if is_whole(block):
            whole += 1
            yield from run_check(block, bindir)
    if whole < 5:
        yield 'only %d whole configurations found' % whole


def run_check(block, bindir):
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as f:
        f.write('\n'.join(block.lines) + '\n')
        f.flush()
        run = subprocess.run([os.path.join(bindir, 'sa-nat64-translator'), '--check-config', '--config', f.name],
                             capture_output=True, text=True)
    if run.returncode:
        yield '%s: %s' % (block.where(), run.stderr.replace(f.name, 'block').strip())


def rules(_):
    found = all_blocks('nft')
    for block in found:
        text = '\n'.join(block.lines) + '\n'
        run = subprocess.run(['unshare', '-n', 'nft', '-c', '-f', '-'], input=text, capture_output=True, text=True)
        if run.returncode:
            yield '%s: %s' % (block.where(), run.stderr.strip())
    if not found:
        yield 'no rules found'


def slug(heading):
    """The anchor that a heading gets on the usual sites."""
    text = re.sub(r'\[([^]]*)\]\([^)]*\)', r'\1', heading).replace('`', '').lower()
    return re.sub(r'[^\w\- ]', '', text).replace(' ', '-')


def anchors(page):
    inside, found = False, set()
    for line in read(page):
        if line.startswith('```'):
            inside = not inside
        elif not inside and re.match(r'#+ ', line):
            found.add(slug(line.lstrip('#').strip()))
    return found


def links(_):
    count = 0
    for page in pages():
        for number, line in enumerate(read(page), 1):
            for target in re.findall(r'\]\(([^)\s]+)\)', line):
                if re.match(r'[a-z]+:', target):
                    continue
                count += 1
                path, _, anchor = target.partition('#')
                to = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
                where = '%s:%d: ' % (os.path.relpath(page, ROOT), number)
                if not os.path.exists(to):
                    yield where + 'no file ' + target
                elif anchor and anchor not in anchors(to):
                    yield where + 'no heading ' + target
    front = '\n'.join(read(pages()[0]))
    for page in pages()[1:]:
        if '](docs/%s)' % os.path.basename(page) not in front:
            yield 'README.md does not lead to docs/%s' % os.path.basename(page)
    if count < 30:
        yield 'only %d links found' % count


def main():
    bindir = os.path.realpath(sys.argv[1])
    failed = False
    for name, check in (('commands-in-manuals-work', commands), ('configurations-in-manuals-are-accepted', configurations),
                        ('rules-in-manuals-load', rules), ('links-in-manuals-lead-somewhere', links)):
        wrong = list(check(bindir))
        failed |= bool(wrong)
        print('%s %s' % ('FAIL' if wrong else 'ok', name), *wrong, sep='\n     ', flush=True)
    sys.exit(failed)


main()
