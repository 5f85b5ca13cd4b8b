# SPDX-License-Identifier: MIT
"""A small reader of C declarations: as much of C as our own headers use.

It takes preprocessed text and finds structures and unions with their fields, enumerators, and prototypes
of exported routines. It is no C parser; what it does not understand it leaves out, and the test counts
what it found, so that a header it can no longer read does not go unnoticed.
"""
import re

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[A-Za-z_]\w*|0[xX][0-9a-fA-F]+\w*|\d[\w.]*|\.\.\.|->|<<|>>|[^\s\w]')


class Field:
    def __init__(self, path, bits, array):
        self.path = path      # "Tail.Overlay.ListEntry"
        self.bits = bits      # width of a bit field, or None
        self.array = array    # True for arrays: their sizes may be [0] here and [1] there


class Record:
    def __init__(self, name, fields):
        self.name = name
        self.fields = fields


class Routine:
    def __init__(self, name, result, parameters):
        self.name = name
        self.result = result
        self.parameters = parameters

    def type(self):
        return '%s (%s)' % (self.result, self.parameters)


def tokens_of(text):
    """Tokens without preprocessor lines and __attribute__((...))."""
    text = re.sub(r'^\s*#.*$', '', text, flags=re.M)
    found = TOKEN.findall(text)
    out = []
    i = 0
    while i < len(found):
        if found[i] in ('__attribute__', '_Static_assert', '__extension__'):
            if found[i] == '__extension__':
                i += 1
                continue
            depth = 0
            i += 1
            while True:
                if found[i] == '(':
                    depth += 1
                elif found[i] == ')':
                    depth -= 1
                    if depth == 0:
                        break
                i += 1
        else:
            out.append(found[i])
        i += 1
    return out


def closing(tokens, i):
    """Index of the bracket that closes the one at i."""
    pair = {'{': '}', '(': ')', '[': ']'}
    opening, end, depth = tokens[i], pair[tokens[i]], 0
    while True:
        if tokens[i] == opening:
            depth += 1
        elif tokens[i] == end:
            depth -= 1
            if depth == 0:
                return i
        i += 1


def split_top(tokens, separator):
    parts, current, depth = [], [], 0
    for t in tokens:
        if t in '([{' and len(t) == 1:
            depth += 1
        elif t in ')]}' and len(t) == 1:
            depth -= 1
        if t == separator and depth == 0:
            parts.append(current)
            current = []
        else:
            current.append(t)
    parts.append(current)
    return parts


def declarator(tokens):
    """(name, bits, is array) of one declarator, with or without its type in front."""
    bits = None
    if ':' in tokens:
        at = tokens.index(':')
        bits = int(tokens[at + 1], 0)
        tokens = tokens[:at]
    for i in range(len(tokens) - 2):
        if tokens[i] == '(' and tokens[i + 1] == '*':
            return tokens[i + 2], None, False
    array = '[' in tokens
    if array:
        tokens = tokens[:tokens.index('[')]
    names = [t for t in tokens if re.match(r'[A-Za-z_]', t)]
    return names[-1], bits, array


def fields_of(body, prefix=''):
    out = []
    i = 0
    while i < len(body):
        if body[i] == ';':
            i += 1
            continue
        j = i
        while body[j] in ('volatile', 'const'):
            j += 1
        if body[j] in ('struct', 'union', 'enum'):
            kind = body[j]
            k = j + 1
            if re.match(r'[A-Za-z_]', body[k]):
                k += 1
            if body[k] == '{':
                end = closing(body, k)
                semi = end + 1
                while body[semi] != ';':
                    semi += 1
                names = body[end + 1:semi]
                inner = body[k + 1:end]
                if kind == 'enum':
                    i = semi + 1
                    continue
                if not names:
                    out += fields_of(inner, prefix)
                else:
                    for d in split_top(names, ','):
                        name, _, array = declarator(d)
                        out.append(Field(prefix + name, None, array))
                        if not array:
                            out += fields_of(inner, prefix + name + '.')
                i = semi + 1
                continue
        semi = i
        depth = 0
        while body[semi] != ';' or depth:
            if body[semi] in '([{':
                depth += 1
            elif body[semi] in ')]}':
                depth -= 1
            semi += 1
        for d in split_top(body[i:semi], ','):
            if d:
                name, bits, array = declarator(d)
                out.append(Field(prefix + name, bits, array))
        i = semi + 1
    return out


def enumerators_of(body):
    return [part[0] for part in split_top(body, ',') if part]


def read(text):
    """(records, enumerators, routines) of preprocessed text."""
    tokens = tokens_of(text)
    records, enumerators, routines = [], [], []
    i = 0
    while i < len(tokens):
        if tokens[i] == 'extern' and i + 1 < len(tokens) and tokens[i + 1].startswith('"'):
            i += 3
            continue
        if tokens[i] in (';', '}'):
            i += 1
            continue
        # One external declaration: up to ; outside of brackets, or a function's body.
        j = i
        while tokens[j] not in (';', '{', '('):
            j += 1
        if tokens[j] == '{':
            end = closing(tokens, j)
            semi = end + 1
            if 'enum' in tokens[i:j]:
                enumerators += enumerators_of(tokens[j + 1:end])
            while tokens[semi] != ';':
                semi += 1
            if ('struct' in tokens[i:j] or 'union' in tokens[i:j]) and tokens[i] == 'typedef':
                names = [d[0] for d in split_top(tokens[end + 1:semi], ',') if d and len(d) == 1]
                if names:
                    records.append(Record(names[0], fields_of(tokens[j + 1:end])))
            i = semi + 1
            continue
        if tokens[j] == '(':
            end = closing(tokens, j)
            head = tokens[i:j]
            after = tokens[end + 1]
            if after == '{':
                i = closing(tokens, end + 1) + 1
                continue
            semi = end
            while tokens[semi] != ';':
                semi += 1
            if 'typedef' not in head and 'static' not in head and after == ';' and len(head) >= 2:
                result = ' '.join(t for t in head[:-1] if t not in ('extern', 'inline'))
                parameters = []
                for p in split_top(tokens[j + 1:end], ','):
                    parameters.append(' '.join(p))
                routines.append(Routine(head[-1], result, ', '.join(parameters)))
            i = semi + 1
            continue
        i = j + 1
    return records, enumerators, routines
