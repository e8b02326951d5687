# SPDX-License-Identifier: Apache-2.0
"""Trees of files: made from a list of operations, listed, compared.

A host is a list of operations, not a program: a failing one is shrunk by leaving some
out, so each says nothing about the others and does nothing where its object is missing.

    ["dir",    PATH]                     with its parents
    ["file",   PATH, TEXT, MODE, UID, GID]   unless the path is there
    ["write",  PATH, TEXT]               over what is there
    ["append", PATH, TEXT]               to a file that is there
    ["insert", PATH, KEY, VALUE]         a first key into a JSON object, as by an editor
    ["link",   PATH, TARGET]             a symlink
    ["move",   PATH, TARGET, TEXT]       the file goes to TARGET, a link TEXT takes its place
    ["hard",   PATH, OTHER]              a second name
    ["fifo",   PATH]
    ["mode",   PATH, MODE]  ["owner", PATH, UID, GID]  ["acl", PATH, HEX]  ["xattr", PATH]
    ["remove", PATH]

TEXT is bytes as latin-1. Paths are resolved as the host would, below the root: a link
of the generated tree to /etc/passwd means the tree's own.
"""

import hashlib
import os
import re
import stat
import subprocess

STATE = "/var/lib/holdfast"


def resolve(root, path, last=True):
    """The real path of PATH below ROOT, following links inside it; the last component's
    only if LAST. None on a circle."""
    done, todo = [], path.split("/")
    for _ in range(400):
        if not todo:
            return root + "/" + "/".join(done)
        part = todo.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            done = done[:-1]
            continue
        here = root + "/" + "/".join(done + [part])
        if os.path.islink(here) and (todo or last):
            target = os.readlink(here)
            if target.startswith("/"):
                done = []
            todo = target.split("/") + todo
        else:
            done.append(part)
    return None


def _place(root, path):
    """Where a new PATH goes: its directory made, links on the way followed."""
    directory = resolve(root, os.path.dirname(path))
    if directory is None:
        return None
    try:
        os.makedirs(directory, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        return None
    return os.path.join(directory, os.path.basename(path))


def _new_file(root, path, text, mode, uid, gid):
    place = _place(root, path)
    if place is None or os.path.lexists(place):
        return
    with open(place, "wb") as file:
        file.write(text.encode("latin-1"))
    os.chown(place, uid, gid)
    os.chmod(place, mode)


def _make(root, kind, path, args):
    """The operations that make a PATH."""
    if kind == "file":
        _new_file(root, path, *args)
        return
    if kind == "dir":
        _place(root, path + "/x")
        return
    place = _place(root, path)
    if place is None or os.path.lexists(place):
        return
    if kind == "link":
        os.symlink(args[0], place)
    elif kind == "fifo":
        os.mkfifo(place)


def _move(root, path, place, args):
    target = _place(root, args[0])
    if target is None or os.path.lexists(target) or not os.path.isfile(place):
        return
    if os.path.islink(place):
        return
    os.rename(place, target)
    os.symlink(args[1], place)


def _insert(place, key, value):
    """A person's edit: a line behind the opening brace, in the file's own line ends."""
    with open(place, "rb") as file:
        old = file.read()
    match = re.match(rb"\s*\{(\s*)(.)", old, re.S)
    if match is None or match.group(2) not in b'"}' or b'"%s"' % key.encode() in old:
        return
    end = b"\r\n" if b"\r\n" in match.group(1) else b"\n"
    comma = b"" if match.group(2) == b"}" else b","
    at = old.index(b"{") + 1
    new = old[:at] + end + b'  "%s": %s%s' % (key.encode(), value.encode(), comma) + old[at:]
    with open(place, "wb") as file:
        file.write(new)


def _change(root, kind, path, args):
    """The operations on a PATH that is there; true if it was."""
    place = resolve(root, path, last=kind not in ("remove", "move"))
    if place is None or not os.path.lexists(place):
        return False
    regular = os.path.isfile(place)
    if kind == "mode":
        os.chmod(place, args[0])
    elif kind == "owner":
        mode = stat.S_IMODE(os.stat(place).st_mode)
        os.chown(place, args[0], args[1])
        os.chmod(place, mode)
    elif kind == "acl":
        os.setxattr(place, "system.posix_acl_access", bytes.fromhex(args[0]))
    elif kind == "xattr":
        try:
            os.setxattr(place, "user.note", b"mine")
        except OSError:
            os.setxattr(place, "security.note", b"mine")
    elif kind == "remove":
        if not os.path.isdir(place) or os.path.islink(place):
            os.unlink(place)
    elif kind == "move":
        _move(root, path, place, args)
    elif not regular:
        return False
    elif kind == "hard":
        other = _place(root, args[0])
        if other is not None and not os.path.lexists(other):
            os.link(place, other)
    elif kind == "insert":
        _insert(place, *args)
    else:
        with open(place, "ab" if kind == "append" else "wb") as file:
            file.write(args[0].encode("latin-1"))
    return True


def perform(root, operations):
    """Carry out OPERATIONS below ROOT."""
    os.makedirs(root, exist_ok=True)
    for kind, path, *args in operations:
        if kind in ("file", "dir", "link", "fifo"):
            _make(root, kind, path, args)
        else:
            _change(root, kind, path, args)


def copy(source, target):
    """TARGET becomes a copy of SOURCE with owners, modes, times, links and xattrs."""
    subprocess.run(["rm", "-rf", target], check=True)
    subprocess.run(["cp", "-a", source, target], check=True)


def content(path):
    """The bytes of the regular file at PATH, or None."""
    if path is None or not os.path.isfile(path):
        return None  # a FIFO would block
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _entry(path, touched):
    status = os.lstat(path)
    kind = stat.S_IFMT(status.st_mode)
    entry = [oct(status.st_mode), status.st_uid, status.st_gid]
    if kind == stat.S_IFLNK:
        entry.append(os.readlink(path))
    else:
        names = sorted(os.listxattr(path))
        entry += [(name, os.getxattr(path, name).hex()) for name in names]
    if kind == stat.S_IFREG:
        entry.append(hashlib.sha256(content(path)).hexdigest())
    if touched:
        entry += [status.st_ino, status.st_nlink, status.st_mtime_ns, status.st_ctime_ns]
    return entry


def listing(root, touched=False, state=False):
    """{path below ROOT: type, mode, owner, target, xattrs, digest}; with TOUCHED also
    inode, links and times, so that two are equal only if nothing was written in between;
    with STATE also what holdfast keeps in /var/lib/holdfast."""
    found = {"/": _entry(root, touched)}
    for directory, names, files in os.walk(root):
        for name in names + files:
            path = os.path.join(directory, name)
            found[path[len(root) :]] = _entry(path, touched)
    if not state:
        for path in list(found):
            if path == STATE or path.startswith(STATE + "/"):
                del found[path]
    return found


def difference(before, after, ignore=()):
    """The paths in which two listings differ, each with both entries."""
    return {
        path: (before.get(path), after.get(path))
        for path in sorted(set(before) | set(after))
        if before.get(path) != after.get(path) and path not in ignore
    }


def files(root, directory):
    """Paths below ROOT of the regular files in DIRECTORY and below."""
    for where, _, names in os.walk(root + directory):
        for name in sorted(names):
            path = os.path.join(where, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path[len(root) :]
